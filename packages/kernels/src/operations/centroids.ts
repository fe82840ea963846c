import { checkInteger, checkOneOf, checkOptions, RankError, shown } from '@rank-rank/core';
import { queryBlock } from '../arguments.ts';
import { checkArray, checkLength, checkOffsets, checkOnly, checkPair, checkRows, checkType, outputFloats } from '../check.ts';
import type { Assignment, CentroidDocuments, CentroidTable, F32Rows, OutOption, Rows } from '../contract.ts';
import { clusterBlock } from '../js/centroids.ts';
import { grainOf, type Plan } from '../plan.ts';

export function* assign(allRows: Rows, allCentroids: Rows, options: { readonly metric?: 'dot' | 'l2' } = {}): Plan<Assignment> {
  checkOptions('assign', options, ['metric']);
  const rows = checkRows('assign: rows', allRows);
  const centroids = checkRows('assign: centroids', allCentroids);
  checkPair('assign', rows, centroids);
  if (centroids.rows === 0) throw new RankError('EMPTY_INPUT', 'assign: there are no centroids; expected one at least.');
  const metric = checkOneOf('assign: metric', options.metric ?? 'dot', ['dot', 'l2']);
  const ids = new Uint32Array(rows.rows);
  const scores = new Float32Array(rows.rows);
  yield {
    operation: 'assign',
    arguments: { rows, centroids, squaredDistance: metric === 'l2', ids, scores },
    units: Math.ceil(rows.rows / queryBlock),
    grain: grainOf(queryBlock * rows.dim * centroids.rows),
  };
  return { ids, scores };
}

export function* sumClusters(allRows: Rows, ids: Uint32Array, clusters: number): Plan<{ sums: Float32Array; counts: Uint32Array }> {
  const rows = checkRows('sumClusters', allRows);
  checkArray('sumClusters: ids', ids, Uint32Array);
  checkLength('sumClusters: ids', ids, rows.rows, 'one a row');
  checkInteger('sumClusters: clusters', clusters, { min: 1, max: 2 ** 31 });
  const sums = outputFloats('sumClusters', undefined, clusters * rows.dim);
  const counts = new Uint32Array(clusters);
  const units = Math.ceil(clusters / clusterBlock);
  // Every call goes through all ids, so it had better take many clusters at a time.
  yield { operation: 'sumClusters', arguments: { rows, ids, clusters, sums, counts }, units, grain: Math.max(1, Math.ceil(units / 16)) };
  return { sums, counts };
}

export function* centroidTable(
  queryRows: F32Rows,
  centroidRows: F32Rows,
  options: { readonly type?: 'u8' | 'f32'; readonly weights?: Float32Array } = {},
): Plan<CentroidTable> {
  checkOptions('centroidTable', options, ['type', 'weights']);
  const query = checkType('centroidTable: query', checkRows('centroidTable: query', queryRows), 'f32');
  const centroids = checkType('centroidTable: centroids', checkRows('centroidTable: centroids', centroidRows), 'f32');
  checkPair('centroidTable', query, centroids);
  if (centroids.rows === 0) throw new RankError('EMPTY_INPUT', 'centroidTable: there are no centroids; expected one at least.');
  const type = checkOneOf('centroidTable: type', options.type ?? 'u8', ['u8', 'f32']);
  const { weights } = options;
  if (weights !== undefined) {
    checkLength('centroidTable: weights', checkArray('centroidTable: weights', weights, Float32Array), query.rows, 'one a query row');
    for (const weight of weights) {
      if (!(weight >= 0)) throw new RankError('OUT_OF_RANGE', `centroidTable: a weight is ${weight}; expected none below 0.`);
    }
  }
  const stride = Math.ceil(query.rows / 16) * 16;
  const scores = outputFloats('centroidTable', undefined, centroids.rows * stride);
  const table = type === 'u8' ? new Uint8Array(scores.length) : undefined;
  const range = new Float32Array(2);
  yield { operation: 'centroidTable', arguments: { query, centroids, weights, stride, scores, table, range }, units: 1, grain: 1 };
  const shape = { centroids: centroids.rows, queryRows: query.rows, stride };
  return table === undefined
    ? { type: 'f32', data: scores, ...shape, low: 0, step: 1 }
    : { type: 'u8', data: table, ...shape, low: range[0]!, step: range[1]! };
}

export function* centroidScan(
  table: CentroidTable,
  documents: CentroidDocuments,
  options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {},
): Plan<Float32Array> {
  checkOptions('centroidScan', options, ['only', 'out']);
  checkTable(table);
  const centroidIds = checkArray<Uint16Array | Uint32Array>('centroidScan: centroidIds', documents?.centroidIds, Uint16Array, Uint32Array);
  const offsets = checkOffsets('centroidScan: offsets', documents.offsets);
  const only = checkOnly('centroidScan', options.only);
  const units = only?.length ?? offsets.length - 1;
  const scores = outputFloats('centroidScan', options.out, units);
  const grain = grainOf((centroidIds.length / Math.max(1, offsets.length - 1)) * table.stride * 4);
  yield { operation: 'centroidScan', arguments: { table, documents: { centroidIds, offsets }, only, scores }, units, grain };
  return scores;
}

function checkTable(table: CentroidTable): void {
  if (typeof table !== 'object' || table === null) {
    throw new RankError('INVALID_ARGUMENT', `centroidScan: the table is ${shown(table)}; expected what centroidTable gives.`);
  }
  const type = checkOneOf('centroidScan: table.type', table.type, ['u8', 'f32']);
  const data = checkArray<Uint8Array | Float32Array>('centroidScan: table.data', table.data, type === 'u8' ? Uint8Array : Float32Array);
  const stride = checkInteger('centroidScan: table.stride', table.stride, { min: 0, max: 2 ** 24 });
  checkInteger('centroidScan: table.queryRows', table.queryRows, { min: 0, max: stride });
  if (stride % 16 !== 0) throw new RankError('INVALID_ARGUMENT', `centroidScan: table.stride is ${stride}; expected a multiple of 16.`);
  checkLength(
    'centroidScan: table.data',
    data,
    checkInteger('centroidScan: table.centroids', table.centroids, { min: 1 }) * stride,
    'centroids × stride',
  );
}
