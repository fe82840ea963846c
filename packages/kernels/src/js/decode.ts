import type { RowsArgument } from '../arguments.ts';
import { fromBfloat, halfTable } from './half.ts';

/** Writes the numbers that a row stands for to `out` from `at` on. */
export type Decode = (row: number, out: Float64Array, at: number) => void;

/** The decoder of rows of a type. */
export function decoder(rows: RowsArgument): Decode {
  const { data, dim, stride } = rows;
  switch (rows.type) {
    case 'f32':
      return (row, out, at) => {
        const from = row * stride;
        out.set(data.subarray(from, from + dim), at);
      };
    case 'f16': {
      const table = halfTable();
      return (row, out, at) => {
        const from = row * stride;
        for (let k = 0; k < dim; k++) out[at + k] = table[data[from + k]!]!;
      };
    }
    case 'bf16':
      return (row, out, at) => {
        const from = row * stride;
        for (let k = 0; k < dim; k++) out[at + k] = fromBfloat(data[from + k]!);
      };
    case 'i8': {
      const scales = rows.scales!;
      return (row, out, at) => {
        const from = row * stride;
        const scale = scales[row]!;
        for (let k = 0; k < dim; k++) out[at + k] = data[from + k]! * scale;
      };
    }
    case 'bits':
      return (row, out, at) => {
        const from = row * stride;
        for (let k = 0; k < dim; k++) out[at + k] = (data[from + (k >> 3)]! << (k & 7)) & 128 ? 1 : -1;
      };
    case 'residual':
      return residualDecoder(rows);
  }
}

function residualDecoder(rows: RowsArgument): Decode {
  const { data, dim, stride, unit } = rows;
  const bits = rows.bits!;
  const centroidIds = rows.centroidIds!;
  const centroids = rows.centroids!;
  const weights = rows.weights!;
  const lastCentroid = centroids.length / dim - 1;
  const mask = (1 << bits) - 1;
  return (row, out, at) => {
    const from = row * stride;
    const centroid = Math.min(centroidIds[row]!, lastCentroid) * dim;
    let square = 0;
    for (let k = 0; k < dim; k++) {
      const bit = k * bits;
      const code = (data[from + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask;
      const value = Math.fround(centroids[centroid + k]! + weights[code]!);
      out[at + k] = value;
      square += value * value;
    }
    if (!unit) return;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 1;
    for (let k = 0; k < dim; k++) out[at + k] = out[at + k]! * scale;
  };
}

/** Rows as doubles, one after another. */
export function decodeAll(rows: RowsArgument): Float64Array {
  const out = new Float64Array(rows.rows * rows.dim);
  const decode = decoder(rows);
  for (let row = 0; row < rows.rows; row++) decode(row, out, row * rows.dim);
  return out;
}

export function lengthOf(values: Float64Array, at: number, dim: number): number {
  let square = 0;
  for (let k = 0; k < dim; k++) square += values[at + k]! * values[at + k]!;
  return Math.sqrt(square);
}
