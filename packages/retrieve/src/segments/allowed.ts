import { type Filter, shown } from '@rank-rank/core';
import type { Warning } from '../lexical/warning.ts';
import { Bitmap } from '../metadata/bitmap.ts';
import { compileFilter, unknownFields } from '../metadata/compile-filter.ts';
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

/** What is to be said of a filter that speaks of fields nobody has: most likely they are misspelt. */
export function unknownFieldWarnings(filter: Filter | undefined, segments: readonly LiveSegment<Segment>[]): Warning[] {
  if (filter === undefined) return [];
  const columns = segments.map(({ segment }) => segment.metadata);
  return unknownFields(filter, columns).map((field) => ({
    code: 'UNKNOWN_FIELD',
    message: `The filter speaks of ${shown(field)}, which no document's metadata has.`,
  }));
}
