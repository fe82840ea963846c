/** Assignment, cluster sums, centroid tables and scans: every implementation that runs here, held to the JavaScript one. */
import { describe, expect, it } from 'vitest';
import { cases, closeTo, implementations, oracle } from './testing/cases.ts';

describe('centroids', () => {
  it.each([
    ['f32', 'f32'],
    ['f16', 'f32'],
    ['i8', 'i8'],
    ['bits', 'bits'],
    ['bf16', 'bf16'],
  ] as const)('of %s rows and %s centroids are assigned as by the oracle', (rowType, centroidType) => {
    for (const dim of [1, 3, 48, 127, 128, 384]) {
      const make = cases(`assign ${rowType} ${dim}`);
      for (const [count, clusters] of [
        [0, 3],
        [1, 1],
        [33, 9],
        [70, 20],
      ] as const) {
        const rows = make.rows(rowType, count, dim);
        const centroids = make.rows(centroidType, clusters, dim);
        const tolerance = make.tolerance(rows, centroids) * 8;
        for (const metric of ['dot', 'l2'] as const) {
          const expected = oracle.assign(rows, centroids, { metric });
          const all = count === 0 ? expected.scores : oracle.scores(rows, centroids, { metric });
          for (const [name, kernels] of implementations) {
            const found = kernels.assign(rows, centroids, { metric });
            closeTo(found.scores, expected.scores, tolerance, `${name} ${metric}`);
            for (let i = 0; i < count; i++) {
              if (found.ids[i] === expected.ids[i]) continue;
              expect(Math.abs(all[i * clusters + found.ids[i]!]! - expected.scores[i]!), name).toBeLessThanOrEqual(tolerance);
            }
          }
        }
        const { ids } = oracle.assign(rows, centroids);
        const sums = oracle.sumClusters(rows, ids, clusters + 70);
        for (const [name, kernels] of implementations) {
          const found = kernels.sumClusters(rows, ids, clusters + 70);
          expect(Array.from(found.counts), name).toEqual(Array.from(sums.counts));
          closeTo(found.sums, sums.sums, 1e-4, name);
        }
      }
    }
  });

  it('are summed the same by any number of threads', async () => {
    const make = cases('threads');
    const rows = make.rows('f32', 3000, 24);
    const ids = make.list(3000, 500);
    for (const [name, kernels] of implementations) {
      expect(await kernels.sumClustersAsync(rows, ids, 500, { threads: 2 }), name).toEqual(kernels.sumClusters(rows, ids, 500));
    }
  });

  it('score documents by a table as the oracle does', () => {
    for (const [queryRows, dim] of [
      [0, 5],
      [1, 3],
      [16, 48],
      [17, 128],
      [32, 96],
      [70, 64],
    ] as const) {
      const make = cases(`table ${queryRows}`);
      const query = make.rows('f32', queryRows, dim) as never;
      const centroids = make.rows('f32', 40, dim) as never;
      const offsets = make.offsets([3, 0, 1, 30, 7]);
      const ids = make.list(offsets.at(-1)!, 41);
      const only = make.list(4, 5);
      const weights = make.weights(queryRows);
      for (const type of ['f32', 'u8'] as const) {
        for (const options of [{ type }, { type, weights }]) {
          const expected = oracle.centroidTable(query, centroids, options);
          for (const [name, kernels] of implementations) {
            const table = kernels.centroidTable(query, centroids, options);
            expect({ ...table, data: 0, low: 0, step: 0 }, name).toEqual({ ...expected, data: 0, low: 0, step: 0 });
            closeTo(table.data, expected.data, type === 'u8' ? 1 : 1e-4, name);
            closeTo([table.low, table.step], [expected.low, expected.step], 1e-5, name);
            for (const centroidIds of [ids, Uint16Array.from(ids)]) {
              for (const some of [{}, { only }]) {
                closeTo(
                  kernels.centroidScan(expected, { centroidIds, offsets }, some),
                  oracle.centroidScan(expected, { centroidIds, offsets }, some),
                  0,
                  `${name} ${type}`,
                );
              }
            }
          }
        }
      }
    }
  });
});
