import { RankError } from '@rank-rank/core';
import { listCount } from '../lists/combination.ts';
import type { RankedLists } from '../lists/ranked-lists.ts';
import type { Normalizer } from './normalizer.ts';

/** Lists with a normalized value for each entry. */
export interface NormalizedLists {
  /** The lists themselves; or, where the normalization gives values to missing documents, lists in which each document is. */
  readonly lists: RankedLists;
  /** The value of each entry of `lists`. */
  readonly values: Float64Array;
}

/** Normalizes each list of a query. */
export function normalizeLists(lists: RankedLists, normalizer: Normalizer): NormalizedLists {
  if (normalizer.needsScores && lists.unscored.length > 0) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `Ranking ${lists.unscored[0]} has ids without scores, and normalization ${JSON.stringify(normalizer.name)} reads scores. ` +
        'Give hits { id, score }, use normalization "rank", or a method that needs only ranks, such as rrf.',
    );
  }
  const { starts, scores, ids } = lists;
  const values = new Float64Array(scores.length);
  for (let list = 0; list < listCount(lists); list++) {
    const from = starts[list]!;
    const to = starts[list + 1]!;
    if (to > from) normalizer.apply(scores.subarray(from, to), values.subarray(from, to), ids.length);
  }
  return normalizer.missing === undefined ? { lists, values } : withMissing(lists, values, normalizer);
}

/** Appends to each list the documents it does not have, with the value that the normalization gives them. */
function withMissing(lists: RankedLists, values: Float64Array, normalizer: Normalizer): NormalizedLists {
  const candidates = lists.ids.length;
  const count = listCount(lists);
  const documents = new Int32Array(count * candidates);
  const completed = new Float64Array(count * candidates);
  const has = new Uint8Array(candidates);
  for (let list = 0; list < count; list++) {
    const from = lists.starts[list]!;
    const length = lists.starts[list + 1]! - from;
    let at = list * candidates;
    has.fill(0);
    for (let i = 0; i < length; i++, at++) {
      documents[at] = lists.documents[from + i]!;
      completed[at] = values[from + i]!;
      has[documents[at]!] = 1;
    }
    const missing = normalizer.missing!(length, candidates);
    for (let document = 0; document < candidates; document++) {
      if (has[document] === 1) continue;
      documents[at] = document;
      completed[at++] = missing;
    }
  }
  return {
    lists: { ...lists, documents, scores: completed, starts: Int32Array.from({ length: count + 1 }, (_, list) => list * candidates) },
    values: completed,
  };
}
