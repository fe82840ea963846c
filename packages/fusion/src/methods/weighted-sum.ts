import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter, weightsParameter } from '../method.ts';
import type { Weights } from '../parameters.ts';
import { type ScoreOptions, type ScoreParameters, sumOfScores } from './score-method.ts';

export type WeightedSumParameters = ScoreParameters & { readonly weights: readonly number[] };
export type WeightedScoreOptions = ScoreOptions & { readonly weights?: Weights };

export const weightedSumMethod: FusionMethod<WeightedSumParameters> = {
  name: 'weighted-sum',
  aliases: ['wsum', 'weighted', 'linear', 'convex-combination', 'relative-score-fusion'],
  formula: 'Σ w · s',
  citation: 'C. C. Vogt, G. W. Cottrell, "Fusion Via a Linear Combination of Scores", Information Retrieval 1, 1999.',
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    weights: {
      ...weightsParameter,
      peers: 'ranx: weights, required; rank-fusion: weight_a, weight_b (0.5 each); Weaviate: alpha, 1 − alpha',
    },
    normalization: normalizationParameter('min-max', 'ranx: norm; rank-fusion: normalize'),
  },
  combine: (lists, { weights, normalization }) => sumOfScores(lists, normalization, undefined, weights),
};

/**
 * Linear combination: Σ w · s over the normalized scores. Weights need not add up to 1: only their ratios matter for the order.
 *
 * C. C. Vogt, G. W. Cottrell, "Fusion Via a Linear Combination of Scores", Information Retrieval 1, 1999.
 *
 * @example weightedSum({ bm25, dense }, { weights: { bm25: 0.3, dense: 0.7 } });
 */
export function weightedSum(rankings: Rankings, options?: WeightedScoreOptions): Hit[] {
  return fuseRankings(weightedSumMethod, rankings, options);
}
