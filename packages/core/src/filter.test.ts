import { describe, expect, it } from 'vitest';
import type { RankError } from './error.ts';
import { checkFilter, type Filter, matchesFilter } from './filter.ts';

const metadata = { year: 1999, lang: 'en', tags: ['a', 'b'], open: true, gone: null };

describe('a filter', () => {
  it.each<[Filter, boolean]>([
    [{ field: 'lang', eq: 'en' }, true],
    [{ field: 'tags', eq: 'b' }, true],
    [{ field: 'year', eq: '1999' }, false],
    [{ field: 'lang', in: [] }, false],
    [{ field: 'tags', in: ['x', 'a'] }, true],
    [{ field: 'year', gte: 1999, lt: 2000 }, true],
    [{ field: 'year', gt: 1999 }, false],
    [{ field: 'lang', gt: 'ab', lte: 'en' }, true],
    [{ field: 'year', gt: 'a' }, false],
    [{ field: 'gone', isNull: true }, true],
    [{ field: 'missing', isNull: true }, true],
    [{ field: 'lang', isNull: false }, true],
    [{ not: { field: 'missing', eq: 1 } }, true],
    [{ and: [] }, true],
    [{ or: [] }, false],
    [
      {
        or: [
          { field: 'lang', eq: 'de' },
          {
            and: [
              { field: 'open', eq: true },
              { field: 'year', lt: 2000 },
            ],
          },
        ],
      },
      true,
    ],
    [{ field: 'toString', isNull: true }, true],
  ])('%j is %s', (filter, holds) => {
    expect(matchesFilter(checkFilter(filter), metadata)).toBe(holds);
  });

  it.each([
    [3],
    [{}],
    [{ adn: [] }],
    [{ field: '', eq: 1 }],
    [{ field: 'a' }],
    [{ field: 'a', eq: 1, in: [1] }],
    [{ field: 'a', eq: null }],
    [{ field: 'a', eq: Number.NaN }],
    [{ field: 'a', equals: 1 }],
    [{ and: [{ or: 3 }] }],
    [{ and: [], or: [] }],
  ])('refuses %j', (filter) => {
    expect(() => checkFilter(filter)).toThrow(expect.objectContaining({ name: 'RankError' }) as RankError);
  });

  it('refuses nesting without end', () => {
    let filter: unknown = { field: 'a', eq: 1 };
    for (let i = 0; i < 100; i++) filter = { not: filter };
    expect(() => checkFilter(filter)).toThrow('nested');
  });
});
