import { RankError, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import { dequantise, maxSim, maxSimAsync, quantise, type Rows } from '@rank-rank/kernels';
import type { ElementType, SectionData, SectionFile, SectionWriter } from '@rank-rank/storage';
import { kernelTypes, type RowType } from '../tokens/pack.ts';
import type { PreparedQuery } from './prepared-query.ts';
import { batchEnd, type RowSource } from './row-source.ts';
import type { StoredRows } from './stored-rows.ts';

/** Rows written at a time. */
const batchRows = 8192;

const elements: Readonly<Record<RowType, ElementType>> = { f32: 'f32', f16: 'u16', int8: 'i8', binary: 'u8' };

/**
 * Writes rows as numbers of one type, document after document.
 *
 * | section | holds |
 * |---|---|
 * | `rows` | f32, f16 (as u16), i8, or u8 with eight signs each |
 * | `row-scales` | f32, one a row, for i8 |
 */
export async function writePlainRows(writer: SectionWriter, source: RowSource, type: RowType, work: WorkOptions): Promise<void> {
  const scales = type === 'int8' ? new Float32Array(source.offsets.at(-1)!) : undefined;
  await writer.write('rows', chunks(source, type, scales, work), elements[type]);
  if (scales !== undefined) await writer.write('row-scales', scales);
}

async function* chunks(
  source: RowSource,
  type: RowType,
  scales: Float32Array | undefined,
  { signal, onProgress }: WorkOptions,
): AsyncGenerator<SectionData> {
  const { offsets, dim } = source;
  const documents = offsets.length - 1;
  for (let from = 0; from < documents; ) {
    throwIfCancelled(signal, 'Writing tokens');
    const to = batchEnd(offsets, from, batchRows);
    const first = offsets[from]!;
    const data = new Float32Array((offsets[to]! - first) * dim);
    for (let d = from; d < to; d++) source.read(d, data, (offsets[d]! - first) * dim);
    const rows = { type: 'f32', data, dim } as const;
    const stored: Rows = type === 'f32' ? rows : quantise(rows, kernelTypes[type]);
    if (stored.type === 'i8') scales!.set(stored.scales, first);
    yield (stored as { data: SectionData }).data;
    onProgress?.({ stage: 'writing', done: to, total: documents, unit: 'documents' });
    from = to;
  }
}

/** Rows as numbers, in place. */
export class PlainRows implements StoredRows {
  readonly storage: RowType;
  readonly rows: Rows;
  readonly #offsets: Uint32Array;
  readonly #dim: number;

  constructor(file: SectionFile, offsets: Uint32Array, type: RowType, dim: number) {
    this.storage = type;
    this.#offsets = offsets;
    this.#dim = dim;
    if (type === 'f32') this.rows = { type: 'f32', data: file.f32('rows'), dim };
    else if (type === 'f16') this.rows = { type: 'f16', data: file.u16('rows'), dim };
    else if (type === 'int8') this.rows = { type: 'i8', data: file.i8('rows'), scales: file.f32('row-scales'), dim };
    else this.rows = { type: 'bits', data: file.u8('rows'), dim };
    const expected = offsets.at(-1)! * (type === 'binary' ? Math.ceil(dim / 8) : dim);
    if ((this.rows as { data: SectionData }).data.length !== expected) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its rows do not fill their section. Rebuild the index.`, {
        file: file.path,
      });
    }
  }

  read(document: number, into: Float32Array, at: number): void {
    const from = this.#offsets[document]!;
    const only = Uint32Array.from({ length: this.#offsets[document + 1]! - from }, (_, i) => from + i);
    dequantise(this.rows, { only, out: into.subarray(at, at + only.length * this.#dim) });
  }

  coded(): undefined {
    return undefined;
  }

  /** Bytes are compared with bytes; other types with the floats of the query, or with `quantised` in their own type. */
  scores(query: PreparedQuery, only: Uint32Array | undefined, quantised: boolean): Float32Array {
    return maxSim(this.#formOf(query, quantised), this.#documents, only && { only });
  }

  scoresAsync(query: PreparedQuery, only: Uint32Array | undefined, quantised: boolean, threads: number): Promise<Float32Array> {
    return maxSimAsync(this.#formOf(query, quantised), this.#documents, { threads, ...(only && { only }) });
  }

  get #documents(): { rows: Rows; offsets: Uint32Array } {
    return { rows: this.rows, offsets: this.#offsets };
  }

  #formOf(query: PreparedQuery, quantised: boolean): Rows {
    return quantised && this.storage !== 'f16' ? query.as(this.storage) : query.rows;
  }
}
