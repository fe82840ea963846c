import { checkInteger, checkNumber, checkOptions } from '@rank-rank/core';
import type { RankingInput } from '../lists/ranked-lists.ts';
import { toRankedLists } from '../lists/ranked-lists.ts';

/** Which relevant documents two rankings find. */
export interface Complementarity {
  /** Relevant documents that only the first has, only the second has, both have. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly both: number;
  /** (onlyFirst + onlySecond) / all found: 0 where both find the same, 1 where they share none; NaN where none is found. */
  readonly complementarity: number;
}

export interface ComplementarityOptions {
  /** How many hits of each ranking are looked at; all by default. */
  readonly depth?: number;
  /** The least grade that is relevant: 1 by default. */
  readonly minimumGrade?: number;
}

/**
 * How far two rankings find different relevant documents: what fusing them can gain.
 *
 * @example complementarity(bm25.get('q1'), dense.get('q1'), qrels.get('q1'), { depth: 100 })
 */
export function complementarity(
  a: RankingInput,
  b: RankingInput,
  grades: ReadonlyMap<string, number>,
  options: ComplementarityOptions = {},
): Complementarity {
  checkOptions('complementarity', options, ['depth', 'minimumGrade']);
  const depth = options.depth === undefined ? Number.POSITIVE_INFINITY : checkInteger('complementarity: depth', options.depth, { min: 1 });
  const minimumGrade = checkNumber('complementarity: minimumGrade', options.minimumGrade ?? 1);
  const { ids, documents, starts } = toRankedLists([a, b], (run) => `complementarity: the ${run === 0 ? 'first' : 'second'} ranking`);
  const found = new Uint8Array(ids.length);
  for (let list = 0; list < 2; list++) {
    for (let at = starts[list]!; at < Math.min(starts[list]! + depth, starts[list + 1]!); at++) found[documents[at]!]! |= list + 1;
  }
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  ids.forEach((id, document) => {
    if ((grades.get(id) ?? Number.NEGATIVE_INFINITY) >= minimumGrade) counts[found[document] as 0 | 1 | 2 | 3]++;
  });
  const [, onlyFirst, onlySecond, both] = counts;
  return { onlyFirst, onlySecond, both, complementarity: (onlyFirst + onlySecond) / (onlyFirst + onlySecond + both) };
}
