import { checkOneOf, checkOptions, RankError } from '@rank-rank/core';
import type { RowsArgument } from '../arguments.ts';
import {
  checkArray,
  checkBits,
  checkCentroids,
  checkDocuments,
  checkGiven,
  checkLength,
  checkOnly,
  checkRows,
  checkType,
  outputFloats,
} from '../check.ts';
import type { Bf16Rows, BitRows, Documents, F16Rows, F32Rows, I8Rows, OutOption, ResidualCodec, ResidualRows, Rows } from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';

export function* norms(allRows: Rows, options: OutOption<Float32Array> = {}): Plan<Float32Array> {
  checkOptions('norms', options, ['out']);
  const rows = checkRows('norms', allRows);
  const out = outputFloats('norms', options.out, rows.rows);
  yield { operation: 'norms', arguments: { rows, norms: out }, units: rows.rows, grain: grainOf(rows.dim * 4) };
  return out;
}

export function* normalise(allRows: F32Rows): Plan<Float32Array> {
  const rows = checkType('normalise', checkRows('normalise', allRows), 'f32');
  const lengths = new Float32Array(rows.rows);
  yield { operation: 'normalise', arguments: { rows, norms: lengths }, units: rows.rows, grain: grainOf(rows.dim * 4) };
  return lengths;
}

const smallTypes = ['f16', 'bf16', 'i8', 'bits'] as const;

export function* quantise(allRows: F32Rows, to: (typeof smallTypes)[number]): Plan<F16Rows | Bf16Rows | I8Rows | BitRows> {
  const rows = checkType('quantise', checkRows('quantise', allRows), 'f32');
  const type = checkOneOf('quantise: type', to, smallTypes);
  const { dim } = rows;
  const target = emptyRows(type, rows.rows, dim);
  yield {
    operation: 'quantise',
    arguments: { rows, target: checkRows('quantise', target) },
    units: rows.rows,
    grain: grainOf(dim * 8),
  };
  return target;
}

function emptyRows(type: (typeof smallTypes)[number], rows: number, dim: number): F16Rows | Bf16Rows | I8Rows | BitRows {
  if (type === 'bits') return { type, data: new Uint8Array(rows * Math.ceil(dim / 8)), dim };
  if (type === 'i8') return { type, data: new Int8Array(rows * dim), scales: new Float32Array(rows), dim };
  return { type, data: new Uint16Array(rows * dim), dim };
}

export function* dequantise(allRows: Rows, options: OutOption<Float32Array> & { readonly only?: Uint32Array } = {}): Plan<F32Rows> {
  checkOptions('dequantise', options, ['out', 'only']);
  const rows = checkRows('dequantise', allRows);
  const only = checkOnly('dequantise', options.only);
  const units = only?.length ?? rows.rows;
  const out = outputFloats('dequantise', options.out, units * rows.dim);
  yield { operation: 'dequantise', arguments: { rows, only, out }, units, grain: grainOf(rows.dim * 8) };
  return { type: 'f32', data: out, dim: rows.dim };
}

export function* sumRows(documents: Documents, options: OutOption<Float32Array> & { readonly mean?: boolean } = {}): Plan<F32Rows> {
  checkOptions('sumRows', options, ['out', 'mean']);
  const { rows, offsets } = checkDocuments('sumRows', documents);
  const units = offsets.length - 1;
  const out = outputFloats('sumRows', options.out, units * rows.dim);
  const grain = grainOf((rows.rows / Math.max(1, units)) * rows.dim * 4);
  yield { operation: 'sumRows', arguments: { rows, offsets, mean: options.mean === true, out }, units, grain };
  return { type: 'f32', data: out, dim: rows.dim };
}

export function* encodeResiduals(allRows: F32Rows, ids: Uint16Array | Uint32Array, codec: ResidualCodec): Plan<ResidualRows> {
  const rows = checkType('encodeResiduals', checkRows('encodeResiduals', allRows), 'f32');
  const centroidIds = checkArray<Uint16Array | Uint32Array>('encodeResiduals: centroidIds', ids, Uint16Array, Uint32Array);
  checkLength('encodeResiduals: centroidIds', centroidIds, rows.rows, 'one a row');
  checkGiven('encodeResiduals: codec', codec, '{ bits, centroids, cutoffs, weights, dim }');
  checkOptions('encodeResiduals: codec', codec, ['bits', 'centroids', 'cutoffs', 'weights', 'dim', 'unit']);
  const { dim } = rows;
  if (codec.dim !== dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `encodeResiduals: the codec has ${codec.dim} dimensions and the rows ${dim}; expected the same.`,
    );
  }
  const bits = checkBits('encodeResiduals: bits', codec.bits);
  const centroids = checkCentroids('encodeResiduals: centroids', codec.centroids, dim);
  const cutoffs = checkArray('encodeResiduals: cutoffs', codec.cutoffs, Float32Array);
  checkLength('encodeResiduals: cutoffs', cutoffs, 2 ** bits - 1, 'one less than there are codes');
  for (let i = 1; i < cutoffs.length; i++) {
    if (!(cutoffs[i - 1]! <= cutoffs[i]!)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `encodeResiduals: cutoffs descend at ${i} (${cutoffs[i - 1]}, ${cutoffs[i]}); expected them ascending.`,
      );
    }
  }
  const codes = new Uint8Array(rows.rows * Math.ceil((dim * bits) / 8));
  const target: ResidualRows = {
    type: 'residual',
    bits,
    codes,
    centroidIds,
    centroids,
    weights: codec.weights,
    dim,
    unit: codec.unit === true,
  };
  const checked: RowsArgument = checkRows('encodeResiduals', target);
  yield { operation: 'encodeResiduals', arguments: { rows, cutoffs, target: checked }, units: rows.rows, grain: grainOf(dim * 16) };
  return target;
}
