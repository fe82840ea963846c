import { listCount } from '../lists/combination.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';

/** The rank of what a list does not have: after everything it has, and level with whatever else it does not have. */
const missingRank = 0x7fffffff;

/** The rankings as voters over pairs of documents. */
export interface PairwiseVotes {
  /** Documents × lists, row after row: the position of the document in the list. */
  readonly ranks: Int32Array;
  readonly voters: number;
  /** What each list's vote weighs. */
  readonly weights: Float64Array;
  /** A margin up to this is none: weights such as 0.1 + 0.2 − 0.3 do not add up to 0. */
  readonly rounding: number;
}

/** A list prefers what it ranks higher, and anything it has to anything it does not have; between two documents it does not have it has no vote. */
export function pairwiseVotes(lists: RankedLists, weights?: readonly number[]): PairwiseVotes {
  const voters = listCount(lists);
  const ranks = new Int32Array(lists.ids.length * voters).fill(missingRank);
  for (let list = 0; list < voters; list++) {
    const from = lists.starts[list]!;
    for (let at = from; at < lists.starts[list + 1]!; at++) ranks[lists.documents[at]! * voters + list] = at - from;
  }
  const weightOf = Float64Array.from(lists.runs, (run) => (weights === undefined ? 1 : weights[run]!));
  return { ranks, voters, weights: weightOf, rounding: 1e-12 * weightOf.reduce((sum, weight) => sum + weight, 0) };
}

/** The weight of those who prefer the first document, less that of those who prefer the second: above 0 the majority is for the first. */
export function majority({ ranks, voters, weights, rounding }: PairwiseVotes, first: number, second: number): number {
  let margin = 0;
  let a = first * voters;
  let b = second * voters;
  for (let voter = 0; voter < voters; voter++, a++, b++) {
    const difference = ranks[a]! - ranks[b]!;
    if (difference < 0) margin += weights[voter]!;
    else if (difference > 0) margin -= weights[voter]!;
  }
  return margin > rounding || margin < -rounding ? margin : 0;
}

/**
 * Sorts documents so that no neighbour is beaten by the one after it: a Hamiltonian path of the majority graph. Stable merge sort, so
 * that documents between which no majority decides keep the order they had.
 */
export function sortByMajority(votes: PairwiseVotes, order: Int32Array): Int32Array {
  let from = order;
  let to: Int32Array = new Int32Array(order.length);
  const block = 8;
  for (let start = 0; start < from.length; start += block) insertByMajority(votes, from, start, Math.min(start + block, from.length));
  for (let width = block; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      mergeByMajority(votes, from, to, start, Math.min(start + width, from.length), Math.min(start + 2 * width, from.length));
    }
    [from, to] = [to, from];
  }
  return from;
}

function insertByMajority(votes: PairwiseVotes, order: Int32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const document = order[i]!;
    let at = i;
    for (; at > start && majority(votes, document, order[at - 1]!) > 0; at--) order[at] = order[at - 1]!;
    order[at] = document;
  }
}

function mergeByMajority(votes: PairwiseVotes, from: Int32Array, to: Int32Array, start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = right >= end || (left < middle && majority(votes, from[right]!, from[left]!) <= 0);
    to[at] = takeLeft ? from[left++]! : from[right++]!;
  }
}
