import type { NormalizedLists } from '../normalization/normalize-lists.ts';
import type { RankedLists } from './ranked-lists.ts';

/** What a method makes of one query: a score per document, and where it came from. */
export interface Combination {
  /** Document number → fused score. */
  readonly scores: Float64Array;
  /** Lists × documents, row after row: what each list gave. The rows add up to `scores`. */
  contributions(): Float64Array;
  /** The lists as normalized, where the method normalizes. */
  readonly normalized?: NormalizedLists;
}

/** How many lists each document is in. */
export function listCounts(lists: RankedLists): Float64Array {
  const counts = new Float64Array(lists.ids.length);
  const { documents } = lists;
  for (let at = 0; at < documents.length; at++) counts[documents[at]!]!++;
  return counts;
}

/**
 * Every entry of a list adds a value to its document; the sum may then be multiplied by a factor per document.
 *
 * score(d) = factor(d) · Σ values(d)
 */
export function additive(lists: RankedLists, values: Float64Array, factors?: Float64Array): Combination {
  const { documents, ids } = lists;
  const scores = new Float64Array(ids.length);
  for (let at = 0; at < documents.length; at++) scores[documents[at]!]! += values[at]!;
  if (factors !== undefined) for (let d = 0; d < scores.length; d++) scores[d]! *= factors[d]!;
  return {
    scores,
    contributions() {
      const shares = new Float64Array(listCount(lists) * ids.length);
      eachEntry(lists, (list, at) => {
        const document = documents[at]!;
        shares[list * ids.length + document] = values[at]! * (factors === undefined ? 1 : factors[document]!);
      });
      return shares;
    },
  };
}

/**
 * {@link additive} where the value depends only on the position in the list: `gains[list]` is a table from position (0 is the best) to value.
 * Positions past the end of a table add 0.
 */
export function positional(lists: RankedLists, gains: readonly Float64Array[], factors?: Float64Array): Combination {
  const { documents, ids, starts } = lists;
  const scores = new Float64Array(ids.length);
  for (let list = 0; list < gains.length; list++) {
    const table = gains[list]!;
    const from = starts[list]!;
    const length = Math.min(starts[list + 1]! - from, table.length);
    for (let i = 0; i < length; i++) scores[documents[from + i]!]! += table[i]!;
  }
  if (factors !== undefined) for (let d = 0; d < scores.length; d++) scores[d]! *= factors[d]!;
  return {
    scores,
    contributions() {
      const shares = new Float64Array(gains.length * ids.length);
      eachEntry(lists, (list, at, position) => {
        const document = documents[at]!;
        shares[list * ids.length + document] = (gains[list]![position] ?? 0) * (factors === undefined ? 1 : factors[document]!);
      });
      return shares;
    },
  };
}

/** One table of gains for all lists, long enough for the longest: position (0 is the best) → value. */
export function gainTable(lists: RankedLists, gain: (position: number) => number): Float64Array {
  const table = new Float64Array(longestList(lists));
  for (let position = 0; position < table.length; position++) table[position] = gain(position);
  return table;
}

/** The same table for every list. */
export function forEveryList(lists: RankedLists, table: Float64Array): Float64Array[] {
  return new Array<Float64Array>(listCount(lists)).fill(table);
}

export function listCount(lists: RankedLists): number {
  return lists.runs.length;
}

export function longestList({ starts }: RankedLists): number {
  let longest = 0;
  for (let list = 1; list < starts.length; list++) longest = Math.max(longest, starts[list]! - starts[list - 1]!);
  return longest;
}

/** Visits every entry: the list it is in, its place in `documents`, and its position in the list. */
export function eachEntry(lists: RankedLists, visit: (list: number, at: number, position: number) => void): void {
  const { starts } = lists;
  for (let list = 0; list + 1 < starts.length; list++) {
    const from = starts[list]!;
    for (let at = from; at < starts[list + 1]!; at++) visit(list, at, at - from);
  }
}
