import { checkOptions } from '@rank-rank/core';
import type { RankingInput } from '../lists/ranked-lists.ts';
import { commonDocuments } from './common-documents.ts';

export interface ApCorrelationOptions {
  /** The mean of both directions instead of the first ranking as the truth: false by default. */
  readonly symmetric?: boolean;
}

/**
 * AP correlation τ_AP between a ranking that is held to be true and another, over the documents both have: a Kendall's τ to which
 * disagreement near the top counts more. 2 / (n − 1) · Σ_{i ≥ 2} C(i) / (i − 1) − 1, where C(i) is how many of the documents above place
 * i of the other ranking stand above that document in the true one too.
 *
 * NaN with fewer than two common documents.
 *
 * E. Yilmaz, J. A. Aslam, S. Robertson, "A new rank correlation coefficient for information retrieval", SIGIR 2008.
 *
 * @example apCorrelation(byRelevance, fused)
 */
export function apCorrelation(truth: RankingInput, other: RankingInput, options: ApCorrelationOptions = {}): number {
  checkOptions('apCorrelation', options, ['symmetric']);
  const { first, second } = commonDocuments(truth, other, 'apCorrelation');
  const forward = directed(second);
  if (options.symmetric !== true) return forward;
  return (forward + directed(placesByPlace(second, first))) / 2;
}

/**
 * τ_AP where `places[i]` is the place in the other ranking of the document at place i of the truth. The documents are taken in the order
 * of the other ranking; a Fenwick tree over places of the truth counts those above that came before.
 */
function directed(places: Int32Array): number {
  const count = places.length;
  const inOtherOrder = Int32Array.from({ length: count }, (_, i) => i).sort((x, y) => places[x]! - places[y]!);
  const tree = new Int32Array(count + 1);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const truthPlace = inOtherOrder[i]!;
    if (i > 0) {
      let above = 0;
      for (let at = truthPlace; at > 0; at -= at & -at) above += tree[at]!;
      total += above / i;
    }
    for (let at = truthPlace + 1; at <= count; at += at & -at) tree[at]!++;
  }
  return count < 2 ? Number.NaN : (2 / (count - 1)) * total - 1;
}

/** The same documents in the order of the second ranking, each with its place in the first. */
function placesByPlace(second: Int32Array, first: Int32Array): Int32Array {
  return Int32Array.from(
    Array.from(second.keys()).sort((x, y) => second[x]! - second[y]!),
    (i) => first[i]!,
  );
}
