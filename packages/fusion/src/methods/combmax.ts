import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { normalizeLists } from '../normalization/normalize-lists.ts';
import { foxAndShaw } from './combsum.ts';
import { byExtreme } from './order-statistic.ts';
import type { ScoreOptions, ScoreParameters } from './score-method.ts';

export const combmaxMethod: FusionMethod<ScoreParameters> = {
  name: 'combmax',
  aliases: ['max', 'comb-max'],
  formula: 'max s',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'Only the runs that have the document are looked at.',
  parameters: { normalization: normalizationParameter('min-max') },
  combine(lists, { normalization }) {
    const normalized = normalizeLists(lists, normalization);
    return { ...byExtreme(normalized.lists, normalized.values, 'greatest'), normalized };
  },
};

/**
 * CombMAX: the greatest normalized score among the rankings that have the document.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combmax([bm25Hits, denseHits]);
 */
export function combmax(rankings: Rankings, options?: ScoreOptions): Hit[] {
  return fuseRankings(combmaxMethod, rankings, options);
}
