import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuse, repairRuns, validateRuns } from '../index.ts';

const broken = {
  bm25: {
    q1: [
      { id: 'a', score: 1 },
      { id: 'b', score: 3 },
      { id: 'a', score: 2 },
      { id: 'c', score: Number.NaN },
      { id: 'd', score: -4 },
      { id: '', score: 1 },
      null,
      { id: 'e', score: '5' },
    ],
    q2: 'nothing' as unknown,
    q3: [],
  },
  dense: { q1: { a: 0.5, b: 0.5 } },
} as never;

describe('validateRuns', () => {
  it('finds nothing in good runs', () => {
    expect(validateRuns([{ q1: { a: 2, b: 1 } }, new Map([['q1', [{ id: 'b', score: 1 }]]])])).toEqual({ valid: true, problems: [] });
  });

  it('names every problem, where it is, and what repair does', () => {
    const { valid, problems } = validateRuns(broken, { method: 'combmnz' });
    expect(valid).toBe(false);
    expect(
      problems.map(({ kind, severity, run, query, count, position, id }) => [kind, severity, run, query, count, position, id]),
    ).toEqual([
      ['unsorted', 'warning', 'bm25', 'q1', 1, 2, 'b'],
      ['duplicate', 'error', 'bm25', 'q1', 1, 3, 'a'],
      ['not-finite', 'error', 'bm25', 'q1', 1, 4, 'c'],
      ['negative', 'error', 'bm25', 'q1', 1, 5, 'd'],
      ['not-a-hit', 'error', 'bm25', 'q1', 3, 6, undefined],
      ['not-a-ranking', 'error', 'bm25', 'q2', 1, undefined, undefined],
      ['empty', 'warning', 'bm25', 'q3', 1, undefined, undefined],
      ['all-tied', 'warning', 'dense', 'q1', 2, undefined, undefined],
      ['missing-query', 'warning', 'dense', 'q2', 1, undefined, undefined],
      ['missing-query', 'warning', 'dense', 'q3', 1, undefined, undefined],
    ]);
    expect(problems[1]!.message).toBe(
      'run "bm25", query "q1": hit 3 with a document that is there already ("a"). Repair keeps the better of the two.',
    );
    expect(problems[4]!.message).toMatch(/3 hits, the first at 6, that cannot be read .*Repair drops them/);
  });

  it('takes negative scores where the method can', () => {
    const runs = [{ q: { a: 1, b: -1 } }];
    expect(validateRuns(runs, { method: 'combsum' }).valid).toBe(true);
    expect(validateRuns(runs, { method: 'wmnz' }).problems.map(({ kind }) => kind)).toEqual(['negative']);
    expect(validateRuns(runs, { nonNegative: true }).valid).toBe(false);
  });

  it('checks bounds and lengths where asked to', () => {
    const runs = [{ q: { a: 3, b: 0.5, c: -1 } }];
    expect(validateRuns(runs, { bounds: [0, 1], maxHits: 2 }).problems.map(({ kind, count }) => [kind, count])).toEqual([
      ['too-long', 1],
      ['out-of-bounds', 2],
    ]);
    expect(() => validateRuns(runs, { bounds: [1, 0] })).toThrow(/the smaller one first/);
    expect(() => validateRuns(runs, { bounds: 1 as never })).toThrow(/expected \[min, max\]/);
    expect(() => validateRuns(runs, { nonnegative: true } as never)).toThrow(/nonNegative/);
  });

  it('finds a query without an id', () => {
    expect(validateRuns([{ '': { a: 1 } }]).problems).toHaveLength(1);
    expect(repairRuns([{ '': { a: 1 } }]).runs).toEqual([new Map()]);
  });
});

describe('repairRuns', () => {
  it('keeps what can be kept, in order, and says what was wrong', () => {
    const { runs, problems } = repairRuns(broken, { method: 'combmnz' });
    expect(runs[0]!.get('q1')).toEqual([
      { id: 'b', score: 7 },
      { id: 'a', score: 6 },
      { id: 'd', score: 0 },
    ]);
    expect(runs[0]!.has('q2')).toBe(false);
    expect(runs[0]!.get('q3')).toEqual([]);
    expect(problems).toEqual(validateRuns(broken, { method: 'combmnz' }).problems);
  });

  it('keeps the first of two where asked to', () => {
    expect(
      repairRuns(broken, { duplicates: 'first' })
        .runs[0]!.get('q1')!
        .find(({ id }) => id === 'a')!.score,
    ).toBe(1);
    expect(() => repairRuns(broken, { duplicates: 'last' as 'first' })).toThrow(/duplicates/);
  });

  it('cuts to bounds and lengths', () => {
    const { runs } = repairRuns([{ q: { a: 3, b: 0.5, c: 0.25, d: 0 } }], { bounds: [0, 1], maxHits: 2 });
    expect(runs[0]!.get('q')!.map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('makes any runs such that they can be fused', () => {
    const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, undefined, 'x', {}));
    const hit = fc.oneof(fc.record({ id: fc.oneof(fc.constantFrom('a', 'b', 'c', ''), value), score: value }), value);
    const run = fc.dictionary(fc.constantFrom('q1', 'q2', ''), fc.oneof(fc.array(hit), fc.dictionary(fc.string(), value), value));
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 3 }), (runs) => {
        const repaired = repairRuns(runs as never, { method: 'combmnz' }).runs;
        expect(validateRuns(repaired, { method: 'combmnz' }).valid).toBe(true);
        fuse(repaired, { method: 'combmnz' });
      }),
    );
  });
});
