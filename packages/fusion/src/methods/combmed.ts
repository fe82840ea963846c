import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { normalizeLists } from '../normalization/normalize-lists.ts';
import { foxAndShaw } from './combsum.ts';
import { byMedian } from './order-statistic.ts';
import type { ScoreOptions, ScoreParameters } from './score-method.ts';

export const combmedMethod: FusionMethod<ScoreParameters> = {
  name: 'combmed',
  aliases: ['med', 'comb-med', 'median'],
  formula: 'median s',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'Only the runs that have the document are looked at.',
  parameters: { normalization: normalizationParameter('min-max') },
  combine(lists, { normalization }) {
    const normalized = normalizeLists(lists, normalization);
    return { ...byMedian(normalized.lists, normalized.values), normalized };
  },
};

/**
 * CombMED: the median of the normalized scores among the rankings that have the document; of an even number, the mean of the middle two.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combmed([bm25Hits, denseHits, splade]);
 */
export function combmed(rankings: Rankings, options?: ScoreOptions): Hit[] {
  return fuseRankings(combmedMethod, rankings, options);
}
