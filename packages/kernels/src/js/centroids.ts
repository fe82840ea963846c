import { type OperationArguments, queryBlock, type RowsArgument } from '../arguments.ts';
import { comparer, rowTile } from './compare.ts';
import { decodeAll, decoder } from './decode.ts';
import { fault } from './fault.ts';
import { roundToEven } from './half.ts';
import { sumOfMaxima } from './maxsim.ts';
import { someRows } from './scores.ts';

/** A unit is a block of rows. */
export function assign(call: OperationArguments['assign'], begin: number, end: number): void {
  const { rows, centroids, squaredDistance, ids, scores } = call;
  const halves = squaredDistance ? halfSquares(centroids) : undefined;
  const tile = new Float32Array(rowTile * queryBlock);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * queryBlock;
    const count = Math.min(queryBlock, rows.rows - first);
    const block = someRows(rows, first, count);
    const compare = comparer(block, centroids, 'dot', undefined);
    const best = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    ids.fill(0, first, first + count);
    scores.fill(Number.NaN, first, first + count);
    for (let centroid = 0; centroid < centroids.rows; centroid += rowTile) {
      const taken = Math.min(rowTile, centroids.rows - centroid);
      compare(centroid, taken, tile);
      for (let t = 0; t < taken; t++) {
        for (let q = 0; q < count; q++) {
          const score = tile[t * count + q]! - (halves === undefined ? 0 : halves[centroid + t]!);
          if (score > best[q]!) {
            best[q] = score;
            ids[first + q] = centroid + t;
            scores[first + q] = score;
          }
        }
      }
    }
    if (squaredDistance) {
      const squares = halfSquares(block);
      for (let q = 0; q < count; q++) scores[first + q] = Math.max(0, 2 * (squares[q]! - best[q]!));
    }
  }
}

function halfSquares(rows: RowsArgument): Float64Array {
  const { dim } = rows;
  const values = decodeAll(rows);
  return Float64Array.from({ length: rows.rows }, (_, row) => {
    let square = 0;
    for (let k = row * dim; k < (row + 1) * dim; k++) square += values[k]! * values[k]!;
    return square / 2;
  });
}

/** A unit is a block of 64 clusters. */
export function sumClusters(call: OperationArguments['sumClusters'], begin: number, end: number): void {
  const { rows, ids, sums, counts, clusters } = call;
  const { dim } = rows;
  const decode = decoder(rows);
  const values = new Float64Array(dim);
  const from = begin * clusterBlock;
  const to = Math.min(clusters, end * clusterBlock);
  sums.fill(0, from * dim, to * dim);
  counts.fill(0, from, to);
  for (let row = 0; row < rows.rows; row++) {
    const cluster = ids[row]!;
    if (cluster >= clusters) throw fault('sumClusters', 'only', row);
    if (cluster < from || cluster >= to) continue;
    decode(row, values, 0);
    counts[cluster] = counts[cluster]! + 1;
    for (let k = 0; k < dim; k++) sums[cluster * dim + k] = sums[cluster * dim + k]! + Math.fround(values[k]!);
  }
}

export const clusterBlock = 64;

export function centroidTable(call: OperationArguments['centroidTable']): void {
  const { query, centroids, weights, stride, scores, table, range } = call;
  const count = query.rows;
  const compare = comparer(query, centroids, 'dot', undefined);
  const tile = new Float32Array(count);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let centroid = 0; centroid < centroids.rows; centroid++) {
    compare(centroid, 1, tile);
    for (let q = 0; q < count; q++) {
      const score = Math.fround(weights === undefined ? tile[q]! : tile[q]! * weights[q]!);
      scores[centroid * stride + q] = score;
      if (Math.abs(score) < Number.POSITIVE_INFINITY) {
        low = Math.min(low, score);
        high = Math.max(high, score);
      }
    }
  }
  if (table === undefined) return;
  const width = high > low ? Math.fround(high - low) : 0;
  const inverse = width > 0 ? Math.fround(255 / width) : 0;
  range[0] = low <= high ? low : 0;
  range[1] = width / 255;
  for (let centroid = 0; centroid < centroids.rows; centroid++) {
    for (let i = centroid * stride; i < centroid * stride + count; i++) {
      const place = Math.fround(Math.fround(scores[i]! - range[0]!) * inverse);
      table[i] = place > 0 ? roundToEven(Math.min(255, place)) : 0;
    }
  }
}

/** A unit is a document. */
export function centroidScan(call: OperationArguments['centroidScan'], begin: number, end: number): void {
  const { table, documents, only, scores } = call;
  const { data, stride, queryRows, centroids } = table;
  const { centroidIds, offsets } = documents;
  const floats = table.type === 'f32';
  const maxima = new Float32Array(stride);
  for (let unit = begin; unit < end; unit++) {
    const document = only === undefined ? unit : only[unit]!;
    if (document >= offsets.length - 1) throw fault('centroidScan', 'only', unit);
    const from = offsets[document]!;
    const to = offsets[document + 1]!;
    if (from > to || to > centroidIds.length) throw fault('centroidScan', 'offsets', document);
    if (from === to) {
      scores[unit] = queryRows === 0 ? 0 : Number.NEGATIVE_INFINITY;
      continue;
    }
    maxima.fill(floats ? Number.NEGATIVE_INFINITY : 0);
    for (let i = from; i < to; i++) {
      const entry = Math.min(centroidIds[i]!, centroids - 1) * stride;
      for (let q = 0; q < queryRows; q++) {
        const value = data[entry + q]!;
        if (value > maxima[q]!) maxima[q] = value;
      }
    }
    if (floats) scores[unit] = sumOfMaxima(maxima.subarray(0, queryRows), undefined);
    else {
      let sum = 0;
      for (let q = 0; q < queryRows; q++) sum += maxima[q]!;
      scores[unit] = Math.fround(Math.fround(queryRows * table.low) + Math.fround(table.step * sum));
    }
  }
}
