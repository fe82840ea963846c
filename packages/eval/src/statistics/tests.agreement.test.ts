import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bayesianSignedRank, bayesianT } from './bayes.ts';
import { bootstrapInterval, bootstrapTest } from './bootstrap.ts';
import { type Correction, correctPValues } from './corrections.ts';
import { effectSize } from './effect-size.ts';
import { fisherRandomization } from './fisher-randomization.ts';
import { differences } from './moments.ts';
import { pairedTTest } from './paired-t-test.ts';
import { signTest } from './sign-test.ts';
import { tInterval } from './t-interval.ts';
import { tukeyHsd } from './tukey-hsd.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

interface Case {
  name: string;
  a: number[];
  b: number[];
  t: [statistic: number, p: number];
  wilcoxon: [statistic: number, p: number];
  sign: number;
  fisherExact?: number;
  bayesT: [rope: number, probabilities: number[]][];
  bayesSR: [rope: number, probabilities: number[]][];
  tInterval: [number, number];
  bca: [number, number];
  cohensD: number;
  dz: number;
}

/** How the figures were made stands in the file. */
const recorded = JSON.parse(readFileSync(new URL('./peers.expected.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  systems: number[][];
  tukey: number[][];
  tukeyBlocked: number[][];
  ps: number[];
  corr: Record<Correction, number[]>;
};

describe.each(recorded.cases)('tests agree with scipy and baycomp: $name', (c) => {
  const { a, b } = c;
  const posterior = (probabilities: number[]): number[] =>
    probabilities.length === 2 ? [probabilities[0]!, 0, probabilities[1]!] : probabilities;

  it("Student's t and its interval", () => {
    const { statistic, pValue, df } = pairedTTest(a, b);
    expect(statistic).toBeCloseTo(c.t[0], 9);
    expect(pValue).toBeCloseTo(c.t[1], 12);
    expect(df).toBe(a.length - 1);
    const { low, high } = tInterval(differences(a, b));
    expect(low).toBeCloseTo(c.tInterval[0], 12);
    expect(high).toBeCloseTo(c.tInterval[1], 12);
  });

  it("Wilcoxon's signed ranks, and signs", () => {
    const { statistic, pValue, exact } = wilcoxonSignedRank(a, b);
    expect(statistic).toBe(c.wilcoxon[0]);
    // scipy leaves the exact distribution as soon as there is a query without difference.
    if (!exact) expect(pValue).toBeCloseTo(c.wilcoxon[1], 12);
    else expect(pValue).toBeCloseTo(c.wilcoxon[1], 2);
    expect(signTest(a, b).pValue).toBeCloseTo(c.sign, 12);
  });

  it("Fisher's randomisation, exactly where queries are few, and near the t-test elsewhere", () => {
    const { pValue, exact, samples } = fisherRandomization(a, b);
    if (c.fisherExact !== undefined) {
      expect(exact).toBe(true);
      expect(pValue).toBeCloseTo(c.fisherExact, 12);
    } else {
      expect(exact).toBe(false);
      expect(samples).toBe(100_000);
      expect(Math.abs(pValue - c.t[1])).toBeLessThan(0.01 + c.t[1] / 5);
    }
    expect(Math.abs(bootstrapTest(a, b).pValue - c.t[1])).toBeLessThan(0.02);
  });

  it('effect sizes', () => {
    const { cohensD, hedgesG, cohensDz } = effectSize(a, b);
    expect(cohensD).toBeCloseTo(c.cohensD, 12);
    expect(cohensDz).toBeCloseTo(c.dz, 12);
    expect(hedgesG / cohensD).toBeCloseTo(1 - 3 / (4 * (2 * a.length - 2) - 1), 12);
  });

  it('Bayesian tests, the sampled one to its sampling error', () => {
    for (const [rope, expected] of c.bayesT) {
      const { worse, equivalent, better } = bayesianT(a, b, { rope });
      [worse, equivalent, better].forEach((value, i) => {
        expect(value).toBeCloseTo(posterior(expected)[i]!, 10);
      });
    }
    for (const [rope, expected] of c.bayesSR) {
      const { worse, equivalent, better } = bayesianSignedRank(a, b, { rope, samples: 20_000 });
      [worse, equivalent, better].forEach((value, i) => {
        expect(Math.abs(value - posterior(expected)[i]!)).toBeLessThan(0.02);
      });
      expect(worse + equivalent + better).toBeCloseTo(1, 12);
    }
  });

  it('bootstrap intervals, to their sampling error', () => {
    const { low, high } = bootstrapInterval(b, { confidence: 0.9, samples: 20_000 });
    expect(Math.abs(low - c.bca[0])).toBeLessThan(0.006);
    expect(Math.abs(high - c.bca[1])).toBeLessThan(0.006);
    const percentile = bootstrapInterval(b, { confidence: 0.9, method: 'percentile' });
    expect(Math.abs(percentile.low - c.bca[0])).toBeLessThan(0.02);
  });
});

describe('several systems', () => {
  it("Tukey's HSD agrees with scipy one-way, and with the two-way error of statsmodels", () => {
    for (const { i, j, pValue } of tukeyHsd(recorded.systems, { design: 'one-way' })) expect(pValue).toBeCloseTo(recorded.tukey[i]![j]!, 9);
    const blocked = tukeyHsd(recorded.systems);
    for (const { i, j, pValue } of blocked) expect(pValue).toBeCloseTo(recorded.tukeyBlocked[i]![j]!, 9);
    expect(blocked).toHaveLength(10);
  });

  it('corrections agree with statsmodels', () => {
    for (const [name, expected] of Object.entries(recorded.corr)) {
      correctPValues(recorded.ps, name as Correction).forEach((p, i) => {
        expect(p).toBeCloseTo(expected[i]!, 12);
      });
    }
    expect(correctPValues([0.2, 0.01], 'none')).toEqual([0.2, 0.01]);
    expect(correctPValues([], 'holm')).toEqual([]);
  });
});
