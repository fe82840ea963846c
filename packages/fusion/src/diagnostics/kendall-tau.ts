import type { RankingInput } from '../lists/ranked-lists.ts';
import { commonDocuments } from './common-documents.ts';
import { sortCountingInversions } from './inversions.ts';

/**
 * Kendall's τ-b between two rankings, over the documents both have: (concordant − discordant pairs) / √((pairs not tied in the first) ·
 * (pairs not tied in the second)). 1 where they agree on every pair, −1 where one is the reverse of the other. Equal scores are ties.
 *
 * NaN where it is not defined: fewer than two common documents, or all of them tied in one of the rankings.
 *
 * M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945; computed in O(n log n) after W. R. Knight, "A
 * Computer Method for Calculating Kendall's Tau with Ungrouped Data", JASA 61, 1966.
 *
 * @example kendallTau(bm25.get('q1'), dense.get('q1'))
 */
export function kendallTau(a: RankingInput, b: RankingInput): number {
  const { firstScores, secondScores } = commonDocuments(a, b, 'kendallTau');
  return kendallTauOfScores(firstScores, secondScores);
}

/** τ-b between two columns of numbers, the first in descending order. */
function kendallTauOfScores(first: Float64Array, second: Float64Array): number {
  const count = first.length;
  const pairs = (count * (count - 1)) / 2;
  // Within ties of the first, the second is put in descending order, so that such pairs are no inversions.
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((x, y) => first[y]! - first[x]! || second[y]! - second[x]!);
  const tiedFirst = tiedPairs(first);
  const negated = Float64Array.from(order, (i) => -second[i]!);
  const tiedBoth = tiedPairsOfBoth(first, second, order);
  const discordant = sortCountingInversions(negated);
  const tiedSecond = tiedPairs(negated);
  const concordantLessDiscordant = pairs - tiedFirst - tiedSecond + tiedBoth - 2 * discordant;
  return concordantLessDiscordant / Math.sqrt((pairs - tiedFirst) * (pairs - tiedSecond));
}

/** Pairs of equal values among sorted ones. */
function tiedPairs(sorted: Float64Array): number {
  let tied = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    tied += ((to - from) * (to - from - 1)) / 2;
    from = to;
  }
  return tied;
}

function tiedPairsOfBoth(first: Float64Array, second: Float64Array, order: Int32Array): number {
  let tied = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && first[order[to]!] === first[order[from]!] && second[order[to]!] === second[order[from]!]) to++;
    tied += ((to - from) * (to - from - 1)) / 2;
    from = to;
  }
  return tied;
}
