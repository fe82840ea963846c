import { RankError } from '@rank-rank/core';
import { additive, type Combination, listCounts } from '../lists/combination.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';
import type { Parameter, ResultOptions } from '../method.ts';
import type { Normalization } from '../normalization/normalization.ts';
import { normalizeLists } from '../normalization/normalize-lists.ts';
import type { Normalizer } from '../normalization/normalizer.ts';

/** What methods on scores share: the normalization, resolved. */
export type ScoreParameters = { readonly normalization: Normalizer };

/** What methods on scores take as options. */
export type ScoreOptions = ResultOptions & {
  /** How the scores of a run are brought to a common scale first; `min-max` unless a method says otherwise. */
  readonly normalization?: Normalization;
};

/** Whether negative scores are refused by a method that would reward them. */
export type NegativeParameter = { readonly negative: 'refuse' | 'allow' };

export const negativeParameter: Parameter = {
  type: 'choice',
  description:
    'What to do about negative scores, with which a document loses by being found more often: "refuse" them, or "allow" them, as is done where z-scores are multiplied all the same.',
  default: 'refuse',
  choices: ['refuse', 'allow'],
  peers: 'ranx, rank-fusion: always allow',
};

/** Σ of normalized scores, times a factor per document that `factorsOf` computes from the lists. */
export function sumOfScores(
  lists: RankedLists,
  normalizer: Normalizer,
  factorsOf?: (lists: RankedLists) => Float64Array,
  weights?: readonly number[],
): Combination {
  const normalized = normalizeLists(lists, normalizer);
  const values = weights === undefined ? normalized.values : weighted(normalized.lists, normalized.values, weights);
  return { ...additive(normalized.lists, values, factorsOf?.(normalized.lists)), normalized };
}

/** Each value times the weight of its list's run. */
function weighted({ runs, starts }: RankedLists, values: Float64Array, weights: readonly number[]): Float64Array {
  const products = new Float64Array(values.length);
  for (let list = 0; list < runs.length; list++) {
    const weight = weights[runs[list]!]!;
    for (let at = starts[list]!; at < starts[list + 1]!; at++) products[at] = weight * values[at]!;
  }
  return products;
}

/** Normalizes, and refuses what would be negative afterwards. */
export function refuseNegative(
  lists: RankedLists,
  normalizer: Normalizer,
  negative: NegativeParameter['negative'],
  method: string,
): Normalizer {
  if (negative === 'allow') return normalizer;
  return {
    ...normalizer,
    apply(scores, values, candidates) {
      normalizer.apply(scores, values, candidates);
      for (let i = 0; i < values.length; i++) {
        if (values[i]! >= 0) continue;
        throw new RankError(
          'OUT_OF_RANGE',
          `${method} met the score ${values[i]}${normalizer.name === 'none' ? '' : ` after normalization ${JSON.stringify(normalizer.name)}`}; ` +
            'it multiplies by how often a document is found, which would put documents with negative scores further back the more runs agree on them. ' +
            'Use normalization "min-max", or say negative: "allow".',
          { method, score: values[i], documents: lists.ids.length },
        );
      }
    },
  };
}

/** Every document's number of lists, put through a function. */
export function countFactors(factor: (count: number) => number): (lists: RankedLists) => Float64Array {
  return (lists) => {
    const factors = listCounts(lists);
    for (let document = 0; document < factors.length; document++) factors[document] = factor(factors[document]!);
    return factors;
  };
}
