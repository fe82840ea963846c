import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { foxAndShaw } from './combsum.ts';
import { countFactors, type ScoreOptions, type ScoreParameters, sumOfScores } from './score-method.ts';

export const combanzMethod: FusionMethod<ScoreParameters> = {
  name: 'combanz',
  aliases: ['anz', 'comb-anz', 'mean'],
  formula: 'Σ s / N(d)',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'The mean is over the runs that have the document.',
  parameters: { normalization: normalizationParameter('min-max') },
  combine: (lists, { normalization }) =>
    sumOfScores(
      lists,
      normalization,
      countFactors((count) => 1 / count),
    ),
};

/**
 * CombANZ: the mean of the normalized scores over the rankings that have the document.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combanz([bm25Hits, denseHits]);
 */
export function combanz(rankings: Rankings, options?: ScoreOptions): Hit[] {
  return fuseRankings(combanzMethod, rankings, options);
}
