import { RankError, type Tokens } from '@rank-rank/core';
import type { Segment } from '@rank-rank/retrieve/segments';
import type { SectionFile } from '@rank-rank/storage';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import type { RowType } from '../tokens/pack.ts';
import { ListedRows } from './listed-rows.ts';
import { PlainRows } from './plain-rows.ts';
import { ResidualRows } from './residual-rows.ts';
import type { CodedRows } from './row-source.ts';
import type { RowStorage } from './stored-rows.ts';

/** What a segment's `about` section says. */
export interface SegmentAbout {
  readonly dim: number;
  readonly storage: RowStorage;
}

/** An immutable part of a token store. */
export class TokenSegment implements Segment {
  readonly file: string;
  readonly ids: Segment['ids'];
  readonly metadata: Segment['metadata'];
  readonly dim: number;
  readonly bytes: number;
  /** Document d has rows `offsets[d]` up to, without, `offsets[d + 1]`. */
  readonly offsets: Uint32Array;
  readonly stored: PlainRows | ResidualRows | ListedRows;
  readonly #spans: Uint32Array | undefined;

  constructor(file: SectionFile, base: Segment, codec: () => ResidualCodec) {
    this.file = base.file;
    this.ids = base.ids;
    this.metadata = base.metadata;
    this.bytes = file.bytes;
    const { dim, storage } = file.json('about') as SegmentAbout;
    this.dim = dim;
    this.offsets = file.u32('offsets');
    if (this.offsets.length !== base.ids.size + 1) {
      throw new RankError(
        'CORRUPT',
        `${file.path} is damaged: it has ${base.ids.size} documents and ${this.offsets.length} offsets. Rebuild the index.`,
        {
          file: file.path,
        },
      );
    }
    if (storage === 'residual') this.stored = new ResidualRows(file, this.offsets, codec);
    else if (storage === 'lists') this.stored = new ListedRows(file, this.offsets, codec);
    else this.stored = new PlainRows(file, this.offsets, storage as RowType, dim);
    this.#spans = file.has('spans') ? file.u32('spans') : undefined;
  }

  /** How many documents there are, deleted ones among them. */
  get size(): number {
    return this.ids.size;
  }

  /** How many rows there are. */
  get tokens(): number {
    return this.offsets[this.size]!;
  }

  rowsOf(document: number): number {
    return this.offsets[document + 1]! - this.offsets[document]!;
  }

  read(document: number, into: Float32Array, at: number): void {
    this.stored.read(document, into, at);
  }

  coded(document: number): CodedRows | undefined {
    return this.stored.coded(document);
  }

  spans(document: number): Uint32Array | undefined {
    return this.#spans?.subarray(2 * this.offsets[document]!, 2 * this.offsets[document + 1]!);
  }

  /** A document's rows, as the store has them. */
  tokensOf(document: number): Tokens {
    const rows = this.rowsOf(document);
    const data = new Float32Array(rows * this.dim);
    this.read(document, data, 0);
    const spans = this.spans(document);
    return { data, rows, dim: this.dim, ...(spans && { spans: spans.slice() }) };
  }
}
