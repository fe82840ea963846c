import type { OperationArguments, RowsArgument } from '../arguments.ts';
import { decoder, lengthOf } from './decode.ts';
import { fault } from './fault.ts';
import { roundToEven, toBfloat, toHalf } from './half.ts';

export function norms({ rows, norms: out }: OperationArguments['norms'], begin: number, end: number): void {
  const decode = decoder(rows);
  const values = new Float64Array(rows.dim);
  for (let row = begin; row < end; row++) {
    decode(row, values, 0);
    out[row] = lengthOf(values, 0, rows.dim);
  }
}

export function normalise({ rows, norms: out }: OperationArguments['normalise'], begin: number, end: number): void {
  const { data, dim, stride } = rows;
  norms({ rows, norms: out }, begin, end);
  for (let row = begin; row < end; row++) {
    const length = out[row]!;
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) continue;
    const scale = Math.fround(1 / length);
    for (let k = row * stride; k < row * stride + dim; k++) data[k] = data[k]! * scale;
  }
}

export function quantise({ rows, target }: OperationArguments['quantise'], begin: number, end: number): void {
  const write = encoder(rows, target);
  for (let row = begin; row < end; row++) write(row);
}

function encoder({ data, dim, stride }: RowsArgument, target: RowsArgument): (row: number) => void {
  const out = target.data;
  if (target.type === 'bits') {
    return (row) => {
      const to = row * target.stride;
      for (let byte = 0; byte < target.stride; byte++) {
        let bits = 0;
        for (let k = 8 * byte; k < Math.min(dim, 8 * byte + 8); k++) if (data[row * stride + k]! > 0) bits |= 128 >> (k & 7);
        out[to + byte] = bits;
      }
    };
  }
  if (target.type === 'i8') {
    return (row) => {
      let largest = 0;
      for (let k = 0; k < dim; k++) {
        const size = Math.abs(data[row * stride + k]!);
        if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
      }
      const inverse = largest > 0 ? Math.fround(127 / largest) : 0;
      target.scales![row] = largest / 127;
      for (let k = 0; k < dim; k++) {
        const value = data[row * stride + k]!;
        const scaled = Math.abs(value) === Number.POSITIVE_INFINITY ? value : Math.fround(value * inverse);
        out[row * dim + k] = Number.isNaN(scaled) ? 0 : roundToEven(Math.max(-127, Math.min(127, scaled)));
      }
    };
  }
  const convert = target.type === 'f16' ? toHalf : toBfloat;
  return (row) => {
    for (let k = 0; k < dim; k++) out[row * dim + k] = convert(data[row * stride + k]!);
  };
}

export function dequantise({ rows, only, out }: OperationArguments['dequantise'], begin: number, end: number): void {
  const decode = decoder(rows);
  const values = new Float64Array(rows.dim);
  for (let unit = begin; unit < end; unit++) {
    const row = only === undefined ? unit : only[unit]!;
    if (row >= rows.rows) throw fault('dequantise', 'only', unit);
    decode(row, values, 0);
    out.set(values, unit * rows.dim);
  }
}

/** A unit is a document. */
export function sumRows(call: OperationArguments['sumRows'], begin: number, end: number): void {
  const { rows, offsets, mean, out } = call;
  const { dim } = rows;
  const decode = decoder(rows);
  const values = new Float64Array(dim);
  const sums = new Float64Array(dim);
  for (let unit = begin; unit < end; unit++) {
    const from = offsets[unit]!;
    const to = offsets[unit + 1]!;
    if (from > to || to > rows.rows) throw fault('sumRows', 'offsets', unit);
    sums.fill(0);
    for (let row = from; row < to; row++) {
      decode(row, values, 0);
      for (let k = 0; k < dim; k++) sums[k] = sums[k]! + values[k]!;
    }
    const scale = mean && to > from ? 1 / (to - from) : 1;
    for (let k = 0; k < dim; k++) out[unit * dim + k] = sums[k]! * scale;
  }
}

export function encodeResiduals(call: OperationArguments['encodeResiduals'], begin: number, end: number): void {
  const { rows, cutoffs, target } = call;
  const { data, dim, stride } = rows;
  const bits = target.bits!;
  const centroids = target.centroids!;
  const lastCentroid = centroids.length / dim - 1;
  for (let row = begin; row < end; row++) {
    const centroid = Math.min(target.centroidIds![row]!, lastCentroid) * dim;
    const to = row * target.stride;
    target.data.fill(0, to, to + target.stride);
    for (let k = 0; k < dim; k++) {
      const residual = Math.fround(data[row * stride + k]! - centroids[centroid + k]!);
      let code = 0;
      for (let i = 0; i < cutoffs.length; i++) if (cutoffs[i]! < residual) code++;
      const bit = k * bits;
      target.data[to + (bit >> 3)] = target.data[to + (bit >> 3)]! | (code << (8 - bits - (bit & 7)));
    }
  }
}
