import { checkInteger, checkOptions, RankError, shown } from '@rank-rank/core';
import type { RowsArgument, ScaledResidualsArgument } from '../arguments.ts';
import {
  checkAllow,
  checkArray,
  checkBits,
  checkGiven,
  checkLength,
  checkOffsets,
  checkOnly,
  checkPair,
  checkRows,
  checkType,
  outputFloats,
} from '../check.ts';
import type {
  Best,
  Bitmap,
  F32Rows,
  I8Rows,
  OutOption,
  ResidualLists,
  ResidualTable,
  ScaledResidualCodec,
  ScaledResiduals,
} from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';
import { topK } from './scores.ts';

export function* encodeScaledResiduals(
  allRows: F32Rows,
  ids: Uint16Array | Uint32Array,
  codec: ScaledResidualCodec,
): Plan<ScaledResiduals> {
  const where = 'encodeScaledResiduals';
  const rows = checkType(where, checkRows(where, allRows), 'f32');
  const centroidIds = checkArray<Uint16Array | Uint32Array>(`${where}: centroidIds`, ids, Uint16Array, Uint32Array);
  checkLength(`${where}: centroidIds`, centroidIds, rows.rows, 'one a row');
  checkGiven(`${where}: codec`, codec, '{ bits, centroids, levels, cutoffs, scales }');
  checkOptions(`${where}: codec`, codec, ['bits', 'centroids', 'levels', 'cutoffs', 'scales']);
  const bits = checkBits(`${where}: bits`, codec.bits);
  const cutoffs = checkArray(`${where}: cutoffs`, codec.cutoffs, Float32Array);
  if (bits < 8) checkLength(`${where}: cutoffs`, cutoffs, 2 ** bits - 1, 'one less than there are codes');
  const { dim } = rows;
  const target: ScaledResiduals = {
    bits,
    codes: new Uint8Array(rows.rows * Math.ceil((dim * bits) / 8)),
    centroidIds,
    centroids: codec.centroids,
    levels: codec.levels,
    scaleCodes: new Uint8Array(rows.rows),
    scales: codec.scales,
    dim,
  };
  const checked = checkScaled(where, target);
  yield { operation: where, arguments: { rows, cutoffs, target: checked }, units: rows.rows, grain: grainOf(dim * 16) };
  return target;
}

export function* decodeScaledResiduals(
  residuals: ScaledResiduals,
  options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {},
): Plan<F32Rows> {
  const where = 'decodeScaledResiduals';
  checkOptions(where, options, ['out', 'only']);
  const rows = checkScaled(where, residuals);
  const only = checkOnly(where, options.only);
  const units = only?.length ?? rows.rows;
  const out = outputFloats(where, options.out, units * rows.dim);
  yield { operation: where, arguments: { rows, only, out }, units, grain: grainOf(rows.dim * 8) };
  return { type: 'f32', data: out, dim: rows.dim };
}

export function* residualTable(queryRows: I8Rows, centroidRows: I8Rows): Plan<ResidualTable> {
  const query = checkType('residualTable: query', checkRows('residualTable: query', queryRows), 'i8');
  const centroids = checkType('residualTable: centroids', checkRows('residualTable: centroids', centroidRows), 'i8');
  checkPair('residualTable', query, centroids);
  if (centroids.rows === 0) throw new RankError('EMPTY_INPUT', 'residualTable: there are no centroids; expected one at least.');
  const stride = Math.ceil(query.rows / 16) * 16;
  const floats = outputFloats('residualTable', undefined, centroids.rows * stride);
  const bytes = new Uint8Array(floats.length);
  const range = new Float32Array(2);
  yield { operation: 'residualTable', arguments: { query, centroids, stride, floats, bytes, range }, units: 1, grain: 1 };
  const shape = { centroids: centroids.rows, queryRows: query.rows, stride };
  return { query: queryRows, floats, bytes: { type: 'u8', data: bytes, ...shape, low: range[0]!, step: range[1]! } };
}

export function* residualMaxSim(
  table: ResidualTable,
  documents: { readonly rows: ScaledResiduals; readonly offsets: Uint32Array },
  options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {},
): Plan<Float32Array> {
  const where = 'residualMaxSim';
  checkOptions(where, options, ['out', 'only']);
  const rows = checkScaled(where, documents?.rows);
  const query = checkTable(where, table, rows);
  const offsets = checkOffsets(`${where}: offsets`, documents.offsets);
  const only = checkOnly(where, options.only);
  const units = only?.length ?? offsets.length - 1;
  const scores = outputFloats(where, options.out, units);
  const rowsOfDocument = rows.rows / Math.max(1, offsets.length - 1);
  yield {
    operation: where,
    arguments: { query, table: table.floats, tableStride: table.bytes.stride, rows, offsets, only, scores },
    units,
    grain: grainOf(rowsOfDocument * rows.dim * Math.max(16, query.rows)),
  };
  return scores;
}

export function* warpScan(
  table: ResidualTable,
  lists: ResidualLists,
  probes: Uint32Array,
  missing: Float32Array,
  k: number,
  options: { readonly allow?: Bitmap } = {},
): Plan<Best> {
  const where = 'warpScan';
  checkOptions(where, options, ['allow']);
  const rows = checkScaled(where, lists?.rows);
  const query = checkTable(where, table, rows);
  const listOffsets = checkOffsets(`${where}: offsets`, lists.offsets);
  checkLength(`${where}: offsets`, listOffsets, rows.centroids.rows + 1, 'one more than there are centroids');
  const documents = checkArray(`${where}: documents`, lists.documents, Uint32Array);
  checkLength(`${where}: documents`, documents, rows.rows, 'one a row');
  const count = checkInteger(`${where}: count`, lists.count, { min: 0, max: 2 ** 32 - 2 });
  checkArray(`${where}: probes`, probes, Uint32Array);
  checkLength(`${where}: missing`, checkArray(`${where}: missing`, missing, Float32Array), query.rows, 'one a query row');
  checkInteger(`${where}: k`, k, { min: 1 });
  const allow = checkAllow(where, options.allow, count);
  const places = new Uint32Array(count);
  if (allow !== undefined) for (let d = 0; d < count; d++) if (((allow[d >>> 5]! >>> (d & 31)) & 1) === 0) places[d] = 0xffffffff;
  let met = 0;
  for (const list of probes) if (list < listOffsets.length - 1) met += Math.max(0, listOffsets[list + 1]! - listOffsets[list]!);
  const most = Math.min(met, count);
  const found = new Uint32Array(most);
  const scores = new Float32Array(most);
  const counts = new Uint32Array(1);
  yield {
    operation: where,
    arguments: {
      query,
      table: table.floats,
      tableStride: table.bytes.stride,
      rows,
      listOffsets,
      documents,
      probes,
      missing,
      places,
      found,
      scores,
      counts,
    },
    units: 1,
    grain: 1,
  };
  // In the order of the documents, so that equal scores put the smaller first.
  const order = found.subarray(0, counts[0]!).slice().sort();
  const byDocument = new Float32Array(order.length);
  for (let i = 0; i < order.length; i++) places[found[i]!] = i;
  for (let i = 0; i < order.length; i++) byDocument[i] = scores[places[order[i]!]!]!;
  if (order.length === 0) return { indices: order, scores: byDocument };
  const best = yield* topK(byDocument, k);
  return { indices: best.indices.map((i) => order[i]!), scores: best.scores };
}

function checkTable(where: string, table: ResidualTable, rows: ScaledResidualsArgument): RowsArgument {
  if (typeof table !== 'object' || table === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: the table is ${shown(table)}; expected what residualTable gives.`);
  }
  const query = checkType(`${where}: table.query`, checkRows(`${where}: table.query`, table.query), 'i8');
  const floats = checkArray(`${where}: table.floats`, table.floats, Float32Array);
  const stride = checkInteger(`${where}: table.bytes.stride`, table.bytes?.stride, { min: query.rows });
  if (stride % 16 !== 0) throw new RankError('INVALID_ARGUMENT', `${where}: the table's stride is ${stride}; expected a multiple of 16.`);
  checkLength(`${where}: table.floats`, floats, rows.centroids.rows * stride, 'centroids × stride');
  if (query.dim !== rows.dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the query has ${query.dim} dimensions and the rows ${rows.dim}; expected the same.`,
    );
  }
  return query;
}

function checkScaled(where: string, value: ScaledResiduals): ScaledResidualsArgument {
  if (typeof value !== 'object' || value === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: rows are ${shown(value)}; expected scaled residuals.`);
  }
  const bits = checkBits(`${where}: bits`, value.bits);
  const centroids = checkType(`${where}: centroids`, checkRows(`${where}: centroids`, value.centroids), 'i8');
  if (centroids.rows === 0) throw new RankError('EMPTY_INPUT', `${where}: there are no centroids; expected one at least.`);
  const dim = checkInteger(`${where}: dim`, value.dim, { min: 1 });
  if (centroids.dim !== dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the centroids have ${centroids.dim} dimensions and the rows ${dim}; expected the same.`,
    );
  }
  const centroidIds = checkArray<Uint16Array | Uint32Array>(`${where}: centroidIds`, value.centroidIds, Uint16Array, Uint32Array);
  const scaleCodes = checkArray(`${where}: scaleCodes`, value.scaleCodes, Uint8Array);
  const rows = scaleCodes.length;
  const stride = Math.ceil((dim * bits) / 8);
  const codes = checkArray(`${where}: codes`, value.codes, Uint8Array);
  checkLength(`${where}: codes`, codes, rows * stride, `${stride} a row`);
  if (centroidIds.length > 0 || where !== 'warpScan') checkLength(`${where}: centroidIds`, centroidIds, rows, 'one a row');
  const levels = checkArray(`${where}: levels`, value.levels, Int8Array);
  if (bits < 8) checkLength(`${where}: levels`, levels, 2 ** bits, 'one a code');
  const scales = checkArray(`${where}: scales`, value.scales, Float32Array);
  checkLength(`${where}: scales`, scales, 256, 'one for each byte');
  return { rows, dim, bits, stride, codes, centroidIds, centroids, levels, scaleCodes, scales };
}
