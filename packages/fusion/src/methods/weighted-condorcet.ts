import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, type ResultOptions, weightsParameter } from '../method.ts';
import type { Weights } from '../parameters.ts';
import { condorcetCitation, condorcetOrder } from './condorcet.ts';

export type WeightedCondorcetParameters = { readonly weights: readonly number[] };

export const weightedCondorcetMethod: FusionMethod<WeightedCondorcetParameters> = {
  name: 'weighted-condorcet',
  aliases: ['w-condorcet', 'weighted-condorcet-fuse'],
  formula: '|C| − position, in an order in which no document is beaten by a weighted majority for the next',
  citation: condorcetCitation,
  needs: 'ranks',
  missing: 'A run prefers every document it has to those it does not have, and has no vote between two that it does not have.',
  parameters: { weights: weightsParameter },
  combine: (lists, { weights }) => condorcetOrder(lists, weights),
};

/**
 * Condorcet fusion in which some voters count more.
 *
 * M. H. Montague, J. A. Aslam, "Condorcet fusion for improved retrieval", CIKM 2002.
 *
 * @example weightedCondorcet([bm25Hits, denseHits, spladeHits], { weights: [1, 5, 2] });
 */
export function weightedCondorcet(rankings: Rankings, options?: ResultOptions & { readonly weights?: Weights }): Hit[] {
  return fuseRankings(weightedCondorcetMethod, rankings, options);
}
