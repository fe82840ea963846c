import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter, weightsParameter } from '../method.ts';
import { countFactors, type NegativeParameter, negativeParameter, refuseNegative, sumOfScores } from './score-method.ts';
import type { WeightedScoreOptions, WeightedSumParameters } from './weighted-sum.ts';

export const wuAndCrestani = 'S. Wu, F. Crestani, "Data fusion with estimated weights", CIKM 2002.';

export const mixedMethod: FusionMethod<WeightedSumParameters & NegativeParameter> = {
  name: 'mixed',
  aliases: [],
  formula: '√N(d) · Σ w · s',
  citation: wuAndCrestani,
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing, and does not count in N(d).',
  parameters: { weights: weightsParameter, normalization: normalizationParameter('min-max'), negative: negativeParameter },
  combine: (lists, { weights, normalization, negative }) =>
    sumOfScores(lists, refuseNegative(lists, normalization, negative, 'mixed'), countFactors(Math.sqrt), weights),
};

/**
 * Mixed: √N(d) · Σ w · s, between a weighted sum and a weighted CombMNZ. N(d) is the number of rankings that have the document.
 *
 * S. Wu, F. Crestani, "Data fusion with estimated weights", CIKM 2002.
 *
 * @example mixed([bm25Hits, denseHits], { weights: [1, 2] });
 */
export function mixed(rankings: Rankings, options?: WeightedScoreOptions & Partial<NegativeParameter>): Hit[] {
  return fuseRankings(mixedMethod, rankings, options);
}
