import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apCorrelation, complementarity, diagnose, kendallTau, overlap, rankBiasedOverlap, scoreStatistics } from '../index.ts';

const ids = 'abcdefghijklmnopqrst'.split('');
const ranking = fc.shuffledSubarray(ids);
const scored = fc
  .array(fc.tuple(fc.constantFrom(...ids), fc.integer({ min: 0, max: 5 })), { maxLength: 25 })
  .map((pairs) => Object.fromEntries(pairs) as Record<string, number>);

describe('kendallTau', () => {
  it('counts pairs as its definition does', () => {
    fc.assert(
      fc.property(scored, scored, (a, b) => {
        const common = Object.keys(a).filter((id) => id in b);
        let [agree, disagree, tiedA, tiedB] = [0, 0, 0, 0];
        for (const [i, x] of common.entries()) {
          for (const y of common.slice(i + 1)) {
            const product = Math.sign(a[x]! - a[y]!) * Math.sign(b[x]! - b[y]!);
            if (product > 0) agree++;
            if (product < 0) disagree++;
            if (a[x] === a[y]) tiedA++;
            if (b[x] === b[y]) tiedB++;
          }
        }
        const pairs = (common.length * (common.length - 1)) / 2;
        const expected = (agree - disagree) / Math.sqrt((pairs - tiedA) * (pairs - tiedB));
        if (Number.isNaN(expected)) expect(kendallTau(a, b)).toBeNaN();
        else expect(kendallTau(a, b)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('is 1 for a ranking with itself and −1 for its reverse', () => {
    expect(kendallTau(ids, ids)).toBe(1);
    expect(kendallTau(ids, ids.toReversed())).toBe(-1);
  });
});

describe('apCorrelation', () => {
  it('weighs pairs by rank as its definition does', () => {
    fc.assert(
      fc.property(ranking, ranking, (truth, other) => {
        const common = other.filter((id) => truth.includes(id));
        let sum = 0;
        for (let i = 1; i < common.length; i++) {
          const right = common.slice(0, i).filter((id) => truth.indexOf(id) < truth.indexOf(common[i]!)).length;
          sum += right / i;
        }
        const expected = (2 / (common.length - 1)) * sum - 1;
        if (common.length < 2) expect(apCorrelation(truth, other)).toBeNaN();
        else expect(apCorrelation(truth, other)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('is the mean of both directions where it is to be symmetric', () => {
    fc.assert(
      fc.property(ranking, ranking, (a, b) => {
        const mean = (apCorrelation(a, b) + apCorrelation(b, a)) / 2;
        const symmetric = apCorrelation(a, b, { symmetric: true });
        if (Number.isNaN(mean)) expect(symmetric).toBeNaN();
        else expect(symmetric).toBeCloseTo(mean, 12);
      }),
    );
  });

  it('punishes an error at the top more than one at the bottom', () => {
    const swapTop = ['b', 'a', ...ids.slice(2)];
    const swapEnd = [...ids.slice(0, -2), 't', 's'];
    expect(apCorrelation(ids, swapTop)).toBeLessThan(apCorrelation(ids, swapEnd));
    expect(kendallTau(ids, swapTop)).toBeCloseTo(kendallTau(ids, swapEnd), 12);
  });
});

describe('rankBiasedOverlap', () => {
  /** (1 − p) Σ p^(d − 1) A_d with the agreement at each depth given, far enough down that the rest is nothing. */
  const summed = (p: number, agreement: (depth: number) => number): number => {
    let sum = 0;
    for (let depth = 1; p ** (depth - 1) > 1e-14; depth++) sum += (1 - p) * p ** (depth - 1) * agreement(depth);
    return sum;
  };
  const shared = (a: readonly string[], b: readonly string[], depth: number): number => {
    const top = new Set(a.slice(0, depth));
    return b.slice(0, depth).filter((id) => top.has(id)).length;
  };

  it('is bounded by what the unseen could share, nothing or all, and extrapolates between', () => {
    fc.assert(
      fc.property(ranking, ranking, fc.constantFrom(0.5, 0.8, 0.9, 0.95), (a, b, p) => {
        const [short, long] = a.length <= b.length ? [a, b] : [b, a];
        const [s, l] = [short.length, long.length];
        const all = shared(a, b, l);
        const least = summed(p, (depth) => shared(a, b, depth) / depth);
        const most = summed(p, (depth) => {
          if (depth <= s) return shared(a, b, depth) / depth;
          if (depth <= l) return (shared(a, b, depth) + depth - s) / depth;
          return Math.min(depth, all + 2 * depth - s - l) / depth;
        });
        const found = rankBiasedOverlap(a, b, { p });
        expect(found.min).toBeCloseTo(least, 10);
        expect(found.min + found.residual).toBeCloseTo(most, 10);
        expect(found.extrapolated).toBeGreaterThanOrEqual(found.min - 1e-12);
        expect(found.extrapolated).toBeLessThanOrEqual(found.min + found.residual + 1e-12);
        expect(rankBiasedOverlap(b, a, { p }).extrapolated).toBeCloseTo(found.extrapolated, 12);
      }),
    );
  });

  it('extrapolates rankings of one length as if their agreement went on', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids, { minLength: 8, maxLength: 8 }),
        fc.shuffledSubarray(ids, { minLength: 8, maxLength: 8 }),
        (a, b) => {
          const expected = summed(0.9, (depth) => shared(a, b, Math.min(depth, 8)) / Math.min(depth, 8));
          expect(rankBiasedOverlap(a, b, { p: 0.9 }).extrapolated).toBeCloseTo(expected, 10);
        },
      ),
    );
  });

  it('is 1 for a ranking with itself, 0 for disjoint ones, and knows nothing of an empty one', () => {
    expect(rankBiasedOverlap(ids, ids).extrapolated).toBeCloseTo(1, 12);
    expect(rankBiasedOverlap(['a', 'b'], ['c', 'd']).extrapolated).toBe(0);
    expect(rankBiasedOverlap([], ids)).toEqual({ min: 0, residual: expect.closeTo(1, 12), extrapolated: 0 });
    expect(rankBiasedOverlap([], [])).toEqual({ min: 0, residual: expect.closeTo(1, 12), extrapolated: 0 });
  });
});

describe('overlap', () => {
  it('counts what is shared, within a depth', () => {
    expect(overlap(['a', 'b', 'c'], ['c', 'a'])).toEqual({ common: 2, union: 3, jaccard: 2 / 3, coefficient: 1 });
    expect(overlap(['a', 'b', 'c'], ['c', 'a'], { depth: 1 })).toEqual({ common: 0, union: 2, jaccard: 0, coefficient: 0 });
    expect(overlap([], [])).toEqual({ common: 0, union: 0, jaccard: 0, coefficient: 0 });
  });
});

describe('complementarity', () => {
  it('counts the relevant documents that one only finds', () => {
    const grades = new Map([
      ['a', 1],
      ['b', 2],
      ['c', 0],
      ['d', 1],
    ]);
    expect(complementarity(['a', 'b', 'c'], ['b', 'd', 'x'], grades)).toEqual({
      onlyFirst: 1,
      onlySecond: 1,
      both: 1,
      complementarity: 2 / 3,
    });
    expect(complementarity(['a', 'b'], ['b', 'd'], grades, { depth: 1, minimumGrade: 2 })).toEqual({
      onlyFirst: 0,
      onlySecond: 1,
      both: 0,
      complementarity: 1,
    });
    expect(complementarity(['c'], ['x'], grades).complementarity).toBeNaN();
  });
});

describe('scoreStatistics', () => {
  it('describes the scores of a ranking', () => {
    expect(scoreStatistics({ a: 1, b: 2, c: 2, d: 7 })).toEqual({
      count: 4,
      min: 1,
      max: 7,
      mean: 3,
      standardDeviation: Math.sqrt((4 + 1 + 1 + 16) / 4),
      median: 2,
      quartiles: [1.75, 3.25],
      tied: 0.5,
    });
    expect(scoreStatistics([])).toBeUndefined();
  });
});

describe('diagnose', () => {
  const qrels = { q1: { a: 1, b: 1 }, q2: { x: 1, y: 1 } };
  /** The share of a query's relevant documents among the first two. */
  const recallAt2 = (
    judged: ReadonlyMap<string, ReadonlyMap<string, number>>,
    run: ReadonlyMap<string, readonly { id: string }[]>,
  ): Map<string, number> =>
    new Map(
      [...judged].map(([query, grades]) => [
        query,
        (run.get(query) ?? []).slice(0, 2).filter(({ id }) => grades.has(id)).length / grades.size,
      ]),
    );

  it('advises to fuse runs that find different relevant documents, with figures', () => {
    const runs = { one: { q1: { a: 2, c: 1 }, q2: { x: 2, z: 1 } }, two: { q1: { b: 2, d: 1 }, q2: { y: 2, w: 1 } } };
    const { verdict, pairs, fused, runs: reports } = diagnose(runs, { qrels, measure: recallAt2 });
    expect(verdict.advice).toBe('fuse');
    expect(verdict.text).toMatch(
      /^Fusing is worth it\. Fused: 1\.0000; one, the best run: 0\.5000; fused is better on 2 queries, worse on 0\./,
    );
    expect(fused).toEqual({ value: 1, oracle: 0.5, better: 2, worse: 0 });
    expect(pairs).toEqual([
      { runs: ['one', 'two'], queries: 2, jaccard: 0, kendallTau: Number.NaN, rankBiasedOverlap: 0, complementarity: 1 },
    ]);
    expect(reports.map(({ value }) => value)).toEqual([0.5, 0.5]);
  });

  it('advises against fusing a good run with one that finds nothing', () => {
    const runs = { good: { q1: { a: 2, b: 1 }, q2: { x: 2, y: 1 } }, bad: { q1: { c: 2, d: 1 }, q2: { z: 2, w: 1 } } };
    const { verdict } = diagnose(runs, { qrels, measure: recallAt2 });
    expect(verdict.advice).toBe('skip');
    expect(verdict.text).toMatch(/^Fusing is not worth it\..*The runs are uneven: bad/);
  });

  it('advises to tune where the best run changes from query to query', () => {
    const runs = { one: { q1: { a: 2, b: 1 }, q2: { z: 2, w: 1 } }, two: { q1: { c: 2, d: 1 }, q2: { x: 2, y: 1 } } };
    expect(diagnose(runs, { qrels, measure: recallAt2 }).verdict.advice).toBe('tune');
  });

  it('goes by relevant documents without a measure, and by the rankings without judgements', () => {
    const runs = { one: { q1: { a: 2, b: 1 } }, two: { q1: { a: 2, b: 1 } } };
    expect(diagnose(runs, { qrels }).verdict).toMatchObject({
      advice: 'skip',
      text: expect.stringMatching(/0 % of the relevant documents/),
    });
    expect(diagnose(runs).verdict).toMatchObject({
      advice: 'skip',
      text: expect.stringMatching(/share 100 % .* τ-b of 1\.00: they agree already\. Without judgements/),
    });
    expect(diagnose([{ q1: { a: 1 } }, { q1: { b: 1 } }]).verdict.advice).toBe('fuse');
  });

  it('warns of ties and of queries without an answer', () => {
    const { verdict, runs } = diagnose({ one: { q1: { a: 1, b: 1 } }, two: { q2: { a: 1 } } });
    expect(runs[0]).toEqual({ run: 'one', queries: 1, missingQueries: 1, meanHits: 2, tied: 1 });
    expect(verdict.text).toMatch(/100 % of the hits of one share their score/);
    expect(verdict.text).toMatch(/two does not answer 1 of the queries/);
  });
});
