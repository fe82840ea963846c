import { Random } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { I8Rows, Kernels, ScaledResidualCodec } from './contract.ts';
import { implementations, oracle } from './testing/cases.ts';

const rowsOf = (random: Random, rows: number, dim: number) =>
  Float32Array.from({ length: rows * dim }, () => random.normal() / Math.sqrt(dim));
const shape = fc.record({
  seed: fc.nat(),
  bits: fc.constantFrom(1, 2, 4, 8),
  dim: fc.constantFrom(1, 7, 16, 48, 96, 128, 130, 200),
  query: fc.integer({ min: 1, max: 70 }),
  lengths: fc.array(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 9 }),
  centroids: fc.integer({ min: 1, max: 37 }),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function codecOf(bits: 1 | 2 | 4 | 8, centroids: I8Rows): ScaledResidualCodec {
  const n = bits === 8 ? 0 : 2 ** bits;
  const levels = Int8Array.from({ length: n }, (_, i) => Math.round(((2 * i + 1) / n - 1) * 127));
  const cutoffs = Float32Array.from({ length: Math.max(0, n - 1) }, (_, i) => ((2 * (i + 1)) / n - 1) * 2.2);
  return { bits, centroids, levels, cutoffs, scales: Float32Array.from({ length: 256 }, (_, i) => Math.exp(-9 + i / 28)) };
}

function made({ seed, bits, dim, query: queryRows, lengths, centroids: count }: Shape) {
  const random = new Random(seed);
  const centroids = oracle.quantise({ type: 'f32', data: rowsOf(random, count, dim), dim }, 'i8');
  const offsets = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, d) => {
    offsets[d + 1] = offsets[d]! + length;
  });
  const total = offsets.at(-1)!;
  const data = rowsOf(random, total, dim);
  const ids = Uint16Array.from({ length: total }, () => random.integer(count));
  const codec = codecOf(bits, centroids);
  const rows = oracle.encodeScaledResiduals({ type: 'f32', data, dim }, ids, codec);
  const query = oracle.quantise({ type: 'f32', data: rowsOf(random, queryRows, dim), dim }, 'i8');
  return { random, dim, centroids, offsets, data, ids, codec, rows, query };
}

function expectClose(a: Float32Array, b: Float32Array, tolerance: number): void {
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => {
    if (Number.isFinite(b[i]!)) expect(Math.abs(value - b[i]!)).toBeLessThan(tolerance);
    else expect(value).toBe(b[i]);
  });
}

/** The squared lengths of what is left of each row after its centroid, and after its decoded row. */
function errorsOf(given: Shape) {
  const { data, rows, dim, centroids, codec } = made(given);
  const decoded = oracle.decodeScaledResiduals(rows).data;
  const whole = oracle.dequantise(centroids).data;
  const errors: number[] = [];
  const residuals: number[] = [];
  for (let row = 0; row * dim < data.length; row++) {
    let residual = 0;
    let error = 0;
    for (let k = 0; k < dim; k++) {
      const x = data[row * dim + k]!;
      residual += (x - whole[rows.centroidIds[row]! * dim + k]!) ** 2;
      error += (x - decoded[row * dim + k]!) ** 2;
    }
    errors.push(error);
    residuals.push(residual);
  }
  return { errors, residuals, dim, codec };
}

describe('scaled residuals, by the definition', () => {
  it('decode to what is coded, but for a share of the residual', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const { errors, residuals, dim, codec } = errorsOf(given);
        // The scale may be twice the least-squares one, so that no error is left along the row: then the residual can be missed once more.
        const share = given.bits === 8 ? 1.003 : 2.1;
        errors.forEach((error, row) => {
          expect(error).toBeLessThanOrEqual(share * residuals[row]! + 4 * dim * (127 * codec.scales[0]!) ** 2);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('decode the better the more bits', () => {
    const shares = ([1, 2, 4, 8] as const).map((bits) => {
      const { errors, residuals } = errorsOf({ seed: 7, bits, dim: 128, query: 1, lengths: [400], centroids: 37 });
      return errors.reduce((a, b) => a + b) / residuals.reduce((a, b) => a + b);
    });
    const atMost = [0.8, 0.3, 0.1, 0.05];
    shares.forEach((share, i) => {
      expect(share).toBeLessThan(Math.min(atMost[i]!, shares[i - 1] ?? 1));
    });
  });

  it('score as MaxSim of the decoded rows', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const { rows, offsets, query, centroids, dim } = made(given);
        const table = oracle.residualTable(query, centroids);
        const decoded = oracle.decodeScaledResiduals(rows);
        const plain = oracle.maxSim(oracle.dequantise(query), { rows: decoded, offsets });
        expectClose(oracle.residualMaxSim(table, { rows, offsets }), plain, 1e-3 * given.query);
        const only = Uint32Array.from({ length: 3 }, (_, i) => i % given.lengths.length);
        expectClose(
          oracle.residualMaxSim(table, { rows, offsets }, { only }),
          Float32Array.from(only, (d) => plain[d]!),
          1e-3 * given.query,
        );
        expect(dim).toBe(given.dim);
      }),
      { numRuns: 40 },
    );
  });
});

/** Rows ordered by centroid, as WARP keeps them. */
function listsOf({ codec, ids, data, dim, offsets }: ReturnType<typeof made>, kernels: Kernels) {
  const count = offsets.length - 1;
  const owner = Array.from({ length: count }, (_, d) => Array<number>(offsets[d + 1]! - offsets[d]!).fill(d)).flat();
  const order = Array.from(ids.keys()).sort((a, b) => ids[a]! - ids[b]! || a - b);
  const sorted = Float32Array.from(order.flatMap((row) => [...data.subarray(row * dim, (row + 1) * dim)]));
  const sortedIds = Uint16Array.from(order, (row) => ids[row]!);
  const lists = new Uint32Array(codec.centroids.scales.length + 1);
  for (const id of ids) lists[id + 1]!++;
  for (let i = 1; i < lists.length; i++) lists[i]! += lists[i - 1]!;
  return {
    rows: kernels.encodeScaledResiduals({ type: 'f32', data: sorted, dim }, sortedIds, codec),
    offsets: lists,
    documents: Uint32Array.from(order, (row) => owner[row]!),
    count,
  };
}

describe('a WARP scan', () => {
  it('is MaxSim of the probed rows with the missing similarities imputed', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 12 }), (given, k) => {
        const all = made(given);
        const lists = listsOf(all, oracle);
        const table = oracle.residualTable(all.query, all.centroids);
        const probes = Uint32Array.from({ length: given.centroids }, (_, i) => i).filter((i) => i % 3 !== 1);
        const missing = Float32Array.from({ length: given.query }, () => all.random.normal() / 10);
        const allow = Uint32Array.of(0b10110111101);
        const decoded = oracle.dequantise(all.query);
        const rows = oracle.decodeScaledResiduals(lists.rows);
        const expected: [number, number][] = [];
        for (let d = 0; d < lists.count; d++) {
          const mine = Array.from(lists.documents.keys()).filter(
            (row) => lists.documents[row] === d && probes.includes(lists.rows.centroidIds[row]!),
          );
          if (mine.length === 0 || !((allow[0]! >> d) & 1)) continue;
          const matrix = oracle.scores(decoded, rows, { only: Uint32Array.from(mine) });
          let score = 0;
          for (let q = 0; q < given.query; q++) score += Math.max(missing[q]!, ...matrix.subarray(q * mine.length, (q + 1) * mine.length));
          expected.push([d, score]);
        }
        expected.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
        const best = oracle.warpScan(table, lists, probes, missing, k, { allow });
        expectClose(
          best.scores,
          Float32Array.from(expected.slice(0, k), ([, score]) => score),
          1e-3 * given.query,
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(implementations)('%s', (_, kernels) => {
  it('codes rows as well as the oracle', () => {
    fc.assert(
      fc.property(shape, (given) => {
        const { data, dim, ids, codec, rows } = made(given);
        const mine = kernels.encodeScaledResiduals({ type: 'f32', data, dim }, ids, codec);
        const theirs = oracle.decodeScaledResiduals(rows).data;
        // A value on the edge of two codes may fall to either side.
        const ours = oracle.decodeScaledResiduals(mine).data;
        let differing = 0;
        ours.forEach((value, i) => {
          if (Math.abs(value - theirs[i]!) > 1e-5) differing++;
        });
        expect(differing).toBeLessThanOrEqual(Math.max(dim, 0.02 * data.length));
      }),
      { numRuns: 60 },
    );
  });

  it('decodes, scores and scans as the oracle does', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 9 }), (given, k) => {
        const all = made(given);
        const { rows, offsets, query, centroids } = all;
        expectClose(kernels.decodeScaledResiduals(rows).data, oracle.decodeScaledResiduals(rows).data, 1e-5);
        const theirs = oracle.residualTable(query, centroids);
        const table = kernels.residualTable(query, centroids);
        expectClose(table.floats, theirs.floats, 1e-5);
        expect([table.bytes.low, table.bytes.step]).toEqual([theirs.bytes.low, theirs.bytes.step]);
        expect(table.bytes.data).toEqual(theirs.bytes.data);
        expectClose(kernels.residualMaxSim(theirs, { rows, offsets }), oracle.residualMaxSim(theirs, { rows, offsets }), 1e-4);
        const only = Uint32Array.from({ length: 5 }, (_, i) => (i * 7) % given.lengths.length);
        expectClose(
          kernels.residualMaxSim(theirs, { rows, offsets }, { only }),
          oracle.residualMaxSim(theirs, { rows, offsets }, { only }),
          1e-4,
        );
        const lists = listsOf(all, oracle);
        const probes = Uint32Array.from({ length: given.centroids }, (_, i) => i).filter((i) => i % 3 !== 1);
        const missing = Float32Array.from({ length: given.query }, () => all.random.normal() / 10);
        for (const options of [{}, { allow: Uint32Array.of(0b0110111101) }]) {
          expectClose(
            kernels.warpScan(theirs, lists, probes, missing, k, options).scores,
            oracle.warpScan(theirs, lists, probes, missing, k, options).scores,
            1e-4,
          );
        }
      }),
      { numRuns: 80 },
    );
  });

  it('refuses lists that lead out of the data', () => {
    const { rows, query, centroids, offsets } = made({ seed: 1, bits: 4, dim: 16, query: 3, lengths: [3, 4], centroids: 5 });
    const table = oracle.residualTable(query, centroids);
    expect(() => kernels.residualMaxSim(table, { rows, offsets }, { only: Uint32Array.of(2) })).toThrow(/only/);
    expect(() => kernels.residualMaxSim(table, { rows, offsets: Uint32Array.of(0, 9, 9) })).toThrow(/offsets/);
    expect(() => kernels.decodeScaledResiduals(rows, { only: Uint32Array.of(7) })).toThrow(/only/);
  });
});
