import { normalise } from '@rank-rank/kernels';

/** Vectors that are read a run at a time, wherever they are kept: what segments are written from. */
export interface VectorSource {
  readonly rows: number;
  readonly dim: number;
  /** Puts the vectors of rows `from` up to, without, `to` into the front of `into`. */
  read(from: number, to: number, into: Float32Array): void;
}

/** Vectors in memory, one array each. */
export function listedVectors(vectors: readonly Float32Array[], dim: number): VectorSource {
  return {
    rows: vectors.length,
    dim,
    read(from, to, into) {
      for (let row = from; row < to; row++) into.set(vectors[row]!, (row - from) * dim);
    },
  };
}

/** The same vectors in another order: row i is what row `order[i]` was. */
export function orderedVectors(source: VectorSource, order: Uint32Array): VectorSource {
  const { rows, dim } = source;
  return {
    rows,
    dim,
    read(from, to, into) {
      for (let row = from; row < to; row++) source.read(order[row]!, order[row]! + 1, into.subarray((row - from) * dim));
    },
  };
}

/** The first `dim` numbers of each vector, as Matryoshka embeddings are cut (Kusupati et al. 2022); scaled to length 1 again where `unit`. */
export function truncatedVectors(source: VectorSource, dim: number, unit: boolean): VectorSource {
  if (dim === source.dim) return source;
  let whole = new Float32Array(0);
  return {
    rows: source.rows,
    dim,
    read(from, to, into) {
      const length = (to - from) * source.dim;
      if (whole.length < length) whole = new Float32Array(length);
      source.read(from, to, whole);
      for (let row = 0; row < to - from; row++) into.set(whole.subarray(row * source.dim, row * source.dim + dim), row * dim);
      if (unit) normalise({ type: 'f32', data: into.subarray(0, (to - from) * dim), dim });
    },
  };
}

/** All vectors in runs of about a mebibyte, in a buffer that is used again. */
export function* runsOf(source: VectorSource): Generator<{ from: number; to: number; data: Float32Array }> {
  const step = Math.max(1, Math.floor(262_144 / source.dim));
  const buffer = new Float32Array(Math.min(step, source.rows) * source.dim);
  for (let from = 0; from < source.rows; from += step) {
    const to = Math.min(source.rows, from + step);
    const data = buffer.subarray(0, (to - from) * source.dim);
    source.read(from, to, data);
    yield { from, to, data };
  }
}

/** Up to `count` vectors, evenly spread, one after another. */
export function sampleOf(source: VectorSource, count: number): Float32Array {
  const rows = Math.min(count, source.rows);
  const data = new Float32Array(rows * source.dim);
  for (let i = 0; i < rows; i++) {
    const row = Math.floor((i * source.rows) / rows);
    source.read(row, row + 1, data.subarray(i * source.dim, (i + 1) * source.dim));
  }
  return data;
}
