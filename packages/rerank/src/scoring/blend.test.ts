import type { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { blend, type Normalisation, normaliseScores } from './blend.ts';

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

describe('blending', () => {
  it.each<[Normalisation, number[]]>([
    ['none', [2, 4, 8]],
    ['min-max', [0, 1 / 3, 1]],
    ['max', [0.25, 0.5, 1]],
    ['sum', [0, 0.25, 0.75]],
    ['z-score', [-1.06904, -0.26726, 1.33631]],
    ['rank', [1 / 3, 2 / 3, 1]],
    ['sigmoid', [0.880797, 0.982014, 0.999665]],
  ])('normalises by %s', (name, expected) => {
    normaliseScores([2, 4, 8], name).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

  it('shares ranks between equals, and has no opinion on constant lists', () => {
    expect([...normaliseScores([1, 5, 5], 'rank')]).toEqual([1 - 2 / 3, 1, 1]);
    for (const name of ['min-max', 'sum', 'z-score'] as const) expect([...normaliseScores([3, 3], name)]).toEqual([0, 0]);
    expect([...normaliseScores([], 'min-max')]).toEqual([]);
  });

  it('is the new score at alpha 1, the old at 0', () => {
    expect([...blend([20, 10], [1, 3], { alpha: 1 })]).toEqual([1, 0]);
    expect([...blend([20, 10], [1, 3], { alpha: 0 })]).toEqual([0, 1]);
    expect([...blend([20, 10], [1, 3], { alpha: 0.75 })]).toEqual([0.75, 0.25]);
    expect([...blend([0.5, 0.1], [7, 9], { alpha: 0.5, normalise: { score: 'none', first: 'min-max' } })]).toEqual([0.25, 0.55]);
  });

  it.each([
    ['alpha above 1', () => blend([1], [1], { alpha: 2 }), 'OUT_OF_RANGE'],
    ['lists of different length', () => blend([1], [1, 2], { alpha: 0.5 }), 'DIMENSION_MISMATCH'],
    ['NaN', () => blend([Number.NaN], [1], { alpha: 0.5 }), 'NOT_FINITE'],
    ['a normalisation nobody knows', () => blend([1], [1], { alpha: 0.5, normalise: 'minmax' as never }), 'UNKNOWN_OPTION'],
  ])('refuses %s', (_, work, expected) => {
    expect(work).toThrow(code(expected));
  });
});
