import { RankError, type SparseVector, shown } from '@rank-rank/core';
import { checkSparse } from './sparse-input.ts';

/**
 * A sparse vector from weights by token, as SPLADE, uniCOIL or OpenSearch write them: `{"brother": 2.44, "##s": 0.31}`.
 * `vocabulary` gives a token's index, as the model's tokenizer has it.
 *
 * @example tokenWeights({ brother: 2.4 }, new Map([['brother', 2567]])) // { indices: [2567], values: [2.4] }
 */
export function tokenWeights(
  weights: Readonly<Record<string, number>> | ReadonlyMap<string, number>,
  vocabulary: ReadonlyMap<string, number>,
): SparseVector {
  const indices: number[] = [];
  const values: number[] = [];
  for (const [token, weight] of weights instanceof Map ? (weights as ReadonlyMap<string, number>) : Object.entries(weights)) {
    const index = vocabulary.get(token);
    if (index === undefined) {
      throw new RankError(
        'NOT_FOUND',
        `tokenWeights: the vocabulary has no token ${shown(token)}. Is it that of the model that gave the weights?`,
        {
          token,
        },
      );
    }
    indices.push(index);
    values.push(weight as number);
  }
  return checkSparse('tokenWeights: the weights', { indices, values });
}
