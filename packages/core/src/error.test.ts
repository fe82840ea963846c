import { describe, expect, it } from 'vitest';
import { isRankError, RankError } from './error.ts';
import { nearestName } from './nearest.ts';
import { toQrels } from './qrels.ts';
import { toRun } from './run.ts';
import { checkInteger, checkNumber, checkOneOf, checkOptions } from './validate.ts';

describe('RankError', () => {
  it('is recognised by its mark, so also from another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { code: 'PARSE' });
    expect(isRankError(foreign)).toBe(false);
    Object.defineProperty(foreign, Symbol.for('rank-rank.error'), { value: true });
    expect(isRankError(foreign)).toBe(true);
    expect(isRankError(new RankError('IO', 'x'))).toBe(true);
    expect(isRankError(undefined)).toBe(false);
  });

  it('prints as plain data', () => {
    expect(JSON.parse(JSON.stringify(new RankError('PARSE', 'bad', { line: 3 })))).toEqual({
      code: 'PARSE',
      message: 'bad',
      details: { line: 3 },
    });
  });
});

describe('validation', () => {
  it('names the nearest option for a misspelt one', () => {
    expect(() => checkOptions('fuse', { metod: 'rrf' }, ['method', 'params'])).toThrow(/"metod" does not exist. Did you mean "method"/);
    expect(nearestName('ndgc', ['nDCG', 'AP'])).toBe('nDCG');
    expect(nearestName('completely else', ['nDCG', 'AP'])).toBeUndefined();
  });

  it('says the bounds it expected', () => {
    expect(() => checkNumber('alpha', 1.5, { min: 0, max: 1 })).toThrow('alpha is 1.5; expected a number at least 0 and at most 1.');
    expect(() => checkInteger('k', 2.5)).toThrow('whole number');
    expect(() => checkNumber('k', Number.NaN)).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }) as Error);
    expect(() => checkOneOf('method', 'rfr', ['rrf', 'isr'])).toThrow('Did you mean "rrf"');
  });

  it('takes runs and qrels as maps or objects, and leaves good maps as they are', () => {
    const run = new Map([
      [
        'q',
        [
          { id: 'a', score: 2 },
          { id: 'b', score: 1 },
        ],
      ],
    ]);
    expect(toRun(run)).toBe(run);
    expect(toRun({ q: { b: 1, a: 2 } })).toEqual(run);
    const qrels = new Map([['q', new Map([['a', 1]])]]);
    expect(toQrels(qrels)).toBe(qrels);
    expect(toQrels({ q: { a: 1 } })).toEqual(qrels);
    expect(() => toRun({ q: 3 as never })).toThrow('expected hits');
    expect(() => toQrels({ q: { a: '1' as never } })).toThrow('grade');
  });
});
