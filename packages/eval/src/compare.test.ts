import { NamedRun, parseTrecRun } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { compare, compareEvaluations, tests } from './compare.ts';
import { evaluate } from './evaluate.ts';

const queries = Array.from({ length: 30 }, (_, i) => `q${i}`);
const qrels = Object.fromEntries(queries.map((query) => [query, { good: 2, fair: 1, bad: 0 }]));
const good = Object.fromEntries(queries.map((query, i) => [query, { good: 3, fair: 2 + (i % 3), bad: 1 }]));
const poor = Object.fromEntries(queries.map((query, i) => [query, { bad: 3, fair: 2, good: i % 5 }]));
const same = good;

describe('compare', () => {
  it('gives runs, their values, and every pair by every measure, as plain data', () => {
    const comparison = compare(qrels, { good, poor, same }, ['nDCG@10', 'AP']);
    expect(comparison.runs.map(({ name }) => name)).toEqual(['good', 'poor', 'same']);
    expect(comparison.comparisons.map(({ measure, a, b }) => `${measure} ${a} ${b}`)).toEqual([
      'nDCG@10 good poor',
      'nDCG@10 good same',
      'nDCG@10 poor same',
      'AP good poor',
      'AP good same',
      'AP poor same',
    ]);
    const [first, second] = comparison.comparisons as [(typeof comparison.comparisons)[0], (typeof comparison.comparisons)[0]];
    expect(first).toMatchObject({ significant: true, wins: expect.any(Number), test: 'fisher' });
    expect(first.difference).toBeLessThan(0);
    expect(first.wins + first.ties + first.losses).toBe(30);
    expect(first.posterior.worse).toBeGreaterThan(0.99);
    expect(second).toMatchObject({ significant: false, pValue: 1, difference: 0, ties: 30, wins: 0, losses: 0 });
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
    expect(comparison.runs[0]!.values).toEqual(evaluate(qrels, good, ['nDCG@10', 'AP']).values);
  });

  it.each(tests)('tests by %s', (test) => {
    const [pair, other] = compare(qrels, { good, poor, same }, 'nDCG@10', { test }).comparisons;
    expect(pair!.pValue).toBeLessThan(0.05);
    expect(other!.pValue).toBeGreaterThan(0.9);
  });

  it('corrects for the number of pairs of a measure', () => {
    const raw = compare(qrels, { good, poor, same }, 'AP', { test: 't', correction: 'none' }).comparisons.map(({ pValue }) => pValue);
    const holm = compare(qrels, { good, poor, same }, 'AP', { test: 't' }).comparisons.map(({ pValue }) => pValue);
    expect(holm[0]).toBeCloseTo(Math.min(1, 3 * Math.min(raw[0]!, raw[2]!)), 15);
  });

  it('compares with a baseline only, where one is named', () => {
    const { comparisons } = compare(qrels, { good, poor, same }, 'AP', { baseline: 'poor' });
    expect(comparisons.map(({ a, b }) => `${a} ${b}`)).toEqual(['poor good', 'poor same']);
    expect(comparisons[0]!.difference).toBeGreaterThan(0);
    expect(() => compare(qrels, { good, poor }, 'AP', { baseline: 'god' })).toThrow('Did you mean "good"?');
  });

  it('takes runs as they were read, and tells two of the same name apart', () => {
    const run = parseTrecRun('q0 Q0 good 1 1 tag\n');
    const { runs } = compare(qrels, [run, run, new NamedRun()], 'AP');
    expect(runs.map(({ name }) => name)).toEqual(['tag', 'tag (2)', 'run 3']);
    expect(compare(qrels, new Map([['x', run]]), 'AP').comparisons).toEqual([]);
  });

  it('computes curves where they are asked for', () => {
    const { curves } = compare(qrels, { good }, 'AP', { curves: true }).runs[0]!;
    expect(curves!.precisionRecall).toHaveLength(11);
    expect(curves!.byDepth['nDCG']!.map(({ depth }) => depth)).toEqual([1, 2, 3]);
  });

  it('refuses what cannot be compared', () => {
    expect(() => compare(qrels, {}, 'AP')).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => compare(qrels, 7 as never, 'AP')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => compare(qrels, { good }, 'AP', { alpha: 5 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => compare(qrels, { good }, 'AP', { tset: 't' } as never)).toThrow('Did you mean "test"?');
    expect(() => compare(qrels, { good, few: { q0: { good: 1 } } }, 'AP', { queries: 'answered' })).toThrow(
      /different queries \(30 and 1\)/,
    );
    const [a, b] = [evaluate(qrels, good, 'AP'), evaluate({ q0: { good: 1 } }, good, 'AP')];
    expect(() =>
      compareEvaluations([
        { name: 'a', ...a },
        { name: 'b', ...b },
      ]),
    ).toThrow(expect.objectContaining({ code: 'DIMENSION_MISMATCH' }));
  });
});
