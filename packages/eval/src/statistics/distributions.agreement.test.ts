import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { logGamma, regularizedBeta } from './gamma.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { studentQuantile, studentTwoSided } from './student-t.ts';
import { studentizedRangeTail } from './studentized-range.ts';

const recorded = JSON.parse(readFileSync(new URL('./distributions.expected.json', import.meta.url), 'utf8')) as Record<string, number[][]>;

const functions: Record<string, (...args: number[]) => number> = {
  logGamma: (x) => logGamma(x!),
  beta: (x, a, b) => regularizedBeta(x!, a!, b!),
  normalCdf: (z) => normalCdf(z!),
  normalQ: (p) => normalQuantile(p!),
  t: (t, df) => studentTwoSided(t!, df!),
  tq: (p, df) => studentQuantile(p!, df!),
  q: (q, k, df) => studentizedRangeTail(q!, k!, df!),
};

describe('distributions agree with scipy', () => {
  it.each(Object.keys(functions))('%s', (name) => {
    for (const row of recorded[name]!) {
      const expected = row.at(-1)!;
      const value = functions[name]!(...row.slice(0, -1));
      const distance = Math.abs(value - expected);
      expect(Math.min(distance / Math.abs(expected || 1), distance * 1000), `${name}(${row.slice(0, -1)})`).toBeLessThan(1e-9);
    }
  });

  it('at their ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([studentTwoSided(Number.POSITIVE_INFINITY, 5), studentTwoSided(0, 5)]).toEqual([0, 1]);
    expect([studentizedRangeTail(0, 3, 10), studentizedRangeTail(Number.POSITIVE_INFINITY, 3, 10)]).toEqual([1, 0]);
    expect(studentQuantile(0.025, 9)).toBeCloseTo(-studentQuantile(0.975, 9), 12);
    expect([regularizedBeta(0, 2, 3), regularizedBeta(1, 2, 3)]).toEqual([0, 1]);
  });
});
