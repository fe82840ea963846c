import { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { Bitmap } from './bitmap.ts';
import { columnsOf } from './builder.ts';
import { compileFilter, unknownFields } from './compile-filter.ts';

describe('metadata columns', () => {
  it('keep frequent values as bitmaps and rare ones as lists', () => {
    const columns = columnsOf(Array.from({ length: 6400 }, (_, i) => ({ half: i % 2 === 0, id: i })));
    // 2 × 200 words for the halves, one word for each id.
    expect(columns.sections.documents.length).toBe(400 + 6400);
    expect(compileFilter({ field: 'half', eq: true }, columns).count).toBe(3200);
    expect([...compileFilter({ field: 'id', gte: 6398 }, columns).members()]).toEqual([6398, 6399]);
  });

  it('count values, the most frequent first, equal counts as booleans, numbers, texts', () => {
    const columns = columnsOf([{ v: 'b' }, { v: ['a', 'a', 3] }, { v: [3, true] }, { v: [] }, {}, { v: 'a' }]);
    expect(columns.counts('v')).toEqual([
      { value: 3, count: 2 },
      { value: 'a', count: 2 },
      { value: true, count: 1 },
      { value: 'b', count: 1 },
    ]);
    expect(columns.counts('v', Bitmap.from(6, [5]))).toEqual([{ value: 'a', count: 1 }]);
    expect(columns.counts('nothing')).toEqual([]);
  });

  it('hold for an unknown field what holds for an absent one, and name it', () => {
    const columns = columnsOf([{ a: 1 }, {}]);
    expect(compileFilter({ field: 'b', eq: 1 }, columns).count).toBe(0);
    expect(compileFilter({ field: 'b', isNull: true }, columns).count).toBe(2);
    expect(unknownFields({ or: [{ field: 'a', eq: 1 }, { not: { field: 'b', in: ['x'] } }] }, [columns])).toEqual(['b']);
  });

  it('treat lone surrogates as they are written: U+FFFD', () => {
    const columns = columnsOf([{ 'f\ud800': 'x\udc00' }, { 'f\ufffd': 'x\ufffd' }]);
    expect(compileFilter({ field: 'f\ufffd', eq: 'x\ufffd' }, columns).count).toBe(2);
    expect(compileFilter({ field: 'f\ud800', eq: 'x\udc00' }, columns).count).toBe(2);
  });

  it.each([
    [[1, 2], 'INVALID_ARGUMENT'],
    [{ a: Number.NaN }, 'NOT_FINITE'],
    [{ a: [Number.POSITIVE_INFINITY] }, 'NOT_FINITE'],
    [{ a: { b: 1 } }, 'INVALID_ARGUMENT'],
    [{ a: [[1]] }, 'INVALID_ARGUMENT'],
    [{ a: undefined }, 'INVALID_ARGUMENT'],
    [{ '': 1 }, 'INVALID_ARGUMENT'],
  ])('refuse %j', (row, code) => {
    expect(() => columnsOf([row as never])).toThrow(expect.objectContaining({ code }) as RankError);
  });

  it('refuse a filter that is none', () => {
    expect(() => compileFilter({ field: 'a', equals: 1 } as never, columnsOf([]))).toThrow(RankError);
  });
});

describe('a bitmap', () => {
  it('knows nothing beyond its size', () => {
    for (const size of [0, 1, 31, 32, 33, 64]) {
      expect(Bitmap.full(size).count).toBe(size);
      expect(Bitmap.full(size).complement().count).toBe(0);
      expect([...Bitmap.full(size).members()]).toEqual([...new Array(size).keys()]);
    }
  });

  it('unites, intersects and takes away', () => {
    const a = () => Bitmap.from(70, [0, 31, 32, 69]);
    const b = Bitmap.from(70, [31, 40, 69]);
    expect([...a().and(b).members()]).toEqual([31, 69]);
    expect([...a().or(b).members()]).toEqual([0, 31, 32, 40, 69]);
    expect([...a().andNot(b).members()]).toEqual([0, 32]);
    expect(a().countWith(b)).toBe(2);
    expect(a().delete(31).has(31)).toBe(false);
    for (const [from, to] of [
      [0, 70],
      [1, 70],
      [31, 33],
      [32, 69],
      [33, 69],
      [5, 5],
      [64, 70],
    ] as const) {
      expect([...a().membersBetween(from, to)]).toEqual([0, 31, 32, 69].filter((n) => n >= from && n < to));
    }
    expect(() => a().and(Bitmap.empty(71))).toThrow('cannot be combined');
  });
});
