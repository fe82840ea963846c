import { describe, expect, it } from 'vitest';
import { compare } from '../compare.ts';
import { evaluate } from '../evaluate.ts';
import { condense } from './condense.ts';
import { difficulty } from './difficulty.ts';
import { poolBias } from './pool-bias.ts';

describe('condensed lists', () => {
  it('hold judged documents only, as judged_only measures see them', () => {
    const qrels = { q: { a: 1, b: 0, c: -1 } };
    const run = { q: { x: 9, b: 8, c: 7, a: 6, y: 5 }, other: { z: 1 } };
    const condensed = condense(run, qrels);
    expect(condensed.get('q')!.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(condensed.get('other')).toHaveLength(1);
    expect(evaluate(qrels, condensed, 'AP').values['AP']).toBe(evaluate(qrels, run, 'AP(judged_only=True)').values['AP(judged_only=True)']);
  });
});

describe('pool bias', () => {
  // Both find "shared"; "mine" is relevant and only the first run brought it in.
  const qrels = { q: { shared: 1, mine: 1, junk: 0, yours: 0 } };
  const first = { q: { shared: 4, mine: 3, unseen: 2 } };
  const second = { q: { shared: 4, yours: 3, junk: 2 } };

  it('measures each run again without its own finds', () => {
    const { runs, change } = poolBias(qrels, { first, second }, ['AP', 'P@2']);
    expect(runs[0]).toEqual({
      name: 'first',
      judged: { 'Judged@5': 2 / 3, 'Judged@10': 2 / 3, 'Judged@20': 2 / 3, 'Judged@100': 2 / 3 },
      uniqueRelevant: 1,
      values: { AP: { all: 1, leftOut: 1, condensed: 1 }, 'P@2': { all: 1, leftOut: 0.5, condensed: 1 } },
    });
    expect(runs[1]!.uniqueRelevant).toBe(0);
    expect(runs[1]!.values['AP']).toEqual({ all: 0.5, leftOut: 0.5, condensed: 0.5 });
    expect(change['P@2']).toEqual({ mean: 0.25, largest: 0.5 });
  });

  it('leaves out the runs of a group together, and goes only as deep as the pool did', () => {
    const alike = { first, again: first, second };
    expect(poolBias(qrels, alike, 'P@2').runs[0]!.uniqueRelevant).toBe(0);
    expect(poolBias(qrels, alike, 'P@2', { groups: { first: 'lab', again: 'lab' } }).runs[0]!.uniqueRelevant).toBe(1);
    expect(poolBias(qrels, { first, second }, 'P@2', { poolDepth: 1 }).runs[0]!.uniqueRelevant).toBe(0);
  });

  it('refuses what it cannot use', () => {
    expect(() => poolBias(qrels, {}, 'AP')).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
    expect(() => poolBias(qrels, { first }, 'AP', { depth: 1 } as never)).toThrow('Did you mean "depths"?');
    expect(() => poolBias(qrels, { first }, 'AP', { depths: [0] })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('difficulty', () => {
  it('orders queries by their mean over systems, in thirds', () => {
    const queries = ['h', 'm', 'e'];
    const qrels = Object.fromEntries(queries.map((query) => [query, { a: 1 }]));
    const good = { h: { x: 3, y: 2, a: 1 }, m: { a: 2, x: 1 }, e: { a: 1 } };
    const poor = { m: { x: 2, a: 1 }, e: { a: 1 } };
    const { runs } = compare(qrels, { good, poor }, ['RR', 'AP']);
    const { measure, queries: rated, byClass } = difficulty(runs);
    expect(measure).toBe('RR');
    expect(rated.map(({ query, class: own }) => [query, own])).toEqual([
      ['h', 'hard'],
      ['m', 'medium'],
      ['e', 'easy'],
    ]);
    expect(rated[1]).toMatchObject({ mean: 0.75, best: { run: 'good', value: 1 } });
    expect(byClass.medium).toEqual({ good: 1, poor: 0.5 });
    expect(() => difficulty(runs, 'nDCG')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(() => difficulty([])).toThrow(expect.objectContaining({ code: 'EMPTY_INPUT' }));
  });
});
