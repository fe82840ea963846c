import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { type ScoreOptions, type ScoreParameters, sumOfScores } from './score-method.ts';

export const foxAndShaw = 'E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.';

export const combsumMethod: FusionMethod<ScoreParameters> = {
  name: 'combsum',
  aliases: ['sum', 'comb-sum'],
  formula: 'Σ s',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing.',
  parameters: { normalization: normalizationParameter('min-max') },
  combine: (lists, { normalization }) => sumOfScores(lists, normalization),
};

/**
 * CombSUM: the sum of the normalized scores.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combsum([bm25Hits, denseHits], { normalization: 'z-score' });
 */
export function combsum(rankings: Rankings, options?: ScoreOptions): Hit[] {
  return fuseRankings(combsumMethod, rankings, options);
}
