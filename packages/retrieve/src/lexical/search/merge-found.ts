import { compareCodePoints, type Hit } from '@rank-rank/core';
import type { Found } from './flat-search.ts';

/** What was found in a segment, best first, equal scores in the order of the ids. */
export interface SegmentFound extends Found {
  readonly ids: { idOf(document: number): string };
}

/**
 * The k best of what segments found, as hits. The lists are merged from their heads, so that only the ids of hits, and of
 * equal scores, are ever read.
 */
export function mergeFound(lists: readonly SegmentFound[], k: number): Hit[] {
  const hits: Hit[] = [];
  if (lists.length === 1) {
    const { ids, documents, scores } = lists[0]!;
    const count = Math.min(k, documents.length);
    for (let i = 0; i < count; i++) hits.push({ id: ids.idOf(documents[i]!), score: scores[i]! });
    return hits;
  }
  // First which, then their ids: reads of ids, which lie far apart, do not wait for one another then.
  const most = Math.min(
    k,
    lists.reduce((sum, { documents }) => sum + documents.length, 0),
  );
  const from = new Uint32Array(most);
  const places = new Uint32Array(most);
  const next = new Uint32Array(lists.length);
  /** The score at the head of each list; NaN, which is never the largest, where it is used up. */
  const heads = Float64Array.from(lists, ({ scores }) => scores[0] ?? Number.NaN);
  for (let i = 0; i < most; i++) {
    let best = -1;
    let score = Number.NEGATIVE_INFINITY;
    let equal = false;
    for (let list = 0; list < heads.length; list++) {
      const head = heads[list]!;
      if (head > score || (best < 0 && head === score)) {
        best = list;
        score = head;
        equal = false;
      } else if (head === score) equal = true;
    }
    if (equal) best = firstById(lists, next, heads, best);
    from[i] = best;
    places[i] = next[best]!;
    heads[best] = lists[best]!.scores[++next[best]!] ?? Number.NaN;
  }
  for (let i = 0; i < most; i++) {
    const { ids, documents, scores } = lists[from[i]!]!;
    const place = places[i]!;
    hits.push({ id: ids.idOf(documents[place]!), score: scores[place]! });
  }
  return hits;
}

/** Of the lists whose heads have the best score, the one whose head comes first by its id; `best` is the first of them. */
function firstById(lists: readonly SegmentFound[], next: Uint32Array, heads: Float64Array, best: number): number {
  const headId = (list: number): string => lists[list]!.ids.idOf(lists[list]!.documents[next[list]!]!);
  let first = best;
  let id = headId(best);
  for (let list = best + 1; list < lists.length; list++) {
    if (heads[list] !== heads[best]) continue;
    const other = headId(list);
    if (compareCodePoints(other, id) > 0) continue;
    first = list;
    id = other;
  }
  return first;
}
