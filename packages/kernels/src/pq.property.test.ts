/** Product quantisation and graphs: every implementation that runs here, held to the JavaScript one. */
import { describe, expect, it } from 'vitest';
import type { F32Rows, Metric } from './contract.ts';
import { cases, closeTo, implementations, oracle } from './testing/cases.ts';

describe('product quantisation', () => {
  it.each([16, 256] as const)('with %i codes is the oracle’s', (codes) => {
    for (const [dim, parts] of [
      [1, 1],
      [12, 4],
      [64, 64],
      [96, 3],
      [300, 300],
    ] as const) {
      const make = cases(`pq ${codes} ${dim}`);
      const codebooks = { data: make.floats(codes * dim), dim, parts, codes };
      for (const count of [0, 1, 31, 33, 100]) {
        const rows = make.rows('f32', count, dim) as F32Rows;
        const queries = make.rows('f32', 2, dim) as F32Rows;
        const coded = oracle.pqEncode(rows, codebooks);
        const nearest = oracle.pqTables(rows, codebooks, { metric: 'l2' });
        const only = count === 0 ? new Uint32Array(0) : make.list(9, count);
        const allow = make.bitmap(count);
        for (const metric of ['dot', 'l2'] as const) {
          const tables = oracle.pqTables(queries, codebooks, { metric });
          for (const [name, kernels] of implementations) {
            closeTo(kernels.pqTables(queries, codebooks, { metric }).data, tables.data, 1e-4, name);
            const tolerance = codes === 16 ? 0 : parts * 1e-5;
            for (const options of [{}, { only }]) {
              closeTo(kernels.pqScores(tables, coded, options), oracle.pqScores(tables, coded, options), tolerance, name);
            }
            for (const options of [{}, { only }, { allow }]) {
              const found = kernels.pqSearch(tables, coded, 5, options);
              closeTo(found.scores, oracle.pqSearch(tables, coded, 5, options).scores, tolerance, name);
            }
            // Codes may differ where two entries are as good as equally near.
            const own = kernels.pqEncode(rows, codebooks);
            expect(own.codes.length, name).toBe(coded.codes.length);
            const distances = (of: typeof own): number[] =>
              Array.from({ length: count * parts }, (_, i) => nearest.data[i * codes + codeOf(of, Math.floor(i / parts), i % parts)]!);
            closeTo(distances(own), distances(coded), 1e-4, name);
          }
        }
      }
    }
  });
});

function codeOf({ codes, parts, bits }: { codes: Uint8Array; parts: number; bits: 4 | 8 }, row: number, part: number): number {
  if (bits === 8) return codes[row * parts + part]!;
  const byte = codes[((row >> 5) * parts + part) * 16 + (row & 15)]!;
  return row & 16 ? byte >> 4 : byte & 15;
}

describe('a graph', () => {
  it.each([
    ['i8', 'l2'],
    ['i8', 'dot'],
    ['bits', 'hamming'],
  ] as const)('over %s rows is the oracle’s link by link (%s)', async (type, metric) => {
    const make = cases(`graph ${type} ${metric}`);
    const rows = make.rows(type, 600, 24);
    const queries = make.rows(type, 20, 24);
    const build = (kernels: typeof oracle, to: number) => {
      const graph = kernels.hnswGraph(600, { m: 6 });
      kernels.hnswInsert(graph, rows, to, { metric, efConstruction: 40 });
      return graph;
    };
    const expected = build(oracle, 600);
    const allow = make.bitmap(600);
    for (const [name, kernels] of implementations) {
      const graph = build(kernels, 600);
      expect(graph, name).toEqual(expected);
      const again = kernels.hnswGraph(600, { m: 6 });
      await kernels.hnswInsertAsync(again, rows, 600, { metric, efConstruction: 40, threads: 2 });
      expect(again, name).toEqual(expected);
      for (const options of [{ metric }, { metric, ef: 200 }, { metric, allow }]) {
        const found = kernels.hnswSearch(graph, rows, queries, 7, options);
        const truth = oracle.hnswSearch(graph, rows, queries, 7, options);
        expect(Array.from(found.indices), name).toEqual(Array.from(truth.indices));
        closeTo(found.scores, truth.scores, 1e-4, name);
      }
    }
  });

  it.each([
    ['f32', 'dot'],
    ['f32', 'cosine'],
    ['f16', 'l2'],
    ['residual4', 'dot'],
    ['bits', 'dot'],
  ] as const)('over %s rows finds most of the nearest by %s', (type, metric: Metric) => {
    const make = cases(`recall ${type} ${metric}`);
    const rows = make.rows(type, 2000, 16);
    const queries = make.rows('f32', 40, 16);
    const exact = oracle.search(queries, rows, 10, { metric });
    for (const [name, kernels] of implementations) {
      const graph = kernels.hnswGraph(2000);
      kernels.hnswInsert(graph, rows, 2000, { metric });
      const found = kernels.hnswSearch(graph, rows, queries, 10, { metric, ef: 150 });
      let worse = 0;
      for (let i = 0; i < 400; i++) if (Math.abs(found.scores[i]! - exact.scores[i]!) > 1e-3) worse++;
      expect(worse, name).toBeLessThan(40);
    }
  });
});
