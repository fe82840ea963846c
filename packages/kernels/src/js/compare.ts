import type { RowsArgument } from '../arguments.ts';
import type { Metric } from '../contract.ts';
import { decodeAll, decoder, lengthOf } from './decode.ts';

/** How many rows are compared at a time. */
export const rowTile = 3;

/** Compares all queries with rows `row` up to `row + count` (at most {@link rowTile}): entry `t · queries + q` of `out`. */
export type Compare = (row: number, count: number, out: Float32Array) => void;

/** The comparison of queries and rows by their types and the metric. With `scaled` false, dot products of i8 queries leave the queries' scales to the caller. */
export function comparer(
  queries: RowsArgument,
  rows: RowsArgument,
  metric: Metric,
  norms: Float32Array | undefined,
  scaled = true,
): Compare {
  if (queries.type === 'bits' && rows.type === 'bits') return compareBits(queries, rows, metric);
  if (queries.type === 'i8' && rows.type === 'i8') return compareI8(queries, rows, metric, norms, scaled);
  return compareFloats(queries, rows, metric, norms);
}

function compareFloats(queries: RowsArgument, rows: RowsArgument, metric: Metric, norms: Float32Array | undefined): Compare {
  const { dim } = rows;
  const count = queries.rows;
  const decode = decoder(rows);
  const tile = new Float64Array(rowTile * dim);
  const query = decodeAll(queries);
  const distance = metric === 'l2';
  const inverse = metric === 'cosine' ? inverseLengths(query, count, dim) : undefined;
  const inner = distance ? squaredDistances : dotProducts;
  return (row, rowCount, out) => {
    for (let t = 0; t < rowCount; t++) decode(row + t, tile, t * dim);
    inner(query, count, tile, rowCount, dim, out);
    if (inverse === undefined) return;
    for (let t = 0; t < rowCount; t++) {
      const scale = inverseOf(norms === undefined ? lengthOf(tile, t * dim, dim) : norms[row + t]!);
      for (let q = 0; q < count; q++) out[t * count + q] = out[t * count + q]! * inverse[q]! * scale;
    }
  };
}

function inverseOf(length: number): number {
  return length > 0 ? 1 / length : 0;
}

function inverseLengths(values: Float64Array, rows: number, dim: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => inverseOf(lengthOf(values, row * dim, dim)));
}

/** Two queries by three rows at a time: each number is read once for several products. Larger blocks are slower, as the engine runs out of registers. */
function dotProducts(query: Float64Array, queries: number, tile: Float64Array, rows: number, dim: number, out: Float32Array): void {
  let q = 0;
  if (rows === rowTile) {
    const r1 = dim;
    const r2 = 2 * dim;
    for (; q + 2 <= queries; q += 2) {
      const p = q * dim;
      const p1 = p + dim;
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      for (let k = 0; k < dim; k++) {
        const x = query[p + k]!;
        const y = query[p1 + k]!;
        const t0 = tile[k]!;
        const t1 = tile[r1 + k]!;
        const t2 = tile[r2 + k]!;
        a0 += x * t0;
        b0 += y * t0;
        a1 += x * t1;
        b1 += y * t1;
        a2 += x * t2;
        b2 += y * t2;
      }
      out[q] = a0;
      out[q + 1] = b0;
      out[queries + q] = a1;
      out[queries + q + 1] = b1;
      out[2 * queries + q] = a2;
      out[2 * queries + q + 1] = b2;
    }
  }
  for (; q < queries; q++) {
    const p = q * dim;
    for (let t = 0; t < rows; t++) {
      const r = t * dim;
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += query[p + k]! * tile[r + k]!;
      out[t * queries + q] = sum;
    }
  }
}

function squaredDistances(query: Float64Array, queries: number, tile: Float64Array, rows: number, dim: number, out: Float32Array): void {
  for (let t = 0; t < rows; t++) {
    const r = t * dim;
    for (let q = 0; q < queries; q++) {
      const p = q * dim;
      let sum = 0;
      for (let k = 0; k < dim; k++) {
        const difference = query[p + k]! - tile[r + k]!;
        sum += difference * difference;
      }
      out[t * queries + q] = sum;
    }
  }
}

function compareI8(queries: RowsArgument, rows: RowsArgument, metric: Metric, norms: Float32Array | undefined, scaled: boolean): Compare {
  const { dim } = rows;
  const count = queries.rows;
  const query = Float64Array.from({ length: count * dim }, (_, i) => queries.data[((i / dim) | 0) * queries.stride + (i % dim)]!);
  const squares = Float64Array.from({ length: count }, (_, q) => lengthOf(query, q * dim, dim) ** 2);
  const scales = queries.scales!;
  const rowScales = rows.scales!;
  const tile = new Float64Array(rowTile * dim);
  const sums = new Float64Array(rowTile);
  return (row, rowCount, out) => {
    for (let t = 0; t < rowCount; t++) {
      const from = (row + t) * rows.stride;
      let square = 0;
      for (let k = 0; k < dim; k++) {
        const value = rows.data[from + k]!;
        tile[t * dim + k] = value;
        square += value * value;
      }
      sums[t] = square;
    }
    // Sums of whole numbers below 2³¹: doubles hold them exactly, floats after the one rounding that is prescribed.
    dotProducts64(query, count, tile, rowCount, dim, (q, t, dot) => {
      const rowScale = rowScales[row + t]!;
      const scale = scaled ? scales[q]! : 1;
      const product = Math.fround(Math.fround(Math.fround(dot) * rowScale) * scale);
      if (metric === 'dot') out[t * count + q] = product;
      else if (metric === 'l2') {
        const own = scales[q]!;
        out[t * count + q] = Math.max(0, squares[q]! * own * own + sums[t]! * rowScale * rowScale - 2 * dot * rowScale * own);
      } else {
        const length = norms === undefined ? Math.sqrt(sums[t]!) * rowScale : norms[row + t]!;
        out[t * count + q] = dot * rowScale * inverseOf(Math.sqrt(squares[q]!)) * (scales[q]! > 0 ? 1 : 0) * inverseOf(length);
      }
    });
  };
}

function dotProducts64(
  query: Float64Array,
  queries: number,
  tile: Float64Array,
  rows: number,
  dim: number,
  take: (q: number, t: number, dot: number) => void,
): void {
  for (let t = 0; t < rows; t++) {
    for (let q = 0; q < queries; q++) {
      const p = q * dim;
      const r = t * dim;
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += query[p + k]! * tile[r + k]!;
      take(q, t, sum);
    }
  }
}

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

function compareBits(queries: RowsArgument, rows: RowsArgument, metric: Metric): Compare {
  const { dim } = rows;
  const bytes = Math.ceil(dim / 8);
  const count = queries.rows;
  return (row, rowCount, out) => {
    for (let t = 0; t < rowCount; t++) {
      const r = (row + t) * rows.stride;
      for (let q = 0; q < count; q++) {
        const p = q * queries.stride;
        let different = 0;
        for (let k = 0; k < bytes; k++) different += bitCounts[queries.data[p + k]! ^ rows.data[r + k]!]!;
        const dot = dim - 2 * different;
        out[t * count + q] = metric === 'dot' ? dot : metric === 'cosine' ? dot / dim : metric === 'l2' ? 4 * different : different;
      }
    }
  };
}
