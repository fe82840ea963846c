import { describe, expect, it } from 'vitest';
import { compareCodePoints } from './code-point-order.ts';
import type { RankError } from './error.ts';
import { checkHits, isRanking, toRanking } from './ranking.ts';

describe('a ranking', () => {
  it('puts the higher score first, and equal scores in code-point order of their ids', () => {
    const hits = [
      { id: 'b', score: 1 },
      { id: '\u{1F600}', score: 1 },
      { id: '\uFF5E', score: 1 },
      { id: 'z', score: 2 },
      { id: 'a', score: 1 },
    ];
    expect(toRanking(hits).map((hit) => hit.id)).toEqual(['z', 'a', 'b', '\uFF5E', '\u{1F600}']);
    expect(isRanking(toRanking(hits))).toBe(true);
    expect(isRanking(hits)).toBe(false);
  });

  it('orders strings as their UTF-8 bytes', () => {
    const words = ['', 'a', 'aa', 'é', '\uD7FF', '\uE000', '\uFFFD', '\u{10000}', '\u{10FFFF}', '\u{10000}a', '\uE000a'];
    for (const a of words) {
      for (const b of words) expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }
  });

  it.each([
    ['hits that are no array', { a: 1 }, 'INVALID_ARGUMENT'],
    ['a hit that is null', [null], 'INVALID_ARGUMENT'],
    ['an empty id', [{ id: '', score: 1 }], 'INVALID_ARGUMENT'],
    ['a numeric id', [{ id: 3, score: 1 }], 'INVALID_ARGUMENT'],
    ['a missing score', [{ id: 'a' }], 'INVALID_ARGUMENT'],
    ['a NaN score', [{ id: 'a', score: Number.NaN }], 'NOT_FINITE'],
    ['an infinite score', [{ id: 'a', score: Number.POSITIVE_INFINITY }], 'NOT_FINITE'],
    [
      'a document twice',
      [
        { id: 'a', score: 1 },
        { id: 'a', score: 0 },
      ],
      'DUPLICATE_ID',
    ],
  ])('refuses %s', (_, hits, code) => {
    expect(() => checkHits('hits', hits)).toThrow(expect.objectContaining({ code }) as RankError);
  });
});
