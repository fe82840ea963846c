import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import type { LexicalQuery } from './lexical-query.ts';
import { parseQuery } from './parse-query.ts';

describe('the query syntax', () => {
  it.each<[string, LexicalQuery]>([
    ['lazy dog', 'lazy dog'],
    ['', ''],
    ['"lazy dog"', { phrase: 'lazy dog' }],
    ['"lazy dog"~3^2', { phrase: 'lazy dog', slop: 3, boost: 2 }],
    ['+lazy -dog', { must: ['lazy'], mustNot: ['dog'] }],
    ['lazy AND dog', { must: ['lazy', 'dog'] }],
    ['lazy AND NOT dog', { must: ['lazy'], mustNot: ['dog'] }],
    ['lazy OR dog', { should: ['lazy', 'dog'] }],
    ['a AND b OR c', { should: [{ must: ['a', 'b'] }, 'c'] }],
    ['(a b) AND c', { must: ['a b', 'c'] }],
    ['-(a b) c', { should: ['c'], mustNot: ['a b'] }],
    ['(a OR b)^2 c', { should: [{ should: [{ should: ['a', 'b'] }], boost: 2 }, 'c'] }],
    ['title:dog', { text: 'dog', field: 'title' }],
    [
      'title:(a b)',
      {
        should: [
          { text: 'a', field: 'title' },
          { text: 'b', field: 'title' },
        ],
      },
    ],
    ['title:"lazy dog"', { phrase: 'lazy dog', field: 'title' }],
    ['do*', { prefix: 'do' }],
    ['d?g*', { wildcard: 'd?g*' }],
    ['dgo~', { fuzzy: 'dgo' }],
    ['dgo~1', { fuzzy: 'dgo', edits: 1 }],
    ['dog^2.5', { text: 'dog', boost: 2.5 }],
    ['title:do*^3', { prefix: 'do', field: 'title', boost: 3 }],
    ['\\+dog \\"a\\:b', '+dog "a:b'],
    ['what is this?', 'what is this?'],
    ['C++ and e-mail', 'C++ and e-mail'],
    ['-', '-'],
  ])('%s', (text, expected) => {
    expect(parseQuery(text, { fields: ['title', 'text'] })).toEqual({ query: expected, warnings: [] });
  });

  it.each([
    ['"lazy dog', 'never closed'],
    ['(lazy dog', 'never closed'],
    ['lazy) dog', 'closes nothing'],
    ['auhtor:me', 'no field'],
  ])('guesses at %s and says so', (text, message) => {
    expect(parseQuery(text, { fields: ['title'] }).warnings[0]!.message).toContain(message);
  });

  it('wants all words where asked to', () => {
    expect(parseQuery('lazy -dog', { operator: 'and' }).query).toEqual({ must: ['lazy'], mustNot: ['dog'] });
  });

  it('never fails, and what it gives can be searched', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'a b title' }], { fields: { title: {}, text: {} }, positions: true });
    const piece = fc.constantFrom(
      'a',
      'b',
      '"',
      '(',
      ')',
      '+',
      '-',
      'AND',
      'OR',
      'NOT',
      ' ',
      'title:',
      'x:',
      '*',
      '?',
      '~',
      '^',
      '2',
      '\\',
      ':',
      '\ud800',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
        const { query } = parseQuery(pieces.join(''), { fields: ['title', 'text'] });
        await index.search(query, 3);
      }),
      { numRuns: 2000 },
    );
  });
});
