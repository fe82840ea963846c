import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';

export type RbcParameters = {
  /** How likely a reader goes on to the next document: 0.8 by default. */
  readonly phi: number;
};

export const rbcMethod: FusionMethod<RbcParameters> = {
  name: 'rbc',
  aliases: ['rank-biased-centroid', 'rank-biased-centroids'],
  formula: 'Σ (1 − φ) φ^(rank − 1)',
  citation: 'P. Bailey, A. Moffat, F. Scholer, P. Thomas, "Retrieval Consistency in the Presence of Query Variations", SIGIR 2017.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    phi: {
      type: 'number',
      description: 'How likely a reader goes on to the next document; the closer to 1, the deeper the rankings count.',
      default: 0.8,
      min: 0,
      max: 1,
      peers: 'ranx: phi, required; rank-fusion: persistence (0.8)',
      search: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98, 0.99],
    },
  },
  combine: (lists, { phi }) =>
    positional(
      lists,
      forEveryList(
        lists,
        gainTable(lists, (position) => (1 - phi) * phi ** position),
      ),
    ),
};

/**
 * Rank-biased centroid: Σ (1 − φ) φ^(rank − 1), φ = 0.8: each ranking shares out a weight of 1 as the reader model of RBP does.
 *
 * P. Bailey, A. Moffat, F. Scholer, P. Thomas, "Retrieval Consistency in the Presence of Query Variations", SIGIR 2017.
 *
 * @example rbc([bm25Hits, denseHits], { phi: 0.9 });
 */
export function rbc(rankings: Rankings, options?: Partial<RbcParameters> & ResultOptions): Hit[] {
  return fuseRankings(rbcMethod, rankings, options);
}
