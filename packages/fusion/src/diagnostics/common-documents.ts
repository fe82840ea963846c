import type { Ranking } from '@rank-rank/core';
import { listCount } from '../lists/combination.ts';
import { type RankingInput, toRankedLists } from '../lists/ranked-lists.ts';

/** The documents that two rankings both have, in the order of the first. */
export interface CommonDocuments {
  /** Their positions in the first ranking, ascending, from 0. */
  readonly first: Int32Array;
  /** The position of each in the second ranking. */
  readonly second: Int32Array;
  readonly firstScores: Float64Array;
  readonly secondScores: Float64Array;
  /** How many documents each ranking has. */
  readonly lengths: readonly [number, number];
}

/** Checks two rankings and finds what they share. */
export function commonDocuments(a: RankingInput | Ranking, b: RankingInput | Ranking, where: string): CommonDocuments {
  const lists = toRankedLists([a, b], (run) => `${where}: the ${run === 0 ? 'first' : 'second'} ranking`);
  const { documents, starts, scores, ids } = lists;
  const middle = starts[listCount(lists) - 1]!;
  const place = new Int32Array(ids.length).fill(-1);
  for (let at = middle; at < documents.length; at++) place[documents[at]!] = at - middle;
  const first: number[] = [];
  for (let at = 0; at < middle; at++) if (place[documents[at]!]! >= 0) first.push(at);
  const second = Int32Array.from(first, (at) => place[documents[at]!]!);
  return {
    first: Int32Array.from(first),
    second,
    firstScores: Float64Array.from(first, (at) => scores[at]!),
    secondScores: Float64Array.from(second, (at) => scores[middle + at]!),
    lengths: [middle, documents.length - middle],
  };
}
