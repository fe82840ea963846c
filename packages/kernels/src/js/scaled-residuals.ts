import type { OperationArguments, RowsArgument, ScaledResidualsArgument } from '../arguments.ts';
import { comparer } from './compare.ts';
import { decodeAll } from './decode.ts';
import { fault } from './fault.ts';
import { roundToEven } from './half.ts';
import { sumOfMaxima } from './maxsim.ts';

/** Writes a row's levels: the whole numbers that its codes stand for. */
function levelsOf({ codes, bits, dim, stride, levels }: ScaledResidualsArgument): (row: number, out: Float64Array) => void {
  if (bits === 8) {
    return (row, out) => {
      for (let k = 0; k < dim; k++) out[k] = codes[row * stride + k]! - 128;
    };
  }
  const mask = (1 << bits) - 1;
  return (row, out) => {
    for (let k = 0; k < dim; k++) {
      const bit = k * bits;
      out[k] = levels[(codes[row * stride + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask]!;
    }
  };
}

/** A unit is a row. */
export function encodeScaledResiduals(call: OperationArguments['encodeScaledResiduals'], begin: number, end: number): void {
  const { rows, target, cutoffs } = call;
  const { data, stride: from } = rows;
  const { codes, scaleCodes, bits, dim, stride, levels, scales } = target;
  const centroids = decodeAll(target.centroids);
  const centroid = centroidOf(target);
  const residual = new Float64Array(dim);
  const level = new Float64Array(dim);
  for (let row = begin; row < end; row++) {
    const c = centroid(row) * dim;
    let square = 0;
    let largest = 0;
    for (let k = 0; k < dim; k++) {
      const r = data[row * from + k]! - centroids[c + k]!;
      residual[k] = r;
      square += r * r;
      largest = Math.max(largest, Math.abs(r));
    }
    const factor = bits === 8 ? (largest > 0 ? 127 / largest : 0) : square > 0 ? Math.sqrt(dim / square) : 0;
    codes.fill(0, row * stride, (row + 1) * stride);
    for (let k = 0; k < dim; k++) {
      const value = residual[k]! * factor;
      let code = 0;
      if (bits === 8) {
        code = Number.isNaN(value) ? 128 : roundToEven(Math.max(-127, Math.min(127, value))) + 128;
        level[k] = code - 128;
      } else {
        for (let i = 0; i < cutoffs.length; i++) if (cutoffs[i]! < value) code++;
        level[k] = levels[code]!;
      }
      const bit = k * bits;
      codes[row * stride + (bit >> 3)] = codes[row * stride + (bit >> 3)]! | (code << (8 - bits - (bit & 7)));
    }
    let levelSquare = 0;
    let withResidual = 0;
    let withRow = 0;
    let along = 0;
    for (let k = 0; k < dim; k++) {
      const x = data[row * from + k]!;
      levelSquare += level[k]! * level[k]!;
      withResidual += residual[k]! * level[k]!;
      withRow += x * level[k]!;
      along += x * residual[k]!;
    }
    const least = levelSquare > 0 ? withResidual / levelSquare : 0;
    const unbiased = along / withRow;
    scaleCodes[row] = nearest(scales, unbiased > least / 2 && unbiased < 2 * least ? unbiased : least);
  }
}

/** The entry of an ascending table that is nearest to a value, the first of equals. */
function nearest(table: Float32Array, value: number): number {
  let best = 0;
  for (let i = 1; i < table.length; i++) if (Math.abs(table[i]! - value) < Math.abs(table[best]! - value)) best = i;
  return best;
}

function centroidOf({ centroidIds, centroids }: ScaledResidualsArgument): (row: number) => number {
  return (row) => Math.min(centroidIds[row]!, centroids.rows - 1);
}

/** A unit is a row of the result. */
export function decodeScaledResiduals(call: OperationArguments['decodeScaledResiduals'], begin: number, end: number): void {
  const { rows, only, out } = call;
  const { dim, scales, scaleCodes } = rows;
  const centroids = decodeAll(rows.centroids);
  const centroid = centroidOf(rows);
  const read = levelsOf(rows);
  const level = new Float64Array(dim);
  for (let unit = begin; unit < end; unit++) {
    const row = only === undefined ? unit : only[unit]!;
    if (row >= rows.rows) throw fault('decodeScaledResiduals', 'only', unit);
    const c = centroid(row) * dim;
    const scale = scales[scaleCodes[row]!]!;
    read(row, level);
    for (let k = 0; k < dim; k++) out[unit * dim + k] = centroids[c + k]! + scale * level[k]!;
  }
}

/** One unit. */
export function residualTable(call: OperationArguments['residualTable']): void {
  const { query, centroids, stride, floats, bytes, range } = call;
  const count = query.rows;
  const compare = comparer(query, centroids, 'dot', undefined);
  const tile = new Float32Array(count);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < centroids.rows; c++) {
    compare(c, 1, tile);
    floats.set(tile, c * stride);
    for (let q = 0; q < count; q++) {
      low = Math.min(low, tile[q]!);
      high = Math.max(high, tile[q]!);
    }
  }
  const width = high > low ? Math.fround(high - low) : 0;
  const inverse = width > 0 ? Math.fround(255 / width) : 0;
  range[0] = low <= high ? low : 0;
  range[1] = width / 255;
  for (let c = 0; c < centroids.rows; c++) {
    for (let i = c * stride; i < c * stride + count; i++) {
      bytes[i] = roundToEven(Math.min(255, Math.fround(Math.fround(floats[i]! - range[0]!) * inverse)));
    }
  }
}

/** The similarities of every query row to a row, by its centroid's entry in the table and its own levels. */
function similarities(query: RowsArgument, table: Float32Array, tableStride: number, rows: ScaledResidualsArgument) {
  const { dim, scales, scaleCodes } = rows;
  const read = levelsOf(rows);
  const level = new Float64Array(dim);
  const count = query.rows;
  return (row: number, centroid: number, out: Float32Array): void => {
    read(row, level);
    const scale = scales[scaleCodes[row]!]!;
    for (let q = 0; q < count; q++) {
      let dot = 0;
      for (let k = 0; k < dim; k++) dot += query.data[q * query.stride + k]! * level[k]!;
      out[q] = table[centroid * tableStride + q]! + Math.fround(Math.fround(dot) * query.scales![q]!) * scale;
    }
  };
}

/** A unit is a document. */
export function residualMaxSim(call: OperationArguments['residualMaxSim'], begin: number, end: number): void {
  const { query, table, tableStride, rows, offsets, only, scores } = call;
  const compare = similarities(query, table, tableStride, rows);
  const centroid = centroidOf(rows);
  const tile = new Float32Array(query.rows);
  const maxima = new Float32Array(query.rows);
  for (let unit = begin; unit < end; unit++) {
    const document = only === undefined ? unit : only[unit]!;
    if (document >= offsets.length - 1) throw fault('residualMaxSim', 'only', unit);
    const from = offsets[document]!;
    const to = offsets[document + 1]!;
    if (from > to || to > rows.rows) throw fault('residualMaxSim', 'offsets', document);
    maxima.fill(Number.NEGATIVE_INFINITY);
    for (let row = from; row < to; row++) {
      compare(row, centroid(row), tile);
      for (let q = 0; q < maxima.length; q++) if (tile[q]! > maxima[q]!) maxima[q] = tile[q]!;
    }
    scores[unit] = sumOfMaxima(maxima, undefined);
  }
}

/** One unit. */
export function warpScan(call: OperationArguments['warpScan']): void {
  const { query, table, tableStride, rows, listOffsets, documents, probes, missing, places, found, scores, counts } = call;
  const compare = similarities(query, table, tableStride, rows);
  const tile = new Float32Array(query.rows);
  const maxima: Float32Array[] = [];
  let count = 0;
  for (let p = 0; p < probes.length; p++) {
    const list = probes[p]!;
    if (list >= listOffsets.length - 1) throw fault('warpScan', 'only', p);
    const from = listOffsets[list]!;
    const to = listOffsets[list + 1]!;
    if (from > to || to > rows.rows) throw fault('warpScan', 'offsets', list);
    for (let row = from; row < to; row++) {
      const document = documents[row]!;
      if (document >= places.length) throw fault('warpScan', 'document', row);
      // Place 0 says that the document has not been met; those left out by the caller hold a place past all others.
      if (places[document] === leftOut) continue;
      if (places[document] === 0) {
        found[count++] = document;
        places[document] = count;
        maxima.push(missing.slice());
      }
      const best = maxima[places[document]! - 1]!;
      compare(row, list, tile);
      for (let q = 0; q < tile.length; q++) if (tile[q]! > best[q]!) best[q] = tile[q]!;
    }
  }
  for (let i = 0; i < count; i++) {
    scores[i] = sumOfMaxima(maxima[i]!, undefined);
    places[found[i]!] = 0;
  }
  counts[0] = count;
}

/** In `places`: the document is not to be found. */
const leftOut = 0xffffffff;
