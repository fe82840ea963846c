import { checkNumber, checkOptions, type Explanation, RankError, type SparseVector, type Tokens } from '@rank-rank/core';
import { maxsim } from './maxsim.ts';

/** What a model with several heads says of one text: any of its outputs. */
export interface JointRepresentation {
  readonly dense?: Float32Array;
  readonly sparse?: SparseVector;
  readonly tokens?: Tokens;
}

export interface JointOptions {
  /**
   * What each head counts; heads of weight 0 are left out. All 1 by default, as FlagEmbedding has it; the paper of BGE-M3
   * (Chen et al. 2024) uses 1, 0.3, 1 for hybrid retrieval and 0.4, 0.2, 0.4 is its repository's example.
   */
  readonly weights?: { readonly dense?: number; readonly sparse?: number; readonly tokens?: number };
}

const heads = ['dense', 'sparse', 'tokens'] as const;

/**
 * The joint score of a model with several heads, as BGE-M3: the weighted mean of the dense product, the product of the term weights and
 * the mean MaxSim, over the heads that both texts have.
 *
 * @example jointScore({ dense: q }, { dense: d }).score
 */
export function jointScore(
  query: JointRepresentation,
  document: JointRepresentation,
  options: JointOptions = {},
): { readonly score: number; readonly parts: Partial<Record<(typeof heads)[number], number>> } {
  checkOptions('jointScore', options, ['weights']);
  checkOptions('jointScore: weights', options.weights, heads);
  const parts: Partial<Record<(typeof heads)[number], number>> = {};
  let total = 0;
  let sum = 0;
  for (const head of heads) {
    const weight = checkNumber(`jointScore: weights.${head}`, options.weights?.[head] ?? 1, { min: 0 });
    if (weight === 0 || query[head] === undefined || document[head] === undefined) continue;
    const value = headScore(head, query, document);
    parts[head] = value;
    total += weight;
    sum += weight * value;
  }
  if (total === 0) throw new RankError('EMPTY_INPUT', 'jointScore: the two texts share no head with a weight above 0.');
  return { score: sum / total, parts };
}

/** The joint score as a tree of parts that add up. */
export function explainJoint(query: JointRepresentation, document: JointRepresentation, options: JointOptions = {}): Explanation {
  const { score, parts } = jointScore(query, document, options);
  const weights = heads.map((head) => (parts[head] === undefined ? 0 : (options.weights?.[head] ?? 1)));
  const total = weights.reduce((a, b) => a + b, 0);
  return {
    name: 'joint',
    value: score,
    space: 'relative',
    combine: 'sum',
    parts: heads.flatMap((head, i) => {
      const value = parts[head];
      if (value === undefined) return [];
      const share = weights[i]! / total;
      const space = head === 'tokens' ? 'meanMaxSim' : 'dot';
      return [
        {
          name: head,
          value: value * share,
          combine: 'product',
          parts: [
            { name: 'weight', value: share },
            { name: 'score', value, space },
          ],
        } as const,
      ];
    }),
  };
}

function headScore(head: (typeof heads)[number], query: JointRepresentation, document: JointRepresentation): number {
  if (head === 'tokens') return maxsim(query.tokens!, document.tokens!, { aggregate: 'mean' });
  if (head === 'sparse') return sparseProduct(query.sparse!, document.sparse!);
  const [a, b] = [query.dense!, document.dense!];
  if (a.length !== b.length)
    throw new RankError('DIMENSION_MISMATCH', `jointScore: dense vectors of ${a.length} and ${b.length} dimensions.`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return checkNumber('jointScore: the dense product', sum);
}

/** Σ over shared indices; both ascend. */
function sparseProduct(a: SparseVector, b: SparseVector): number {
  let sum = 0;
  for (let i = 0, j = 0; i < a.indices.length && j < b.indices.length; ) {
    const x = a.indices[i]!;
    const y = b.indices[j]!;
    if (x === y) sum += a.values[i++]! * b.values[j++]!;
    else if (x < y) i++;
    else j++;
  }
  return sum;
}
