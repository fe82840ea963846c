import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { normalizeLists } from '../normalization/normalize-lists.ts';
import { foxAndShaw } from './combsum.ts';
import { byExtreme } from './order-statistic.ts';
import type { ScoreOptions, ScoreParameters } from './score-method.ts';

export const combminMethod: FusionMethod<ScoreParameters> = {
  name: 'combmin',
  aliases: ['min', 'comb-min'],
  formula: 'min s',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'Only the runs that have the document are looked at.',
  parameters: { normalization: normalizationParameter('min-max') },
  combine(lists, { normalization }) {
    const normalized = normalizeLists(lists, normalization);
    return { ...byExtreme(normalized.lists, normalized.values, 'least'), normalized };
  },
};

/**
 * CombMIN: the least normalized score among the rankings that have the document.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combmin([bm25Hits, denseHits]);
 */
export function combmin(rankings: Rankings, options?: ScoreOptions): Hit[] {
  return fuseRankings(combminMethod, rankings, options);
}
