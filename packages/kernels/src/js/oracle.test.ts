/** The JavaScript kernels against the definitions, written as plainly as they can be. */
import { Random } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { type F32Rows, type Metric, NONE, type Rows } from '../contract.ts';
import { openKernels } from '../load.ts';

const kernels = openKernels('js');
const random = new Random(7);

function floats(rows: number, dim: number): F32Rows {
  return { type: 'f32', data: Float32Array.from({ length: rows * dim }, () => random.next() * 2 - 1), dim };
}

function row(rows: F32Rows, index: number): number[] {
  return Array.from(rows.data.subarray(index * rows.dim, (index + 1) * rows.dim));
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function compare(metric: Metric, a: number[], b: number[]): number {
  const dot = sum(a.map((x, k) => x * b[k]!));
  if (metric === 'dot') return dot;
  if (metric === 'cosine') return dot / Math.sqrt(sum(a.map((x) => x * x)) * sum(b.map((x) => x * x))) || 0;
  if (metric === 'l2') return sum(a.map((x, k) => (x - b[k]!) ** 2));
  return a.filter((x, k) => x !== b[k]).length;
}

const types = ['f32', 'f16', 'bf16', 'i8', 'bits'] as const;
const as = (rows: F32Rows, type: (typeof types)[number]): Rows => (type === 'f32' ? rows : kernels.quantise(rows, type));

describe('the JavaScript kernels', () => {
  it.each(types)('score rows of %s as the numbers they stand for', (type) => {
    const dim = 19;
    const queries = floats(3, dim);
    const rows = as(floats(11, dim), type);
    const plain = kernels.dequantise(rows);
    for (const metric of ['dot', 'cosine', 'l2'] as const) {
      const scores = kernels.scores(queries, rows, { metric });
      for (let q = 0; q < 3; q++) {
        for (let r = 0; r < 11; r++) expect(scores[q * 11 + r]).toBeCloseTo(compare(metric, row(queries, q), row(plain, r)), 4);
      }
    }
    if (type === 'i8' || type === 'bits') {
      const own = as(queries, type);
      const plainQueries = kernels.dequantise(own);
      for (const metric of type === 'bits' ? (['dot', 'cosine', 'l2', 'hamming'] as const) : (['dot', 'cosine', 'l2'] as const)) {
        const scores = kernels.scores(own, rows, { metric });
        for (let r = 0; r < 11; r++) expect(scores[r]).toBeCloseTo(compare(metric, row(plainQueries, 0), row(plain, r)), 4);
      }
    }
  });

  it('keep what quantising keeps', () => {
    const rows = floats(9, 33);
    const error = (type: (typeof types)[number]): number => {
      const back = kernels.dequantise(as(rows, type)).data;
      return Math.max(...rows.data.map((x, i) => Math.abs(x - back[i]!)));
    };
    expect(error('f16')).toBeLessThan(2 ** -12);
    expect(error('bf16')).toBeLessThan(2 ** -8);
    expect(error('i8')).toBeLessThan(0.51 / 127);
    expect(
      Array.from(kernels.quantise({ type: 'f32', data: Float32Array.of(1, -1, 0, 2, -3, 4, -5, 6, 7, -8), dim: 10 }, 'bits').data),
    ).toEqual([0b10010101, 0b10000000]);
  });

  it('find the best rows as sorting all scores does, equal ones by index', () => {
    const rows: F32Rows = { type: 'f32', data: Float32Array.from({ length: 200 }, () => Math.floor(random.next() * 4)), dim: 2 };
    const queries = floats(40, 2);
    for (const metric of ['dot', 'l2'] as const) {
      const scores = kernels.scores(queries, rows, { metric });
      const { indices, counts, k } = kernels.search(queries, rows, 7, { metric });
      expect(k).toBe(7);
      for (let q = 0; q < 40; q++) {
        const own = scores.subarray(q * 100, q * 100 + 100);
        const sorted = [...own.keys()].sort((a, b) => (metric === 'dot' ? own[b]! - own[a]! : own[a]! - own[b]!) || a - b);
        expect(counts[q]).toBe(7);
        expect(Array.from(indices.subarray(q * 7, q * 7 + 7))).toEqual(sorted.slice(0, 7));
        expect(Array.from(kernels.topK(own, 7, { order: metric === 'dot' ? 'largest' : 'smallest' }).indices)).toEqual(sorted.slice(0, 7));
      }
    }
  });

  it('give MaxSim, and where it comes from', () => {
    const query = floats(5, 8);
    const rows = floats(30, 8);
    const offsets = Uint32Array.of(0, 7, 7, 30);
    const weights = Float32Array.of(1, 0.5, 0, 2, 1);
    const scores = kernels.maxSim(query, { rows, offsets }, { weights });
    const places = kernels.maxSimPositions(query, { rows, offsets }, { weights });
    for (const d of [0, 2]) {
      let expected = 0;
      for (let q = 0; q < 5; q++) {
        const all = Array.from({ length: offsets[d + 1]! - offsets[d]! }, (_, j) =>
          compare('dot', row(query, q), row(rows, offsets[d]! + j)),
        );
        expected += weights[q]! * Math.max(...all);
        expect(places.positions[d * 5 + q]).toBe(all.indexOf(Math.max(...all)));
        expect(places.similarities[d * 5 + q]).toBeCloseTo(Math.max(...all), 5);
      }
      expect(scores[d]).toBeCloseTo(expected, 4);
    }
    expect(scores[1]).toBe(Number.NEGATIVE_INFINITY);
    expect(places.positions[5]).toBe(NONE);
    expect(Array.from(places.scores)).toEqual(Array.from(scores));
  });

  it.each([1, 2, 4, 8] as const)('keep rows as centroids and %i-bit residuals', (bits) => {
    const dim = 13;
    const rows = floats(40, dim);
    const centroids = floats(6, dim);
    const { ids } = kernels.assign(rows, centroids, { metric: 'l2' });
    const count = 2 ** bits;
    const cutoffs = Float32Array.from({ length: count - 1 }, (_, i) => ((i + 1) / count) * 4 - 2);
    const weights = Float32Array.from({ length: count }, (_, i) => ((i + 0.5) / count) * 4 - 2);
    const codec = { bits, centroids: centroids.data, cutoffs, weights, dim };
    const coded = kernels.encodeResiduals(rows, ids, codec);
    const back = kernels.dequantise(coded);
    for (let i = 0; i < rows.data.length; i++) expect(Math.abs(rows.data[i]! - back.data[i]!)).toBeLessThanOrEqual(2 / count + 1e-6);
    const query = floats(3, dim);
    const offsets = Uint32Array.of(0, 11, 40);
    const direct = kernels.maxSim(query, { rows: coded, offsets });
    const decoded = kernels.maxSim(query, { rows: back, offsets });
    for (let d = 0; d < 2; d++) expect(direct[d]).toBeCloseTo(decoded[d]!, 4);
  });

  it('add up postings', () => {
    const postings = { offsets: Uint32Array.of(0, 3, 5), documents: Uint32Array.of(0, 2, 3, 2, 4), values: Float32Array.of(1, 2, 3, 4, 5) };
    const sums = new Float32Array(6);
    kernels.accumulatePostings(postings, Uint32Array.of(0, 1), Float32Array.of(1, 0.5), sums);
    expect(Array.from(sums)).toEqual([1, 0, 4, 3, 2.5, 0]);
    const best = kernels.searchPostings(postings, Uint32Array.of(0, 1), Float32Array.of(1, 0.5), 10, { documents: 6 });
    expect(Array.from(best.indices)).toEqual([2, 3, 4, 0]);
  });

  it.each(['plain', 'frame', 'delta'] as const)('give packed integers back (%s)', (mode) => {
    for (const block of [128, 256] as const) {
      for (const length of [0, 1, 127, 128, 129, 1000]) {
        const values = Uint32Array.from({ length }, () => random.next() * 2 ** Math.floor(random.next() * 33)).sort();
        const packed = kernels.packIntegers(values, { mode, block });
        expect(Array.from(kernels.unpackIntegers(packed))).toEqual(Array.from(values));
        if (length > block) {
          expect(Array.from(kernels.unpackIntegers(packed, { from: 1, to: 2 }))).toEqual(Array.from(values.subarray(block, 2 * block)));
        }
      }
    }
  });

  it.each([16, 256] as const)('score product-quantised rows with %i codes', (codes) => {
    const dim = 12;
    const rows = floats(70, dim);
    const codebooks = { data: floats(codes, dim).data, dim, parts: 4, codes };
    const coded = kernels.pqEncode(rows, codebooks);
    const queries = floats(2, dim);
    const tables = kernels.pqTables(queries, codebooks, { metric: 'l2' });
    const scores = kernels.pqScores(tables, coded);
    const found = kernels.pqSearch(tables, coded, 5);
    expect(found.scores[0]).toBe(Math.min(...scores.subarray(0, 70)));
    for (let r = 0; r < 70; r++) {
      const exact = kernels.scores(queries, rows, { metric: 'l2', only: Uint32Array.of(r) })[0]!;
      expect(Math.abs(scores[r]! - exact)).toBeLessThan(codes === 16 ? 12 : 8);
    }
  });

  it('find neighbours by a graph', async () => {
    const rows = floats(1500, 8);
    const graph = kernels.hnswGraph(1500, { m: 8 });
    kernels.hnswInsert(graph, rows, 700, { metric: 'l2', efConstruction: 60 });
    await kernels.hnswInsertAsync(graph, rows, 1500, { metric: 'l2', efConstruction: 60 });
    const queries = floats(50, 8);
    const exact = kernels.search(queries, rows, 10, { metric: 'l2' });
    const found = kernels.hnswSearch(graph, rows, queries, 10, { metric: 'l2', ef: 80 });
    let right = 0;
    for (let q = 0; q < 50; q++) {
      const truth = new Set(exact.indices.subarray(q * 10, q * 10 + 10));
      for (const index of found.indices.subarray(q * 10, q * 10 + 10)) if (truth.has(index)) right++;
    }
    expect(right / 500).toBeGreaterThan(0.95);
  });
});
