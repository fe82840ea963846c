/** Scores, search and the best of lists: every implementation that runs here, held to the JavaScript one. */
import { describe, expect, it } from 'vitest';
import type { Metric, Nearest, Rows } from './contract.ts';
import { cases, closeTo, implementations, oracle } from './testing/cases.ts';

const pairs = [
  ['f32', 'f32'],
  ['f32', 'f16'],
  ['f32', 'bf16'],
  ['f32', 'i8'],
  ['f32', 'bits'],
  ['f32', 'residual4'],
  ['i8', 'i8'],
  ['bits', 'bits'],
  ['bf16', 'bf16'],
  ['bits', 'f32'],
] as const;

function metricsOf(queryType: string, rowType: string): Metric[] {
  return queryType === 'bits' && rowType === 'bits' ? ['dot', 'cosine', 'l2', 'hamming'] : ['dot', 'cosine', 'l2'];
}

/** Found rows may change places where their scores are as good as equal; the scores themselves may not. */
function sameFound(found: Nearest, expected: Nearest, scores: Float32Array, rows: number, tolerance: number, name: string): void {
  expect(found.k, name).toBe(expected.k);
  expect(Array.from(found.counts), name).toEqual(Array.from(expected.counts));
  closeTo(found.scores, expected.scores, tolerance, name);
  for (let i = 0; i < found.indices.length; i++) {
    if (found.indices[i] === expected.indices[i]) continue;
    const query = Math.floor(i / found.k);
    expect(Math.abs(scores[query * rows + found.indices[i]!]! - expected.scores[i]!), `${name}, place ${i}`).toBeLessThanOrEqual(tolerance);
  }
}

describe('scores and search', () => {
  it.each(pairs)('of %s queries and %s rows are the oracle’s', (queryType, rowType) => {
    for (const dim of [1, 3, 48, 64, 96, 127, 128, 384, 1024]) {
      const make = cases(`scores ${queryType} ${rowType} ${dim}`);
      for (const [queryRows, rowCount] of dim > 200
        ? [
            [1, 9],
            [5, 17],
          ]
        : [
            [1, 0],
            [1, 1],
            [2, 65],
            [4, 33],
            [33, 20],
            [70, 9],
          ]) {
        const queries = make.rows(queryType, queryRows!, dim);
        const rows = make.rows(rowType, rowCount!, dim);
        const norms = oracle.norms(rows);
        const only = rowCount === 0 ? new Uint32Array(0) : make.list(7, rowCount!);
        const allow = make.bitmap(rowCount!);
        for (const metric of metricsOf(queryType, rowType)) {
          const tolerance = make.tolerance(queries, rows) * (metric === 'l2' ? 4 : 1);
          for (const options of [{ metric }, { metric, only }, { metric, norms }]) {
            const expected = oracle.scores(queries, rows, options);
            for (const [name, kernels] of implementations)
              closeTo(kernels.scores(queries, rows, options), expected, tolerance, `${name} ${metric}`);
          }
          const all = oracle.scores(queries, rows, { metric });
          for (const options of [{ metric }, { metric, allow }, { metric, only }]) {
            const expected = oracle.search(queries, rows, 5, options);
            for (const [name, kernels] of implementations) {
              sameFound(kernels.search(queries, rows, 5, options), expected, all, rowCount!, tolerance, `${name} ${metric}`);
            }
          }
        }
      }
    }
  });

  it('of many rows are found by shards as they are by one thread', async () => {
    const make = cases('shards');
    const rows: Rows = {
      type: 'i8',
      data: new Int8Array(150_000 * 4).map(() => make.random.integer(7) - 3),
      scales: new Float32Array(150_000).fill(1),
      dim: 4,
    };
    const queries: Rows = {
      type: 'i8',
      data: new Int8Array(3 * 4).map(() => make.random.integer(9) - 4),
      scales: Float32Array.of(1, 1, 1),
      dim: 4,
    };
    for (const metric of ['dot', 'l2'] as const) {
      const expected = oracle.search(queries, rows, 50, { metric });
      for (const [name, kernels] of implementations) {
        expect(kernels.search(queries, rows, 50, { metric }), name).toEqual(expected);
        expect(await kernels.searchAsync(queries, rows, 50, { metric, threads: 2 }), name).toEqual(expected);
      }
    }
  });

  it('of bits are exactly the oracle’s, ties by index, whichever rows may be found', () => {
    for (const dim of [8, 100, 384, 520, 1024]) {
      const make = cases(`eights ${dim}`);
      const queries = make.rows('bits', 1, dim);
      const rows = make.rows('bits', 1003, dim);
      const few = make.bitmap(1003).fill(0);
      few[7] = 0x80000001;
      few[8] = 0x1;
      for (const options of [{}, { allow: make.bitmap(1003) }, { allow: few }, { only: make.list(101, 1003) }]) {
        for (const k of [1, 5, 40, 2000]) {
          const expected = oracle.search(queries, rows, k, { metric: 'hamming', ...options });
          for (const [name, kernels] of implementations) {
            expect(kernels.search(queries, rows, k, { metric: 'hamming', ...options }), `${name} ${dim}`).toEqual(expected);
          }
        }
      }
    }
  });

  it('leave NaN out of what is found', () => {
    const rows = {
      type: 'f32',
      dim: 1,
      data: Float32Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    } as const;
    for (const queryRows of [1, 4]) {
      const queries = { type: 'f32', dim: 1, data: new Float32Array(queryRows).fill(1) } as const;
      for (const [name, kernels] of [['js', oracle] as const, ...implementations]) {
        const found = kernels.search(queries, rows, 5);
        expect(Array.from(found.counts), name).toEqual(new Array(queryRows).fill(4));
        expect(Array.from(found.indices.subarray(0, 5)), name).toEqual([3, 2, 0, 4, 0xffffffff]);
        expect(found.scores[4], name).toBeNaN();
      }
    }
  });
});

describe('the best of a list', () => {
  it('is the oracle’s for floats, words and half words, ties by index', () => {
    const make = cases('top');
    for (const length of [0, 1, 5, 31, 100, 5000]) {
      const floats = make.floats(length).map((x) => (make.random.next() < 0.05 ? Number.NaN : Math.round(x * 20) / 4));
      const words = Uint32Array.from({ length }, () => make.random.integer(length < 100 ? 5 : 2 ** 32));
      const halves = Uint16Array.from({ length }, () => make.random.integer(300));
      const allow = make.bitmap(length);
      for (const values of [floats, words, halves]) {
        for (const k of [0, 1, 3, 50, 10_000]) {
          for (const options of [{}, { order: 'smallest' }, { allow }] as const) {
            const expected = oracle.topK(values, k, options);
            for (const [name, kernels] of implementations) expect(kernels.topK(values, k, options), name).toEqual(expected);
          }
        }
      }
    }
  });
});
