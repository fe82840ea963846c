import { checkFilter, type Filter } from '@rank-rank/core';
import type { ValueCount } from '../metadata/columns.ts';
import { compareValues } from '../metadata/value-order.ts';
import type { AllowedDocuments } from './allowed.ts';
import type { LiveSegment, Segment } from './segment.ts';

/** The documents of one commit: which there are, how many, with what metadata. */
export class SnapshotDocuments<S extends Segment> {
  readonly size: number;
  readonly #segments: readonly LiveSegment<S>[];
  readonly #allowed: AllowedDocuments;

  constructor(segments: readonly LiveSegment<S>[], allowed: AllowedDocuments) {
    this.#segments = segments;
    this.#allowed = allowed;
    this.size = segments.reduce((sum, { live }) => sum + live, 0);
  }

  /** Where a document is, if it can be found. */
  find(id: string): { segment: S; row: number } | undefined {
    const known = id.toWellFormed();
    for (const { segment, deleted } of this.#segments) {
      const row = segment.ids.row(known);
      if (row >= 0 && !deleted?.has(row)) return { segment, row };
    }
    return undefined;
  }

  count(filter: Filter | undefined): number {
    if (filter !== undefined) checkFilter(filter);
    return this.#segments.reduce((sum, live) => sum + (this.#allowed.of(live, filter)?.count ?? live.live), 0);
  }

  /** Counts per value, the most frequent first; equal counts as booleans, numbers, texts, each ascending. */
  facets(field: string, filter: Filter | undefined): ValueCount[] {
    if (filter !== undefined) checkFilter(filter);
    const counts = new Map<ValueCount['value'], number>();
    for (const live of this.#segments) {
      for (const { value, count } of live.segment.metadata.counts(field.toWellFormed(), this.#allowed.of(live, filter)?.bitmap)) {
        counts.set(value, (counts.get(value) ?? 0) + count);
      }
    }
    const all = [...counts].map(([value, count]) => ({ value, count }));
    return all.sort((a, b) => b.count - a.count || compareValues(a.value, b.value));
  }
}
