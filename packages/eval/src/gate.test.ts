import { describe, expect, it } from 'vitest';
import { gate, parseGateRule } from './gate.ts';

const queries = Array.from({ length: 20 }, (_, i) => `q${i}`);
const qrels = Object.fromEntries(queries.map((query) => [query, { a: 1 }]));
/** A run that puts the relevant document second for the first `misses` queries. */
const run = (misses: number): Record<string, Record<string, number>> =>
  Object.fromEntries(queries.map((query, i) => [query, i < misses ? { x: 2, a: 1 } : { a: 2, x: 1 }]));

describe('a gate', () => {
  it('fails where a measure drops by more than it may, with a small enough p', () => {
    const result = gate(qrels, run(2), run(14), 'RR drops by more than 0.1 with p < 0.05');
    expect(result.passed).toBe(false);
    expect(result.checks[0]).toMatchObject({ baseline: 0.95, candidate: 0.65, passed: false });
    expect(result.checks[0]!.message).toMatch(
      /^RR: 0\.9500 → 0\.6500: it drops by 0\.3000, more than 0\.1000, with p = 0\.0\d+ < 0\.05\.$/,
    );
  });

  it('passes where the drop may be chance, is small, or is a gain', () => {
    expect(gate(qrels, run(2), run(4), 'RR drops by more than 0.01 with p < 0.05').passed).toBe(true);
    expect(gate(qrels, run(2), run(4), 'RR drops by more than 0.01').passed).toBe(false);
    expect(gate(qrels, run(2), run(4), 'RR drops by more than 0.05').passed).toBe(true);
    expect(gate(qrels, run(4), run(2), ['RR drops by more than 0', 'P@1 drops by more than 0%']).passed).toBe(true);
  });

  it('can ask for a least value, and for a share of the baseline', () => {
    expect(gate(qrels, run(2), run(4), 'RR below 0.95').checks[0]!.message).toBe('RR: 0.9500 → 0.9000: it is below 0.95.');
    expect(gate(qrels, run(2), run(4), 'RR drops by more than 5%').passed).toBe(false);
    expect(gate(qrels, run(2), run(4), { measure: 'RR', relativeDrop: 0.06 }).passed).toBe(true);
  });

  it('reads rules as people write them', () => {
    expect(parseGateRule('nDCG@10 drops by more than 0.01 with p < 0.05')).toEqual({ measure: 'nDCG@10', drop: 0.01, p: 0.05 });
    expect(parseGateRule('  AP(rel=2)@100 drops by 2% ')).toEqual({ measure: 'AP(rel=2)@100', relativeDrop: 0.02 });
    expect(parseGateRule('R@100 is below .8')).toEqual({ measure: 'R@100', least: 0.8 });
  });

  it.each([
    ['nDCG@10 improves', 'INVALID_ARGUMENT'],
    ['nDGC@10 below 1', 'UNKNOWN_OPTION'],
    ['', 'INVALID_ARGUMENT'],
  ])('refuses rules it cannot read: %s', (rule, code) => {
    expect(() => gate(qrels, run(0), run(0), rule)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses rules that forbid nothing, and no rules', () => {
    expect(() => gate(qrels, run(0), run(0), { measure: 'AP' })).toThrow(/forbids nothing/);
    expect(() => gate(qrels, run(0), run(0), { measure: 'AP', drop: -1 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => gate(qrels, run(0), run(0), [])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
  });
});
