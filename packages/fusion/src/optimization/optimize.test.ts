import { isRankError, Random } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMethods, fuse, type Measure, optimize } from '../index.ts';
import { folds } from './folds.ts';
import { nelderMead, projectToSimplex } from './nelder-mead.ts';
import { latticeSize, simplexLattice } from './simplex-lattice.ts';

/** Reciprocal rank of the first relevant document. */
const reciprocalRank: Measure = (qrels, run) =>
  new Map(
    [...qrels].map(([query, grades]) => {
      const place = (run.get(query) ?? []).findIndex(({ id }) => (grades.get(id) ?? 0) > 0);
      return [query, place < 0 ? 0 : 1 / (place + 1)];
    }),
  );

/** Queries whose relevant document a good run scores high and a bad run low, with some noise. */
function collection(queries: number): {
  runs: Record<'good' | 'bad', Record<string, Record<string, number>>>;
  qrels: Record<string, Record<string, number>>;
} {
  const random = new Random(7);
  const runs: Record<'good' | 'bad', Record<string, Record<string, number>>> = { good: {}, bad: {} };
  const qrels: Record<string, Record<string, number>> = {};
  for (let q = 0; q < queries; q++) {
    qrels[`q${q}`] = { d0: 1 };
    runs.good[`q${q}`] = Object.fromEntries(Array.from({ length: 10 }, (_, d) => [`d${d}`, random.next() + (d === 0 ? 0.6 : 0)]));
    runs.bad[`q${q}`] = Object.fromEntries(Array.from({ length: 10 }, (_, d) => [`d${d}`, random.next() + (d === 0 ? 0.1 : 0)]));
  }
  return { runs, qrels };
}

describe('optimize', () => {
  const { runs, qrels } = collection(40);

  it.each(['grid', 'coordinate', 'simplex'] as const)(
    'finds weights by %s that favour the better run, and says what that is worth on new queries',
    async (search) => {
      const report = await optimize(runs, qrels, { method: 'weighted-sum', measure: reciprocalRank, search });
      const weights = report.best.parameters['weights'] as number[];
      expect(weights[0]).toBeGreaterThan(weights[1]!);
      expect(weights[0]! + weights[1]!).toBeCloseTo(1, 12);
      expect(report.best.value).toBe(Math.max(...report.trials.map(({ value }) => value)));
      expect(report.best.value).toBeGreaterThanOrEqual(report.baseline.value);
      const { crossValidation } = report;
      expect(crossValidation!.folds).toHaveLength(5);
      expect(crossValidation!.folds.reduce((sum, { testing }) => sum + testing, 0)).toBe(40);
      expect(crossValidation!.value).toBeCloseTo(
        crossValidation!.folds.reduce((sum, { value, testing }) => sum + value * testing, 0) / 40,
        12,
      );
      expect(crossValidation!.verdict).toMatch(/on held-out queries/);
      // The value is that of fusing with what was found.
      const values = reciprocalRank(
        new Map(Object.entries(qrels).map(([query, grades]) => [query, new Map(Object.entries(grades))])),
        fuse(runs, { method: 'weighted-sum', weights }),
      ) as Map<string, number>;
      expect([...values.values()].reduce((a, b) => a + b, 0) / 40).toBeCloseTo(report.best.value, 12);
    },
  );

  it('gives the same report for the same seed', async () => {
    const options = { method: 'weighted-rrf', measure: reciprocalRank, search: 'simplex', seed: 3 } as const;
    expect(await optimize(runs, qrels, options)).toEqual(await optimize(runs, qrels, options));
  });

  it('tries every value of a parameter, and more where asked to', async () => {
    const report = await optimize(runs, qrels, { method: 'rrf', measure: reciprocalRank, folds: false });
    expect(report.trials.map(({ parameters }) => parameters['k'])).toEqual([1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(report.crossValidation).toBeUndefined();
    const asked = await optimize(runs, qrels, {
      method: 'combsum',
      measure: reciprocalRank,
      folds: false,
      grid: { normalization: ['min-max', 'z-score'] },
    });
    expect(asked.trials).toHaveLength(2);
  });

  it('holds the parameters that are fixed', async () => {
    const report = await optimize(runs, qrels, {
      method: 'gmnz',
      measure: reciprocalRank,
      parameters: { normalization: 'rank' },
      folds: false,
    });
    expect(report.trials.every(({ parameters }) => parameters['normalization'] === 'rank')).toBe(true);
    expect(report.best.parameters).toHaveProperty('gamma');
  });

  it('takes the first of equal trials', async () => {
    const report = await optimize(runs, qrels, { method: 'rrf', measure: () => ({}), folds: false });
    expect(report.best).toEqual({ parameters: { k: 1 }, value: 0 });
  });

  it('trains a trained method on other queries than it is measured on, and returns its model', async () => {
    const report = await optimize(runs, qrels, { method: 'slidefuse', measure: reciprocalRank, folds: 4 });
    expect(report.trials.length).toBeGreaterThan(5);
    expect(report.crossValidation!.folds).toHaveLength(4);
    expect(report.model!.queries).toBe(40);
    fuse(runs, { method: 'slidefuse', model: report.model! });
    const plain = await optimize(runs, qrels, { method: 'posfuse', measure: reciprocalRank, folds: 4 });
    expect(plain.trials).toHaveLength(1);
  });

  it('makes as many folds as there are queries where there are fewer', async () => {
    const few = collection(3);
    expect((await optimize(few.runs, few.qrels, { method: 'rrf', measure: reciprocalRank })).crossValidation!.folds).toHaveLength(3);
  });

  it('reports how far it is', async () => {
    const stages = new Map<string, number>();
    await optimize(runs, qrels, {
      method: 'rrf',
      measure: reciprocalRank,
      folds: 2,
      onProgress: ({ stage, done, total }) => stages.set(stage, done / total!),
    });
    expect([...stages]).toEqual([
      ['searching', 1],
      ['fold 1', 1],
      ['fold 2', 1],
    ]);
  });

  it('stops when its caller says so', async () => {
    const before = AbortSignal.abort();
    await expect(optimize(runs, qrels, { method: 'rrf', measure: reciprocalRank, signal: before })).rejects.toSatisfy(
      (error) => isRankError(error) && error.code === 'CANCELLED',
    );
    const controller = new AbortController();
    let trials = 0;
    const slow: Measure = (judged, run) => {
      if (++trials === 3) controller.abort();
      return reciprocalRank(judged, run);
    };
    await expect(optimize(runs, qrels, { method: 'rrf', measure: slow, signal: controller.signal })).rejects.toThrow(
      /cancelled by its caller/,
    );
    expect(trials).toBe(3);
  });

  it('advises to keep the defaults, or one run, where that is as good', async () => {
    const same = { a: runs.good, b: runs.good };
    const report = await optimize(same, qrels, { method: 'weighted-sum', measure: reciprocalRank });
    expect(report.crossValidation!.verdict).toMatch(/^Do not fuse/);
  });
});

describe('compareMethods', () => {
  it('ranks methods and runs by a measure', async () => {
    const { runs, qrels } = collection(20);
    const compared = await compareMethods(runs, qrels, { measure: reciprocalRank });
    expect(compared).toHaveLength(32 + 2);
    expect(compared.map(({ value }) => value)).toEqual(compared.map(({ value }) => value).toSorted((a, b) => b - a));
    expect(compared.find(({ name }) => name === 'bad')!.kind).toBe('run');
    expect(compared[0]!.perQuery.size).toBe(20);
    const two = await compareMethods(runs, qrels, {
      measure: reciprocalRank,
      methods: ['rrf', { method: 'rbc', parameters: { phi: 0.5 } }],
    });
    expect(two.map(({ name }) => name).toSorted()).toEqual(['bad', 'good', 'rbc', 'rrf']);
  });
});

describe('simplexLattice', () => {
  it('has every combination that adds up to 1, also those that rounding hides', () => {
    expect([...simplexLattice(3, 10)]).toHaveLength(66);
    expect([...simplexLattice(4, 10)]).toHaveLength(286);
    expect(latticeSize(4, 10)).toBe(286);
    expect([...simplexLattice(2, 2)]).toEqual([
      [1, 0],
      [0.5, 0.5],
      [0, 1],
    ]);
    expect([...simplexLattice(1, 10)]).toEqual([[1]]);
  });
});

describe('folds', () => {
  it('deal every query out once, evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 2, max: 10 }), fc.integer(), (count, foldCount, seed) => {
        const dealt = folds(count, Math.min(foldCount, count), new Random(seed));
        expect(dealt.flatMap((fold) => [...fold]).toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        const sizes = dealt.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('nelderMead', () => {
  it('finds the top of a hill', async () => {
    const { point } = await nelderMead(async ([x, y]) => -((x! - 3) ** 2) - 2 * (y! + 1) ** 2, [0, 0], {
      step: 1,
      tolerance: 1e-6,
      maxEvaluations: 500,
      project: (at) => at,
    });
    expect(point[0]).toBeCloseTo(3, 4);
    expect(point[1]).toBeCloseTo(-1, 4);
  });
});

describe('projectToSimplex', () => {
  it('finds the nearest weights', () => {
    expect(projectToSimplex([0.5, 0.5])).toEqual([0.5, 0.5]);
    expect(projectToSimplex([2, 0])).toEqual([1, 0]);
    const vector = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(vector, (point) => {
        const projected = projectToSimplex(point);
        expect(projected.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        expect(projected.every((x) => x >= 0)).toBe(true);
        const distance = (to: readonly number[]): number => to.reduce((sum, x, i) => sum + (x - point[i]!) ** 2, 0);
        for (const corner of simplexLattice(point.length, 8)) expect(distance(projected)).toBeLessThanOrEqual(distance(corner) + 1e-9);
      }),
    );
  });
});
