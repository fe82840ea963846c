import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bayesianSignedRank, bayesianT } from './bayes.ts';
import { bootstrapInterval, bootstrapTest } from './bootstrap.ts';
import { correctPValues } from './corrections.ts';
import { effectSize } from './effect-size.ts';
import { fisherRandomization, fisherRandomizations } from './fisher-randomization.ts';
import { pairedTTest } from './paired-t-test.ts';
import { signTest } from './sign-test.ts';
import { tInterval } from './t-interval.ts';
import { tukeyHsd } from './tukey-hsd.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

const pairTests = { pairedTTest, fisherRandomization, bootstrapTest, wilcoxonSignedRank, signTest };
const pairs = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 })), { minLength: 1, maxLength: 12 })
  .map((rows) => [rows.map(([a]) => a / 10), rows.map(([, b]) => b / 10)] as const);

describe.each(Object.entries(pairTests))('%s', (_, test) => {
  it('gives a probability, the same both ways round', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const { pValue } = test(a, b);
        expect(pValue).toBeGreaterThanOrEqual(0);
        expect(pValue).toBeLessThanOrEqual(1);
        expect(test(b, a).pValue).toBeCloseTo(pValue, 9);
      }),
      { numRuns: test === bootstrapTest ? 5 : 60 },
    );
  });

  it('says nothing about systems that are alike, or about a single query', () => {
    expect(test([0.1, 0.5, 0.3], [0.1, 0.5, 0.3]).pValue).toBe(1);
    expect(test([0.1], [0.9]).pValue).toBe(1);
  });

  it('finds what is plain', () => {
    const a = Array.from({ length: 25 }, (_, i) => (i % 7) / 10);
    expect(
      test(
        a,
        a.map((value, i) => value + 0.2 + (i % 3) / 100),
      ).pValue,
    ).toBeLessThan(0.001);
  });

  it('refuses lists of different length, empty ones, and what is no number', () => {
    expect(() => test([1], [1, 2])).toThrow(expect.objectContaining({ code: 'DIMENSION_MISMATCH' }));
    expect(() => test([], [])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => test([1, Number.NaN], [1, 2])).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }));
  });
});

describe('fisherRandomization', () => {
  it('counts all assignments where queries are few', () => {
    // Of the 8 ways to turn three differences, two reach the observed mean.
    expect(fisherRandomization([0, 0, 0], [1, 2, 3])).toMatchObject({ pValue: 2 / 8, exact: true, statistic: 2 });
    expect(fisherRandomization([0, 0, 0, 5], [1, 2, 3, 5]).pValue).toBe(2 / 8);
  });

  it('agrees with a plain count, whatever the differences', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 11 }), (d) => {
        const observed = Math.abs(d.reduce((sum, value) => sum + value, 0));
        let hits = 0;
        for (let flips = 0; flips < 2 ** d.length; flips++) {
          if (Math.abs(d.reduce((sum, value, i) => sum + (flips & (1 << i) ? -value : value), 0)) >= observed) hits++;
        }
        expect(
          fisherRandomization(
            d.map(() => 0),
            d,
          ).pValue,
        ).toBeCloseTo(hits / 2 ** d.length, 12);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same seed, near for another, and never 0', () => {
    const a = Array.from({ length: 40 }, (_, i) => ((i * 37) % 101) / 101);
    const b = Array.from({ length: 40 }, (_, i) => ((i * 53 + 9) % 97) / 97);
    const first = fisherRandomization(a, b, { seed: 1, permutations: 20_000 }).pValue;
    expect(fisherRandomization(a, b, { seed: 1, permutations: 20_000 }).pValue).toBe(first);
    expect(Math.abs(fisherRandomization(a, b, { seed: 2, permutations: 20_000 }).pValue - first)).toBeLessThan(0.02);
    const plain = fisherRandomizations([[a, a.map((value) => value + 1)]], { permutations: 999 })[0]!;
    expect(plain.pValue).toBe(1 / 1000);
  });

  it('refuses options nobody knows', () => {
    expect(() => fisherRandomization([1], [2], { permutation: 5 } as never)).toThrow('Did you mean "permutations"?');
    expect(() => fisherRandomization([1], [2], { permutations: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('where nothing varies', () => {
  it('the t-test is certain of a difference, and of none', () => {
    expect(pairedTTest([0.1, 0.2, 0.3], [0.2, 0.3, 0.4]).pValue).toBe(0);
    expect(pairedTTest([1, 1], [1, 1]).pValue).toBe(1);
  });

  it('intervals have no width', () => {
    expect(tInterval([0.5])).toEqual({ low: 0.5, high: 0.5, confidence: 0.95 });
    expect(bootstrapInterval([0.5, 0.5, 0.5])).toMatchObject({ low: 0.5, high: 0.5 });
  });

  it('effect sizes are 0 or without bound', () => {
    expect(effectSize([1, 1], [1, 1])).toEqual({ cohensD: 0, hedgesG: 0, cohensDz: 0 });
    expect(effectSize([1, 1], [2, 2]).cohensDz).toBe(Number.POSITIVE_INFINITY);
  });

  it('the Bayesian t-test is certain', () => {
    expect(bayesianT([1, 1], [2, 2])).toEqual({ worse: 0, equivalent: 0, better: 1 });
    expect(bayesianT([1, 1], [1, 1])).toEqual({ worse: 0.5, equivalent: 0, better: 0.5 });
    expect(bayesianT([1, 1], [1.001, 1.001], { rope: 0.01 })).toEqual({ worse: 0, equivalent: 1, better: 0 });
  });
});

describe('bad input', () => {
  it('of other kinds is a RankError too', () => {
    expect(() => tukeyHsd([[1, 2]])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => tukeyHsd([[1, 2], [1]])).toThrow(expect.objectContaining({ code: 'DIMENSION_MISMATCH' }));
    expect(() => bootstrapInterval([1, 2], { confidence: 95 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => bayesianT([1], [1], { rope: -1 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => bayesianSignedRank([1], [1], { prior: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => correctPValues([0.1], 'hom' as never)).toThrow('Did you mean "holm"?');
    expect(tukeyHsd([[1], [2]])[0]!.pValue).toBe(1);
  });
});
