import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, type ResultOptions, weightsParameter } from '../method.ts';
import type { Weights } from '../parameters.ts';
import { type BordaParameters, bordaCitation, bordaCount, bordaPoints } from './borda.ts';

export type WeightedBordaParameters = BordaParameters & { readonly weights: readonly number[] };

export const weightedBordaMethod: FusionMethod<WeightedBordaParameters> = {
  name: 'weighted-borda',
  aliases: ['w-bordafuse', 'weighted-bordafuse', 'weighted-borda-fuse'],
  formula: 'Σ w · points, the points as in borda',
  citation: bordaCitation,
  needs: 'ranks',
  missing: 'The documents that a run does not have share evenly the points it has left.',
  parameters: { weights: weightsParameter, points: bordaPoints },
  combine: (lists, { points, weights }) => bordaCount(lists, points, weights),
};

/**
 * Borda count in which some voters count more: Σ w · points.
 *
 * J. A. Aslam, M. Montague, "Models for Metasearch", SIGIR 2001.
 *
 * @example weightedBorda([bm25Hits, denseHits], { weights: [1, 2] });
 */
export function weightedBorda(
  rankings: Rankings,
  options?: Partial<BordaParameters> & ResultOptions & { readonly weights?: Weights },
): Hit[] {
  return fuseRankings(weightedBordaMethod, rankings, options);
}
