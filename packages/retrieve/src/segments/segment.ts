import type { WorkOptions } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { Bitmap } from '../metadata/bitmap.ts';
import type { MetadataColumns } from '../metadata/columns.ts';
import type { IdTable } from './id-table.ts';

/** An immutable part of an index: documents numbered from 0 in the order of their ids. What else it holds its {@link SegmentFormat} knows. */
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
  /** The new number of each document, or `leftOut`. */
  readonly numbers: Uint32Array;
}

/** What one kind of index stores of a document (its payload `P`) and how. Ids and metadata are stored for it. */
export interface SegmentFormat<S extends Segment, P> {
  /** The kind and the newest version of its files, for the section file's head. */
  readonly kind: string;
  readonly version: number;
  /** About how much memory a document takes until it is written. */
  bytesOf(payload: P): number;
  /** Writes the sections of documents that come in the order of their ids. */
  write(writer: SectionWriter, payloads: readonly P[], work: WorkOptions): Promise<void>;
  /** Writes the sections of segments as one of `size` documents. */
  merge(writer: SectionWriter, parts: readonly MergePart<S>[], size: number, work: WorkOptions): Promise<void>;
  /** A segment from its sections, in place. */
  read(file: SectionFile, base: Segment): S;
}
