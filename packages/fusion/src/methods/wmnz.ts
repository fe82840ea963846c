import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter, weightsParameter } from '../method.ts';
import { wuAndCrestani } from './mixed.ts';
import { type NegativeParameter, negativeParameter, refuseNegative, sumOfScores } from './score-method.ts';
import type { WeightedScoreOptions, WeightedSumParameters } from './weighted-sum.ts';

export const wmnzMethod: FusionMethod<WeightedSumParameters & NegativeParameter> = {
  name: 'wmnz',
  aliases: ['weighted-mnz', 'weighted-combmnz'],
  formula: '(Σ s) · Σ w, both over the runs that have the document',
  citation: wuAndCrestani,
  needs: 'scores',
  missing: 'A run that does not have a document adds neither score nor weight.',
  parameters: { weights: weightsParameter, normalization: normalizationParameter('min-max'), negative: negativeParameter },
  combine: (lists, { weights, normalization, negative }) =>
    sumOfScores(lists, refuseNegative(lists, normalization, negative, 'wmnz'), (completed) => weightSums(completed, weights)),
};

/** The weights of the lists that each document is in, added up. */
function weightSums({ documents, ids, runs, starts }: RankedLists, weights: readonly number[]): Float64Array {
  const sums = new Float64Array(ids.length);
  for (let list = 0; list < runs.length; list++) {
    const weight = weights[runs[list]!]!;
    for (let at = starts[list]!; at < starts[list + 1]!; at++) sums[documents[at]!]! += weight;
  }
  return sums;
}

/**
 * Weighted CombMNZ: the sum of the normalized scores times the sum of the weights of the rankings that have the document.
 *
 * S. Wu, F. Crestani, "Data fusion with estimated weights", CIKM 2002.
 *
 * @example wmnz([bm25Hits, denseHits], { weights: [1, 2] });
 */
export function wmnz(rankings: Rankings, options?: WeightedScoreOptions & Partial<NegativeParameter>): Hit[] {
  return fuseRankings(wmnzMethod, rankings, options);
}
