import { isRankError } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RankingInput, toRankedLists } from './ranked-lists.ts';

const place = (run: number): string => `rankings[${run}]`;
const numbered = (...rankings: (RankingInput | undefined)[]) => toRankedLists(rankings, place);

/** The lists as ids and scores, the plain way. */
function shown(lists: ReturnType<typeof toRankedLists>): [string, number][][] {
  return lists.runs.map((_, list) =>
    Array.from({ length: lists.starts[list + 1]! - lists.starts[list]! }, (_, i): [string, number] => {
      const at = lists.starts[list]! + i;
      return [lists.ids[lists.documents[at]!]!, lists.scores[at]!];
    }),
  );
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return isRankError(error) ? error.code : String(error);
  }
}

describe('toRankedLists', () => {
  it('gives each document one number, whichever list it is in', () => {
    const lists = numbered(
      [
        { id: 'a', score: 2 },
        { id: 'b', score: 1 },
      ],
      [
        { id: 'b', score: 9 },
        { id: 'c', score: 8 },
      ],
    );
    expect(lists.ids).toEqual(['a', 'b', 'c']);
    expect([...lists.documents]).toEqual([0, 1, 1, 2]);
    expect([...lists.starts]).toEqual([0, 2, 4]);
  });

  it('reads objects from id to score, and ids alone', () => {
    expect(shown(numbered({ a: 1, b: 2 }))).toEqual([
      [
        ['b', 2],
        ['a', 1],
      ],
    ]);
    const lists = numbered(['x', 'y'], { y: 3 });
    expect(shown(lists)[0]!.map(([id]) => id)).toEqual(['x', 'y']);
    expect(lists.unscored).toEqual([0]);
  });

  it('puts hits into ranking order, equal scores by id, and leaves the caller’s array alone', () => {
    const hits = [
      { id: 'b', score: 1 },
      { id: 'c', score: 3 },
      { id: 'a', score: 1 },
    ];
    const before = structuredClone(hits);
    expect(shown(numbered(hits))).toEqual([
      [
        ['c', 3],
        ['a', 1],
        ['b', 1],
      ],
    ]);
    expect(hits).toEqual(before);
  });

  it('has no list for a run that is absent', () => {
    const lists = numbered(undefined, ['a'], undefined, []);
    expect(lists.runs).toEqual([1, 3]);
    expect(lists.runCount).toBe(4);
    expect([...lists.starts]).toEqual([0, 1, 1]);
  });

  it('numbers as a map does, also where ids share their ends', () => {
    const id = fc
      .tuple(fc.string({ maxLength: 4 }), fc.constantFrom('', '#chunk-000001', '-0', 'é', '\u{1F600}'))
      .map(([head, end]) => `${head}${end}`);
    const ranking = fc.uniqueArray(
      id.filter((text) => text !== ''),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.array(ranking, { minLength: 1, maxLength: 4 }), (rankings) => {
        const lists = toRankedLists(rankings, place);
        expect(lists.ids).toEqual([...new Set(rankings.flat())]);
        expect(shown(lists).map((list) => list.map(([name]) => name))).toEqual(rankings);
      }),
    );
  });

  it('numbers thousands of ids whose last characters are all the same', () => {
    const ids = Array.from({ length: 3000 }, (_, i) => `${i}/passage-00000001`);
    const lists = toRankedLists([ids, [...ids].reverse()], place);
    expect(lists.ids).toEqual(ids);
    expect(lists.documents[3000]).toBe(2999);
  });

  it('numbers ids made so that the hash of all their characters collides', () => {
    const ids = collidingIds(11);
    const lists = toRankedLists([ids, [...ids].reverse()], place);
    expect(lists.ids).toEqual(ids);
    expect(lists.documents[2048]).toBe(2047);
  });

  it.each([
    ['no list', 7 as unknown as RankingInput, 'INVALID_ARGUMENT'],
    ['a map', new Map() as unknown as RankingInput, 'INVALID_ARGUMENT'],
    ['a hit that is null', [null] as unknown as RankingInput, 'INVALID_ARGUMENT'],
    ['a number as id', [{ id: 1, score: 1 }] as unknown as RankingInput, 'INVALID_ARGUMENT'],
    ['an empty id', [{ id: '', score: 1 }], 'INVALID_ARGUMENT'],
    ['an empty id among ids', ['a', ''], 'INVALID_ARGUMENT'],
    ['a text as score', [{ id: 'a', score: '1' }] as unknown as RankingInput, 'INVALID_ARGUMENT'],
    ['NaN', [{ id: 'a', score: Number.NaN }], 'NOT_FINITE'],
    ['an infinite score', [{ id: 'a', score: Number.POSITIVE_INFINITY }], 'NOT_FINITE'],
    ['minus infinity', [{ id: 'a', score: Number.NEGATIVE_INFINITY }], 'NOT_FINITE'],
    [
      'a document twice',
      [
        { id: 'a', score: 2 },
        { id: 'b', score: 1.5 },
        { id: 'a', score: 1 },
      ],
      'DUPLICATE_ID',
    ],
    [
      'a document twice with one score',
      [
        { id: 'a', score: 2 },
        { id: 'a', score: 2 },
      ],
      'DUPLICATE_ID',
    ],
    ['an id twice', ['a', 'b', 'a'], 'DUPLICATE_ID'],
    ['NaN in an object', { a: Number.NaN }, 'NOT_FINITE'],
  ])('refuses %s', (_, ranking, code) => {
    expect(codeOf(() => numbered(['z'], ranking))).toBe(code);
    expect(() => numbered(['z'], ranking)).toThrow(/rankings\[1\]/);
  });
});

/** 2^blocks ids of one FNV-1a hash: from each state on, two pairs of characters that lead to the same next state. */
function collidingIds(blocks: number): string[] {
  const prime = 0x01000193;
  let ids = [''];
  let state = 2 * blocks;
  for (let block = 0; block < blocks; block++) {
    const seen = new Map<number, number>();
    for (let first = 0x100; ; first++) {
      const product = Math.imul(state ^ first, prime);
      const other = seen.get(product >>> 16);
      seen.set(product >>> 16, first);
      if (other === undefined) continue;
      // The products differ in their lower half only, which the second characters make up for.
      const difference = product ^ Math.imul(state ^ other, prime);
      const pairs = [String.fromCharCode(first, 0x61), String.fromCharCode(other, 0x61 ^ difference)];
      ids = ids.flatMap((id) => pairs.map((pair) => id + pair));
      state = Math.imul(product ^ 0x61, prime);
      break;
    }
  }
  return ids;
}
