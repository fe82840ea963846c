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
  const next = new Uint32Array(lists.length);
  /** The score at the head of each list; NaN, which is never the largest, where it is used up. */
  const heads = Float64Array.from(lists, ({ scores }) => scores[0] ?? Number.NaN);
  const headId = (list: number): string => lists[list]!.ids.idOf(lists[list]!.documents[next[list]!]!);
  while (hits.length < k) {
    let best = -1;
    let score = Number.NEGATIVE_INFINITY;
    let equal = false;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i]!;
      if (head > score || (best < 0 && head === score)) {
        best = i;
        score = head;
        equal = false;
      } else if (head === score) equal = true;
    }
    if (best < 0) break;
    let id = headId(best);
    if (equal) {
      for (let i = best + 1; i < heads.length; i++) {
        if (heads[i] !== score) continue;
        const other = headId(i);
        if (compareCodePoints(other, id) > 0) continue;
        best = i;
        id = other;
      }
    }
    hits.push({ id, score });
    heads[best] = lists[best]!.scores[++next[best]!] ?? Number.NaN;
  }
  return hits;
}
