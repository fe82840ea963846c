import { describe, expect, it } from 'vitest';
import { parsePreferences } from './trec-prefs.ts';
import { formatTrecQrels, parseGroupedQrels, parseTrecQrels, readTrecQrels } from './trec-qrels.ts';

describe('TREC judgements', () => {
  it('are read with comments, blank lines, fractions and negative grades, the iteration ignored', async () => {
    const text = '# pool of 2003\nq1 0 d1 2\n\nq2\t1\td1\t-1  \r\nq1 7 d2 0.5';
    const expected = new Map([
      [
        'q1',
        new Map([
          ['d1', 2],
          ['d2', 0.5],
        ]),
      ],
      ['q2', new Map([['d1', -1]])],
    ]);
    expect(parseTrecQrels(text)).toEqual(expected);
    expect(await readTrecQrels([text.slice(0, 30), text.slice(30)])).toEqual(expected);
    expect(parseTrecQrels(formatTrecQrels(expected))).toEqual(expected);
  });

  it.each(['q1 0 d1', 'q1 0 d1 1 more', 'q1 0 d1 yes'])('say where a line is bad: %s', (line) => {
    expect(() => parseTrecQrels(`q0 0 d 1\n${line}\n`, { file: 'q.txt' })).toThrow(/^q\.txt, line 2: read ".*; expected /);
  });

  it('have whole grades where atol reads them', () => {
    expect(parseTrecQrels('q 0 a 1.9\nq 0 b -1.9\nq 0 c yes\nq 0 d 3x', { numbers: 'atof' }).get('q')).toEqual(
      new Map([
        ['a', 1],
        ['b', -1],
        ['c', 0],
        ['d', 3],
      ]),
    );
  });

  it('refuse a document twice for a query, or keep the grade they are told to', () => {
    const text = 'q 0 a 1\nq 0 a 3\nq 0 a 2\n';
    expect(() => parseTrecQrels(text)).toThrow(/line 2: read "a".*already with grade 1.*duplicates: 'first', 'last' or 'best'/);
    expect(parseTrecQrels(text, { duplicates: 'first' }).get('q')?.get('a')).toBe(1);
    expect(parseTrecQrels(text, { duplicates: 'last' }).get('q')?.get('a')).toBe(2);
    expect(parseTrecQrels(text, { duplicates: 'best' }).get('q')?.get('a')).toBe(3);
  });

  it('in groups keep the second column', () => {
    const qrels = parseGroupedQrels('q 1 a 1\nq 2 a 0\nq 1 b 2\n');
    expect([...qrels.get('q')!.keys()]).toEqual(['1', '2']);
    expect(qrels.get('q')?.get('1')?.get('b')).toBe(2);
    expect(() => parseGroupedQrels('q 1 a 1\nq 1 a 1\n')).toThrow(/group "1" of query "q"/);
  });

  it('as preferences keep group, subgroup and level', () => {
    expect(parsePreferences('# c\nq g s d 1.5\n').get('q')).toEqual([{ group: 'g', subgroup: 's', id: 'd', level: 1.5 }]);
    expect(() => parsePreferences('q g s d')).toThrow(/line 1.*five fields/);
    expect(() => parsePreferences('q g s d high')).toThrow(/a level/);
  });
});
