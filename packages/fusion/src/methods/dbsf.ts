import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, type ResultOptions, weightsParameter } from '../method.ts';
import { distribution } from '../normalization/distribution.ts';
import type { Weights } from '../parameters.ts';
import { sumOfScores } from './score-method.ts';

export type DbsfParameters = {
  /** How many standard deviations around the mean are stretched to [0, 1]: 3 by default. */
  readonly sigmas: number;
  readonly weights: readonly number[];
};

export const dbsfMethod: FusionMethod<DbsfParameters> = {
  name: 'dbsf',
  aliases: ['distribution-based-score-fusion'],
  formula: 'Σ w · (s − (μ − 3σ)) / 6σ, with the sample deviation σ of the run',
  citation: 'M. Mazzeschi, "Distribution-Based Score Fusion (DBSF), a new approach to Vector Search Ranking", 2023; as in Qdrant.',
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing: less than its mean document, which adds ½.',
  parameters: {
    sigmas: {
      type: 'number',
      description: 'How many standard deviations around the mean are stretched to [0, 1].',
      default: 3,
      min: 0.1,
      peers: 'Qdrant: always 3',
      search: [1, 1.5, 2, 2.5, 3, 4, 5],
    },
    weights: { ...weightsParameter, peers: 'Qdrant: always 1 each' },
  },
  combine: (lists, { sigmas, weights }) => sumOfScores(lists, distribution(sigmas), undefined, weights),
};

/**
 * Distribution-based score fusion: the sum of scores stretched so that μ − 3σ becomes 0 and μ + 3σ becomes 1.
 *
 * What the crate rank-fusion calls `dbsf`, clipped z-scores added up, is {@link standardized}.
 *
 * M. Mazzeschi, "Distribution-Based Score Fusion (DBSF), a new approach to Vector Search Ranking", 2023; as in Qdrant.
 *
 * @example dbsf([bm25Hits, denseHits]);
 */
export function dbsf(
  rankings: Rankings,
  options?: Partial<Pick<DbsfParameters, 'sigmas'>> & ResultOptions & { readonly weights?: Weights },
): Hit[] {
  return fuseRankings(dbsfMethod, rankings, options);
}
