/** Graphs of every implementation that runs here, held to the JavaScript one: link by link where scores are whole numbers. */
import { describe, expect, it } from 'vitest';
import type { HnswGraph, Metric, Nearest } from './contract.ts';
import { cases, implementations, oracle } from './testing/cases.ts';

const shapes = [
  { rows: 1, dim: 5, m: 4, ef: 10 },
  { rows: 40, dim: 64, m: 4, ef: 10 },
  { rows: 300, dim: 3, m: 2, ef: 10 },
  { rows: 500, dim: 19, m: 4, ef: 20 },
  { rows: 400, dim: 129, m: 16, ef: 50 },
];

function share(a: Uint32Array, b: Uint32Array): number {
  return a.reduce((same, value, i) => same + Number(value === b[i]), 0) / Math.max(1, a.length);
}

function made(
  kernels: typeof oracle,
  rows: Parameters<typeof oracle.hnswInsert>[1],
  { rows: count, m, ef }: (typeof shapes)[0],
  metric: Metric,
): HnswGraph {
  const graph = kernels.hnswGraph(count, { m });
  // In two goes, as an index that grows does it.
  kernels.hnswInsert(graph, rows, count >> 1, { metric, efConstruction: ef });
  kernels.hnswInsert(graph, rows, count, { metric, efConstruction: ef });
  return graph;
}

describe('a graph', () => {
  it.each([
    ['i8', 'dot', true],
    ['bits', 'hamming', true],
    ['bits', 'cosine', true],
    ['i8', 'cosine', false],
    ['i8', 'l2', false],
    ['f32', 'dot', false],
    ['f32', 'cosine', false],
    ['f32', 'l2', false],
    ['f16', 'l2', false],
    ['bf16', 'dot', false],
    ['residual4', 'l2', false],
  ] as const)('of %s rows by %s is built and searched as the oracle does', (type, metric, exact) => {
    for (const shape of shapes) {
      const make = cases(`hnsw ${type} ${metric} ${shape.rows}`);
      const rows = make.rows(type, shape.rows, shape.dim);
      const queries = make.rows(type === 'i8' || type === 'bits' ? type : 'f32', 9, shape.dim);
      // About a quarter of the nodes.
      const allow = Uint32Array.from({ length: Math.ceil(shape.rows / 32) }, () => make.random.bits() & make.random.bits());
      const graph = made(oracle, rows, shape, metric);
      const options = { metric, ef: 15 };
      const plain = oracle.hnswSearch(graph, rows, queries, 5, options);
      const filtered = oracle.hnswSearch(graph, rows, queries, 5, { ...options, allow });
      for (const [name, kernels] of implementations) {
        const own = made(kernels, rows, shape, metric);
        const found: [Nearest, Nearest][] = [
          [kernels.hnswSearch(graph, rows, queries, 5, options), plain],
          [kernels.hnswSearch(graph, rows, queries, 5, { ...options, allow }), filtered],
        ];
        if (exact) {
          expect(own, name).toEqual(graph);
          for (const [mine, theirs] of found) expect(mine, name).toEqual(theirs);
        } else {
          // Where sums are rounded in another order, near ties may fall the other way.
          expect(share(own.base, graph.base), name).toBeGreaterThan(0.95);
          for (const [mine, theirs] of found) {
            expect(share(mine.indices, theirs.indices), name).toBeGreaterThan(0.9);
            for (let i = 0; i < mine.indices.length; i++) {
              if (mine.indices[i] === theirs.indices[i]) expect(mine.scores[i]! - theirs.scores[i]! || 0, name).toBeCloseTo(0, 3);
            }
          }
        }
      }
    }
  });

  it('is the same whatever the number of threads', async () => {
    const make = cases('hnsw threads');
    const rows = make.rows('i8', 900, 24);
    const graph = made(oracle, rows, { rows: 900, dim: 24, m: 6, ef: 30 }, 'dot');
    for (const [name, kernels] of implementations) {
      const own = kernels.hnswGraph(900, { m: 6 });
      await kernels.hnswInsertAsync(own, rows, 450, { efConstruction: 30, threads: 3 });
      await kernels.hnswInsertAsync(own, rows, 900, { efConstruction: 30, threads: 2 });
      expect(own, name).toEqual(graph);
    }
  });

  it('with a link, level or entry to nowhere is an error, not a crash', () => {
    const make = cases('hnsw damage');
    const rows = make.rows('f32', 200, 8);
    const queries = make.rows('f32', 3, 8);
    for (const [name, kernels] of implementations) {
      for (const damage of [
        (graph: HnswGraph) => graph.base.fill(4_000_000_000, 0, 16),
        (graph: HnswGraph) => graph.base.fill(200),
        (graph: HnswGraph) => graph.upper.fill(12_345_678),
        (graph: HnswGraph) => graph.levels.fill(31),
      ]) {
        const graph = made(kernels, rows, { rows: 200, dim: 8, m: 4, ef: 20 }, 'dot');
        damage(graph);
        expect(() => kernels.hnswSearch(graph, rows, queries, 100, { ef: 200 }), name).toThrow(/link, level or entry/);
      }
    }
  });
});
