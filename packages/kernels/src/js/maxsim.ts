import type { MaxSimArguments } from '../arguments.ts';
import { NONE } from '../contract.ts';
import { comparer, rowTile } from './compare.ts';
import { fault } from './fault.ts';

export function maxSim(call: MaxSimArguments, begin: number, end: number): void {
  const { query, rows, offsets, only, weights, scores, positions, similarities } = call;
  const count = query.rows;
  const compare = comparer(query, rows, call.cosine ? 'cosine' : 'dot', call.norms, false);
  const scales = query.type === 'i8' && rows.type === 'i8' && !call.cosine ? query.scales : undefined;
  const tile = new Float32Array(rowTile * count);
  const maxima = new Float32Array(count);
  const places = new Uint32Array(count);
  for (let unit = begin; unit < end; unit++) {
    const document = only === undefined ? unit : only[unit]!;
    if (document >= offsets.length - 1) throw fault('maxSim', 'only', unit);
    const from = offsets[document]!;
    const to = offsets[document + 1]!;
    if (from > to || to > rows.rows) throw fault('maxSim', 'offsets', document);
    maxima.fill(Number.NEGATIVE_INFINITY);
    places.fill(NONE);
    for (let row = from; row < to; row += rowTile) {
      const taken = Math.min(rowTile, to - row);
      compare(row, taken, tile);
      if (positions === undefined) keepLargest(tile, taken, maxima);
      else keepPositions(tile, taken, maxima, row - from, places);
    }
    if (scales !== undefined) for (let q = 0; q < count; q++) maxima[q] = maxima[q]! * scales[q]!;
    scores[unit] = sumOfMaxima(maxima, weights);
    positions?.set(places, unit * count);
    similarities?.set(maxima, unit * count);
  }
}

/** Comparisons are false for NaN, so that a NaN never wins. */
function keepLargest(tile: Float32Array, rows: number, maxima: Float32Array): void {
  const count = maxima.length;
  for (let q = 0; q < count; q++) {
    let most = maxima[q]!;
    for (let at = q, end = rows * count; at < end; at += count) {
      const similarity = tile[at]!;
      if (similarity > most) most = similarity;
    }
    maxima[q] = most;
  }
}

function keepPositions(tile: Float32Array, rows: number, maxima: Float32Array, row: number, places: Uint32Array): void {
  const count = maxima.length;
  for (let t = 0; t < rows; t++) {
    for (let q = 0; q < count; q++) {
      const similarity = tile[t * count + q]!;
      if (similarity > maxima[q]!) {
        maxima[q] = similarity;
        places[q] = row + t;
      }
    }
  }
}

const partials = new Float32Array(16);

/**
 * Σ w·max. Sixteen partial sums, of every sixteenth row each, are added in halves: the order in which registers of any width can do
 * it, so that equal maxima give equal scores in every implementation.
 */
export function sumOfMaxima(maxima: Float32Array, weights: Float32Array | undefined): number {
  partials.fill(0);
  for (let q = 0; q < maxima.length; q++) {
    const weight = weights === undefined ? 1 : weights[q]!;
    if (weight === 0) continue;
    if (maxima[q] === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    partials[q & 15] = partials[q & 15]! + Math.fround(weight * maxima[q]!);
  }
  for (let half = 8; half > 0; half >>= 1) for (let i = 0; i < half; i++) partials[i] = partials[i]! + partials[i + half]!;
  const sum = partials[0]!;
  return Number.isNaN(sum) ? Number.NEGATIVE_INFINITY : sum;
}
