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
  const next = new Uint32Array(lists.length);
  const hits: Hit[] = [];
  while (hits.length < k) {
    let best = -1;
    let score = 0;
    let id: string | undefined;
    for (let i = 0; i < lists.length; i++) {
      const { ids, documents, scores } = lists[i]!;
      const at = next[i]!;
      if (at >= documents.length) continue;
      const candidate = scores[at]!;
      if (best >= 0 && candidate < score) continue;
      if (best >= 0 && candidate === score) {
        const { ids: own, documents: numbers } = lists[best]!;
        id ??= own.idOf(numbers[next[best]!]!);
        const other = ids.idOf(documents[at]!);
        if (compareCodePoints(other, id) > 0) continue;
        id = other;
      } else id = undefined;
      best = i;
      score = candidate;
    }
    if (best < 0) break;
    const { ids, documents } = lists[best]!;
    hits.push({ id: id ?? ids.idOf(documents[next[best]!]!), score });
    next[best]!++;
  }
  return hits;
}
