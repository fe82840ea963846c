import { compareHits } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderedHits } from './order.ts';

function sorted(scores: readonly number[], ids: readonly string[]): { id: string; score: number }[] {
  return ids.map((id, i) => ({ id, score: scores[i]! + 0 })).sort(compareHits);
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `d${(i * 7919) % count}`);

describe('orderedHits', () => {
  it('orders as a comparison of score, then id, does', () => {
    const score = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ noNaN: true, min: -1, max: 1 }),
      fc.constantFrom(0, -0, 1, 0.5, 1 / 61, 1 / 62, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE),
    );
    fc.assert(
      fc.property(fc.array(score, { maxLength: 400 }), (scores) => {
        const names = ids(scores.length);
        expect(orderedHits(names, Float64Array.from(scores))).toEqual(sorted(scores, names));
      }),
    );
  });

  it('orders scores that differ only in their last bits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 30, maxLength: 300 }), (steps) => {
        const scores = [-1, 1e9, ...steps.map((step) => 1 + step * Number.EPSILON)];
        const names = ids(scores.length);
        expect(orderedHits(names, Float64Array.from(scores))).toEqual(sorted(scores, names));
      }),
    );
  });

  it('puts equal scores in the order of their ids by code point', () => {
    const names = ['\u{1F600}', '\uFFFD', 'b', 'a', '\uD7FF', 'B'];
    expect(orderedHits(names, new Float64Array(6).fill(2)).map(({ id }) => id)).toEqual(['B', 'a', 'b', '\uD7FF', '\uFFFD', '\u{1F600}']);
  });

  it('orders more documents than fit beside a 16-bit key', () => {
    const names = ids(70_001);
    const scores = Float64Array.from(names, (_, i) => (i * 31) % 1009);
    expect(orderedHits(names, scores)).toEqual(sorted([...scores], names));
  });

  it('gives the first of them where fewer are asked for', () => {
    expect(orderedHits(['a', 'b', 'c'], Float64Array.of(1, 3, 2), 2)).toEqual([
      { id: 'b', score: 3 },
      { id: 'c', score: 2 },
    ]);
    expect(orderedHits([], new Float64Array(0))).toEqual([]);
  });

  it('refuses what is not finite, naming the document', () => {
    expect(() => orderedHits(['a', 'b'], Float64Array.of(1, Number.POSITIVE_INFINITY))).toThrow(/document "b" is Infinity.*Normalize/);
    expect(() => orderedHits(['a', 'b'], Float64Array.of(Number.NaN, 0))).toThrow(/document "a" is NaN/);
  });
});
