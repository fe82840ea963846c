/** Every implementation that runs here, held to the JavaScript one. */
import { describe, expect, it } from 'vitest';
import { type Cases, cases, closeTo, implementations, oracle } from './testing/cases.ts';

const pairs = [
  ['f32', 'f32'],
  ['f32', 'f16'],
  ['f32', 'bf16'],
  ['f32', 'i8'],
  ['f32', 'bits'],
  ['f32', 'residual1'],
  ['f32', 'residual2'],
  ['f32', 'residual4'],
  ['f32', 'residual8'],
  ['f32', 'residual4unit'],
  ['i8', 'i8'],
  ['bits', 'bits'],
  ['bf16', 'bf16'],
  ['f16', 'f16'],
  ['i8', 'f32'],
] as const;

describe('MaxSim', () => {
  it.each(pairs)('of %s queries and %s rows is the oracle’s', (queryType, rowType) => {
    for (const dim of [1, 3, 48, 64, 96, 127, 128, 384, 768, 1024]) {
      const make: Cases = cases(`maxsim ${queryType} ${rowType} ${dim}`);
      for (const queryRows of dim > 130 ? [1, 33] : [0, 1, 7, 16, 17, 32, 70]) {
        const lengths = dim > 130 ? [3, 0, 19] : [5, 0, 1, 2, 16, 40, 7];
        const offsets = make.offsets(lengths);
        const query = make.rows(queryType, queryRows, dim);
        const rows = make.rows(rowType, offsets.at(-1)!, dim);
        const documents = { rows, offsets };
        const only = make.list(6, lengths.length);
        const weights = make.weights(queryRows);
        const tolerance = make.tolerance(query, rows) * Math.max(1, queryRows);
        for (const options of [{}, { only }, { weights }, { metric: 'cosine' }, { metric: 'cosine', norms: oracle.norms(rows) }] as const) {
          const expected = oracle.maxSim(query, documents, options);
          for (const [name, kernels] of implementations) closeTo(kernels.maxSim(query, documents, options), expected, tolerance, name);
        }
        const expected = oracle.maxSimPositions(query, documents, { weights });
        for (const [name, kernels] of implementations) {
          const places = kernels.maxSimPositions(query, documents, { weights });
          closeTo(places.scores, expected.scores, tolerance, name);
          closeTo(places.similarities, expected.similarities, tolerance, name);
          // Where two rows are as good as equal, implementations may differ; the place must then have that similarity.
          for (let i = 0; i < places.positions.length; i++) {
            if (places.positions[i] === expected.positions[i]) continue;
            const row = offsets[Math.floor(i / queryRows)]! + places.positions[i]!;
            const score = oracle.scores(query, rows, { only: Uint32Array.of(row) })[i % queryRows]!;
            expect(Math.abs(score - expected.similarities[i]!), name).toBeLessThanOrEqual(tolerance);
          }
        }
      }
    }
  });

  it('is exact for whole numbers, to the last bit of the score', () => {
    const make = cases('exact');
    for (const dim of [1, 48, 127, 128, 1024]) {
      const offsets = make.offsets([3, 17, 180, 1]);
      for (const type of ['i8', 'bits'] as const) {
        const query = make.rows(type, 32, dim);
        const rows = make.rows(type, offsets.at(-1)!, dim);
        const weights = make.weights(32);
        const expected = Array.from(oracle.maxSim(query, { rows, offsets }, { weights }));
        for (const [name, kernels] of implementations) {
          expect(Array.from(kernels.maxSim(query, { rows, offsets }, { weights })), name).toEqual(expected);
        }
      }
    }
  });

  it('does not depend on what stands beside a document, or on the number of threads', async () => {
    const make = cases('neighbours');
    const offsets = make.offsets(Array.from({ length: 400 }, (_, i) => (i * 7) % 41));
    for (const type of ['f32', 'bits', 'residual4', 'i8'] as const) {
      const query = make.rows(type === 'i8' ? 'i8' : 'f32', 20, 96);
      const rows = make.rows(type, offsets.at(-1)!, 96);
      for (const [name, kernels] of implementations) {
        const all = kernels.maxSim(query, { rows, offsets });
        for (const document of [0, 7, 123, 299]) {
          expect(kernels.maxSim(query, { rows, offsets }, { only: Uint32Array.of(document) })[0], name).toBe(all[document]);
        }
        expect(Array.from(await kernels.maxSimAsync(query, { rows, offsets }, { threads: 3 })), name).toEqual(Array.from(all));
      }
    }
  });

  it('takes NaN, infinities and denormals as the contract says', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const tiny = 2 ** -140;
    const query = { type: 'f32', dim: 2, data: Float32Array.of(1, 0, 0, 1) } as const;
    const data = Float32Array.of(nan, 1, 2, 3, nan, nan, inf, 1, -inf, -inf, tiny, tiny, inf, -inf);
    const documents = { rows: { type: 'f32', dim: 2, data }, offsets: Uint32Array.of(0, 2, 3, 4, 5, 6, 7) } as const;
    for (const [name, kernels] of [['js', oracle] as const, ...implementations]) {
      // 0 × ∞ is NaN, so the second query row finds nothing in the third, fourth and last document.
      expect(Array.from(kernels.maxSim(query, documents)), name).toEqual([2 + 3, -inf, -inf, -inf, 2 * tiny, -inf]);
      // A row of weight 0 is as if it were not there.
      expect(Array.from(kernels.maxSim(query, documents, { weights: Float32Array.of(2, 0) })), name).toEqual([
        4,
        -inf,
        inf,
        -inf,
        2 * tiny,
        -inf,
      ]);
    }
  });
});
