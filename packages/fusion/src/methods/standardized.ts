import { type Hit, RankError } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { zScore } from '../normalization/z-score.ts';
import { sumOfScores } from './score-method.ts';

export type StandardizedParameters = {
  /** z-scores below are set to it: −3 by default. */
  readonly low: number;
  /** z-scores above are set to it: 3 by default. */
  readonly high: number;
};

export const standardizedMethod: FusionMethod<StandardizedParameters> = {
  name: 'standardized',
  aliases: ['standardised', 'erank'],
  formula: 'Σ clip((s − μ) / σ, low, high), with the population deviation σ of the run',
  citation: 'ERANK, arXiv:2509.00520, 2025; as in the crate rank-fusion 0.1, whose dbsf is the same with bounds of ±3.',
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing: as much as its mean document.',
  parameters: {
    low: { type: 'number', description: 'z-scores below are set to it.', default: -3, max: 0, peers: 'rank-fusion: clip_range.0' },
    high: { type: 'number', description: 'z-scores above are set to it.', default: 3, min: 0, peers: 'rank-fusion: clip_range.1' },
  },
  combine(lists, { low, high }) {
    if (low >= high) throw new RankError('OUT_OF_RANGE', `standardized: low is ${low} and high is ${high}; expected low below high.`);
    return sumOfScores(lists, zScore(low, high));
  },
};

/**
 * Standardized fusion: the sum of the z-scores of a document, each clipped to [low, high], [−3, 3] by default.
 *
 * ERANK, arXiv:2509.00520, 2025; as in the crate rank-fusion.
 *
 * @example standardized([bm25Hits, denseHits], { low: -2, high: 2 });
 */
export function standardized(rankings: Rankings, options?: Partial<StandardizedParameters> & ResultOptions): Hit[] {
  return fuseRankings(standardizedMethod, rankings, options);
}
