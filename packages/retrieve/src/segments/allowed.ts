import { checkFilter, type Filter } from '@rank-rank/core';
import { Bitmap } from '../metadata/bitmap.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { compileFilter } from '../metadata/compile-filter.ts';
import { compareValues } from '../metadata/value-order.ts';
import type { LiveSegment, Segment } from './segment.ts';

/** The documents of a segment that may be found. */
export interface Allowed {
  readonly bitmap: Bitmap;
  readonly count: number;
}

/** Filters remembered for each version of a segment. */
const remembered = 16;

/**
 * The documents that a filter leaves and that are not deleted, for each segment. The latest filters are remembered, as applications ask the same ones
 * again and again.
 */
export class AllowedDocuments {
  readonly #known = new WeakMap<LiveSegment<Segment>, Map<string, Allowed>>();

  /** `undefined`: all of them. */
  of(live: LiveSegment<Segment>, filter: Filter | undefined): Allowed | undefined {
    if (filter === undefined && live.deleted === undefined) return undefined;
    let known = this.#known.get(live);
    if (known === undefined) this.#known.set(live, (known = new Map()));
    const key = filter === undefined ? '' : JSON.stringify(filter);
    let allowed = known.get(key);
    // Put in again, so that the first of the map is the one that was not asked for the longest.
    if (allowed !== undefined) known.delete(key);
    else {
      const bitmap = filter === undefined ? Bitmap.full(live.segment.ids.size) : compileFilter(filter, live.segment.metadata);
      if (live.deleted !== undefined) bitmap.andNot(live.deleted);
      allowed = { bitmap, count: bitmap.count };
      if (known.size >= remembered) known.delete(known.keys().next().value!);
    }
    known.set(key, allowed);
    return allowed;
  }
}

/** How many documents a filter leaves. */
export function countDocuments(segments: readonly LiveSegment<Segment>[], allowed: AllowedDocuments, filter: Filter | undefined): number {
  return segments.reduce((sum, live) => sum + (allowed.of(live, filter)?.count ?? live.live), 0);
}

/** How many of them have each value of a field, the most frequent first; equal counts as booleans, numbers, texts, each ascending. */
export function facetCounts(
  segments: readonly LiveSegment<Segment>[],
  allowed: AllowedDocuments,
  field: string,
  filter: Filter | undefined,
): ValueCount[] {
  if (filter !== undefined) checkFilter(filter);
  const counts = new Map<ValueCount['value'], number>();
  for (const live of segments) {
    for (const { value, count } of live.segment.metadata.counts(field, allowed.of(live, filter)?.bitmap)) {
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
  }
  const all = [...counts].map(([value, count]) => ({ value, count }));
  return all.sort((a, b) => b.count - a.count || compareValues(a.value, b.value));
}
