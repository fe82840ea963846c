import { RankError } from '@rank-rank/core';
import {
  type Best,
  type Bitmap as BitmapWords,
  type BitRows,
  type F16Rows,
  type F32Rows,
  type I8Rows,
  type Nearest,
  quantise,
  type Rows,
  search,
  searchAsync,
} from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { type DenseMetric, kernelMetric } from './metric.ts';
import type { DenseCodes } from './plan.ts';
import { ProductCodes } from './product-codes.ts';
import { runsOf, type VectorSource } from './vector-source.ts';

/** Which rows may be found: those of a set, or listed ones. */
export interface Among {
  readonly allow?: BitmapWords;
  readonly only?: Uint32Array;
}

/** What stands for the vectors of a segment while candidates are looked for. */
export interface Codes {
  readonly count: number;
  /** Bytes a row takes. */
  readonly rowBytes: number;
  /** The k best rows. Scores are the metric's if `scored`, else only their order means something. */
  search(query: Float32Array, k: number, among: Among): Best | Promise<Best>;
  readonly scored: boolean;
}

/** Bytes that are looked through on the spot, in well under a millisecond; more are looked through beside the event loop. */
const spotBytes = 8 << 20;

/** f32, halves or bytes. */
export class VectorCodes implements Codes {
  readonly rows: F32Rows | F16Rows | I8Rows;
  readonly count: number;
  readonly rowBytes: number;
  readonly scored = true;
  readonly #metric: 'dot' | 'l2';

  constructor(rows: VectorCodes['rows'], metric: DenseMetric) {
    this.rows = rows;
    this.count = rows.data.length / rows.dim;
    this.rowBytes = rows.data.BYTES_PER_ELEMENT * rows.dim;
    this.#metric = kernelMetric(metric);
  }

  /** Encodes all vectors in memory; with `places`, the code of row r goes to place `places[r]`. */
  static encode(source: VectorSource, type: VectorCodes['rows']['type'], metric: DenseMetric, places?: Uint32Array): VectorCodes {
    const { rows, dim } = source;
    const length = rows * dim;
    const codes: VectorCodes['rows'] =
      type === 'f32'
        ? { type, data: new Float32Array(length), dim }
        : type === 'f16'
          ? { type, data: new Uint16Array(length), dim }
          : { type, data: new Int8Array(length), scales: new Float32Array(rows), dim };
    for (const { from, to, data } of runsOf(source)) {
      const run = encodeRun(data, dim, type);
      if (places === undefined) {
        codes.data.set(run.data, from * dim);
        if (codes.type === 'i8') codes.scales.set((run as I8Rows).scales, from);
        continue;
      }
      for (let row = from; row < to; row++) {
        codes.data.set(run.data.subarray((row - from) * dim, (row - from + 1) * dim), places[row]! * dim);
        if (codes.type === 'i8') codes.scales[places[row]!] = (run as I8Rows).scales[row - from]!;
      }
    }
    return new VectorCodes(codes, metric);
  }

  /** The same codes in another order: place i holds what stood at `order[i]`. */
  reordered(order: Uint32Array): VectorCodes {
    const { rows, count } = this;
    const { dim } = rows;
    const move = <T extends Float32Array | Uint16Array | Int8Array>(from: T, to: T): T => {
      for (let i = 0; i < count; i++) to.set(from.subarray(order[i]! * dim, (order[i]! + 1) * dim), i * dim);
      return to;
    };
    const { length } = rows.data;
    const metric = this.#metric === 'l2' ? 'l2' : 'dot';
    if (rows.type === 'f32') return new VectorCodes({ ...rows, data: move(rows.data, new Float32Array(length)) }, metric);
    if (rows.type === 'f16') return new VectorCodes({ ...rows, data: move(rows.data, new Uint16Array(length)) }, metric);
    const scales = Float32Array.from(order, (from) => rows.scales[from]!);
    return new VectorCodes({ ...rows, data: move(rows.data, new Int8Array(length)), scales }, metric);
  }

  /** Encodes and writes vectors a run at a time, as section `name` (and `name.scales`). */
  static async writeFrom(writer: SectionWriter, name: string, source: VectorSource, type: VectorCodes['rows']['type']): Promise<void> {
    const { dim } = source;
    const scales = new Float32Array(type === 'i8' ? source.rows : 0);
    function* converted(): Generator<Float32Array | Uint16Array | Int8Array> {
      for (const { from, data } of runsOf(source)) {
        const run = encodeRun(data, dim, type);
        if (run.type === 'i8') scales.set(run.scales, from);
        yield run.data;
      }
    }
    await writer.write(name, converted(), { f32: 'f32', f16: 'u16', i8: 'i8' }[type] as 'f32' | 'u16' | 'i8');
    if (type === 'i8') await writer.write(`${name}.scales`, scales);
  }

  async write(writer: SectionWriter, name: string): Promise<void> {
    await writer.write(name, this.rows.data);
    if (this.rows.type === 'i8') await writer.write(`${name}.scales`, this.rows.scales);
  }

  static read(file: SectionFile, name: string, type: VectorCodes['rows']['type'], dim: number, metric: DenseMetric): VectorCodes {
    if (type === 'f32') return new VectorCodes({ type, data: file.f32(name), dim }, metric);
    if (type === 'f16') return new VectorCodes({ type, data: file.u16(name), dim }, metric);
    return new VectorCodes({ type, data: file.i8(name), scales: file.f32(`${name}.scales`), dim }, metric);
  }

  /** The query in the type that goes with the rows: bytes with bytes, f32 with everything else. */
  query(query: Float32Array): Rows {
    const whole: F32Rows = { type: 'f32', data: query, dim: this.rows.dim };
    return this.rows.type === 'i8' ? quantise(whole, 'i8') : whole;
  }

  search(query: Float32Array, k: number, among: Among): Best | Promise<Best> {
    return searched(
      this.query(query),
      this.rows,
      k,
      { metric: this.#metric, ...among },
      this.rowBytes * (among.only?.length ?? this.count),
    );
  }
}

function encodeRun(data: Float32Array, dim: number, type: VectorCodes['rows']['type']): VectorCodes['rows'] {
  const rows: F32Rows = { type: 'f32', data, dim };
  if (type === 'f32') return rows;
  return type === 'f16' ? quantise(rows, type) : quantise(rows, type);
}

/**
 * One bit a dimension: whether the number is above the mean of all vectors. Compared by how many bits differ, which orders
 * by angle (Charikar 2002) seen from that mean; candidates need to be scored again.
 */
export class BitCodes implements Codes {
  readonly rows: BitRows;
  readonly mean: Float32Array;
  readonly count: number;
  readonly rowBytes: number;
  readonly scored = false;

  constructor(rows: BitRows, mean: Float32Array) {
    this.rows = rows;
    this.mean = mean;
    this.rowBytes = Math.ceil(rows.dim / 8);
    this.count = rows.data.length / this.rowBytes;
  }

  static encode(source: VectorSource): BitCodes {
    const { dim, rows } = source;
    const sums = new Float64Array(dim);
    for (const { data } of runsOf(source)) for (let i = 0; i < data.length; i++) sums[i % dim]! += data[i]!;
    const mean = Float32Array.from(sums, (sum) => sum / Math.max(1, rows));
    const rowBytes = Math.ceil(dim / 8);
    const bits = new Uint8Array(rows * rowBytes);
    for (const { from, data } of runsOf(source)) bits.set(bitsOf(data, mean).data, from * rowBytes);
    return new BitCodes({ type: 'bits', data: bits, dim }, mean);
  }

  async write(writer: SectionWriter, name: string): Promise<void> {
    await writer.write(name, this.rows.data);
    await writer.write(`${name}.mean`, this.mean);
  }

  static read(file: SectionFile, name: string, dim: number): BitCodes {
    return new BitCodes({ type: 'bits', data: file.u8(name), dim }, file.f32(`${name}.mean`));
  }

  search(query: Float32Array, k: number, among: Among): Best | Promise<Best> {
    const bits = bitsOf(query.slice(), this.mean);
    return searched(bits, this.rows, k, { metric: 'hamming', ...among }, this.rowBytes * (among.only?.length ?? this.count));
  }
}

/** The signs of vectors less the mean. The vectors are overwritten. */
function bitsOf(data: Float32Array, mean: Float32Array): BitRows {
  const dim = mean.length;
  for (let i = 0; i < data.length; i++) data[i]! -= mean[i % dim]!;
  return quantise({ type: 'f32', data, dim }, 'bits');
}

function searched(
  query: Rows,
  rows: Rows,
  k: number,
  options: Among & { readonly metric: 'dot' | 'l2' | 'hamming' },
  bytes: number,
): Best | Promise<Best> {
  if (bytes <= spotBytes) return first(search(query, rows, k, options));
  return searchAsync(query, rows, k, options).then(first);
}

/** The only list of a search for one query, as long as it is filled. */
function first({ indices, scores, counts }: Nearest): Best {
  const count = counts[0]!;
  return { indices: indices.subarray(0, count), scores: scores.subarray(0, count) };
}

/** Encodes all vectors as the plan says. */
export async function encodeCodes(
  source: VectorSource,
  codes: DenseCodes,
  metric: DenseMetric,
  signal?: AbortSignal,
): Promise<StoredCodes> {
  if (codes.type === 'bits') return BitCodes.encode(source);
  if (codes.type === 'pq') return ProductCodes.train(source, codes, metric, signal);
  return VectorCodes.encode(source, codes.type, metric);
}

export type StoredCodes = VectorCodes | BitCodes | ProductCodes;

export function readCodes(file: SectionFile, name: string, codes: DenseCodes, dim: number, metric: DenseMetric): StoredCodes {
  if (codes.type === 'bits') return BitCodes.read(file, name, dim);
  if (codes.type === 'pq') return ProductCodes.read(file, name, dim, codes, metric);
  return VectorCodes.read(file, name, codes.type, dim, metric);
}

/** Refuses codes that do not stand for as many vectors as the segment has documents. */
export function checkCount(file: SectionFile, codes: { readonly count: number }, count: number): void {
  if (codes.count !== count) {
    throw new RankError('CORRUPT', `${file.path} is damaged: ${codes.count} vectors for ${count} documents. Rebuild the index.`, {
      file: file.path,
    });
  }
}
