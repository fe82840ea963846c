import type { WorkOptions } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { Bitmap } from '../metadata/bitmap.ts';
import type { MetadataColumns } from '../metadata/columns.ts';
import type { IdTable } from './id-table.ts';

/** An immutable part of an index: documents numbered from 0 on, its rows. What it holds besides its {@link SegmentFormat} knows. */
export interface Segment {
  /** The name of its file. */
  readonly file: string;
  readonly ids: IdTable;
  readonly metadata: MetadataColumns;
}

/** A segment as one commit sees it. */
export interface LiveSegment<S extends Segment> {
  readonly segment: S;
  /** Documents that were removed or replaced since the segment was written. */
  readonly deleted: Bitmap | undefined;
  /** How many documents are left. */
  readonly live: number;
}

/** One of the segments that a merge reads. */
export interface MergePart<S extends Segment> extends LiveSegment<S> {
  /** The place of each document in the order of all ids, or `leftOut`. */
  readonly numbers: Uint32Array;
}

/** The documents of a segment to be, brought into the order in which they will be stored. */
export interface Arranged {
  /** The documents in their new order, as their places in the order of the ids; undefined where that is kept. */
  readonly order?: Uint32Array | undefined;
  /** Writes what the kind of index stores, in the new order. */
  write(writer: SectionWriter): Promise<void>;
}

/**
 * What one kind of index stores of a document (its payload `P`) and how. Ids and metadata are stored for it. Documents are given in the order of
 * their ids, by code point.
 */
export interface SegmentFormat<S extends Segment, P> {
  /** The kind and the newest version of its files, for the section file's head. */
  readonly kind: string;
  readonly version: number;
  /** About how much memory a document takes until it is written. */
  bytesOf(payload: P): number;
  /** A segment of documents from memory. */
  arrange(payloads: readonly P[], work: WorkOptions): Promise<Arranged>;
  /** Segments as one of `size` documents. */
  arrangeMerge(parts: readonly MergePart<S>[], size: number, work: WorkOptions): Promise<Arranged>;
  /** A segment from its sections, in place. */
  read(file: SectionFile, base: Segment): S;
}
