import { describe, expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import type { LexicalQuery } from './lexical-query.ts';
import { parseQuery } from './parse-query.ts';

const documents = [
  { id: '1', title: 'Quick foxes', text: 'The quick brown fox jumps over the lazy dog', metadata: { kind: 'animal', year: 2001 } },
  { id: '2', title: 'Slow dogs', text: 'A lazy dog sleeps; the quick fox does not', metadata: { kind: 'animal', year: 2005 } },
  { id: '3', title: 'Brown bread', text: 'How to bake brown bread quickly', metadata: { kind: 'recipe', year: 2005 } },
  { id: '4', title: 'Foxtrot', text: 'The foxtrot is a slow dance', metadata: { kind: 'dance' } },
  { id: '5', title: '', text: '' },
];
const options = {
  fields: { title: {}, text: {} },
  analysis: { tokenizer: { type: 'standard' }, filters: [{ type: 'fold' }] },
  positions: true,
} as const;

async function ids(query: LexicalQuery, search: object = {}): Promise<string[]> {
  const index = await LexicalIndex.build(documents, options);
  return (await index.search(query, 10, search)).map((hit) => hit.id).sort();
}

describe('a query', () => {
  it.each<[string, LexicalQuery, string[]]>([
    ['of words finds documents with any of them', 'bread foxtrot', ['3', '4']],
    ['of one term takes it as it stands', { term: 'Foxtrot' }, []],
    ['of a field asks that field alone', { text: 'brown', field: 'title' }, ['3']],
    ['of fields asks them all', { text: 'brown', fields: ['title', 'text'] }, ['1', '3']],
    ['with a minimum wants so many words', { text: 'quick brown dog', minimumShouldMatch: 3 }, ['1']],
    ['with a share of words rounds it down', { text: 'quick brown dog', minimumShouldMatch: '67%' }, ['1', '2']],
    ['with a negative minimum lets so many be missing', { text: 'quick brown dog', minimumShouldMatch: -1 }, ['1', '2']],
    ['for a phrase wants the words in order', { phrase: 'lazy dog', field: 'text' }, ['1', '2']],
    ['for a phrase counts dropped places', { phrase: 'brown fox', field: 'text' }, ['1']],
    ['for a phrase the wrong way round finds nothing', { phrase: 'dog lazy', field: 'text' }, []],
    ['for a phrase with slop lets words move', { phrase: 'quick fox', field: 'text', slop: 1 }, ['1', '2']],
    ['for a phrase of one word is that word', { phrase: 'bread', field: 'text' }, ['3']],
    ['for words near one another takes any order', { near: 'dog brown', distance: 5, field: 'text' }, ['1']],
    ['for words nearer than they stand finds nothing', { near: 'dog brown', distance: 4, field: 'text' }, []],
    ['for a prefix takes every term that begins so', { prefix: 'fox' }, ['1', '2', '4']],
    ['for a pattern takes any run', { wildcard: 'b*n' }, ['1', '3']],
    ['for a pattern takes one character', { wildcard: 'd?g' }, ['1', '2']],
    ['for a pattern takes an escaped star as it is', { wildcard: 'b\\*n' }, []],
    ['with an edit finds a misspelling', { fuzzy: 'brwon' }, ['1', '3']],
    ['with no edits allowed does not', { fuzzy: 'brwon', edits: 0 }, []],
    ['with a prefix to keep does not change it', { fuzzy: 'crown', prefixLength: 1 }, []],
    ['with nothing to keep changes the first character too', { fuzzy: 'crown', prefixLength: 0 }, ['1', '3']],
    ['of all wants all', { must: ['quick', 'brown'] }, ['1']],
    ['of none leaves out', { must: ['quick'], mustNot: ['brown'] }, ['2']],
    ['of none alone finds everything else', { mustNot: ['quick'] }, ['3', '4', '5']],
    ['of any with a minimum', { should: ['quick', 'brown', 'dog'], minimumShouldMatch: 2 }, ['1', '2']],
    ['nested', { must: [{ should: ['bread', 'dance'] }], mustNot: [{ phrase: 'slow dance' }] }, ['3']],
    ['for everything finds everything', { all: true }, ['1', '2', '3', '4', '5']],
    ['for nothing known finds nothing', 'zebra', []],
    ['of all where one is unknown finds nothing', { must: ['quick', 'zebra'] }, []],
  ])('%s', async (_, query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('with a filter counts only what passes', async () => {
    expect(await ids('quick brown', { filter: { field: 'year', gte: 2005 } })).toEqual(['2', '3']);
    expect(await ids({ all: true }, { filter: { field: 'kind', isNull: true } })).toEqual(['5']);
  });

  it('multiplies by boosts', async () => {
    const index = await LexicalIndex.build(documents, options);
    const [plain] = await index.search({ term: 'bread', field: 'text' }, 1);
    const [boosted] = await index.search({ term: 'bread', field: 'text', boost: 3 }, 1);
    expect(boosted!.score).toBeCloseTo(3 * plain!.score, 5);
  });

  it('takes the best of the terms that a prefix stands for', async () => {
    const index = await LexicalIndex.build(documents, options);
    const [prefix] = await index.search({ prefix: 'foxt', field: 'text' }, 1);
    const [term] = await index.search({ term: 'foxtrot', field: 'text' }, 1);
    expect(prefix).toEqual(term);
  });

  it.each<[string, unknown, string]>([
    ['of an unknown form', { txet: 'a' }, 'Did you mean "text"'],
    ['of an unknown field', { text: 'a', field: 'titel' }, 'Did you mean "title"'],
    ['with an unknown option', { phrase: 'a', slopp: 1 }, 'Did you mean "slop"'],
    ['without a form', {}, 'empty object'],
    ['that is a number', 3, 'expected a string'],
    ['with three edits', { fuzzy: 'abc', edits: 3 }, 'at most 2'],
    ['with a negative boost', { text: 'a', boost: -1 }, 'above 0'],
    ['with an endless pattern', { wildcard: '*'.repeat(300) }, 'at most 256'],
    ['with a minimum that is no number', { should: ['a'], minimumShouldMatch: 'most' }, 'whole number or a share'],
  ])('%s is refused', async (_, query, message) => {
    await expect(ids(query as LexicalQuery)).rejects.toThrow(message);
  });

  it('nested without end is refused', async () => {
    let query: LexicalQuery = 'a';
    for (let i = 0; i < 100; i++) query = { must: [query] };
    await expect(ids(query)).rejects.toThrow('nested');
  });

  it('warns where it has no terms, positions are missing, or a pattern stands for too many', async () => {
    const index = await LexicalIndex.build(documents, { analysis: 'english' });
    expect(index.searchDetailed('to be or not to be', 5)).toMatchObject({
      hits: [],
      warnings: [{ code: 'EMPTY_QUERY', message: expect.stringContaining('stop word') }],
    });
    expect(index.searchDetailed('!?', 5).warnings[0]!.message).toContain('no letters or digits');
    expect(index.searchDetailed('', 5).warnings[0]!.message).toContain('empty');
    const phrase = index.searchDetailed({ phrase: 'lazy dog' }, 5);
    expect(phrase.warnings[0]!.code).toBe('NO_POSITIONS');
    expect(phrase.hits.map((hit) => hit.id).sort()).toEqual(['1', '2']);
    expect(index.searchDetailed({ wildcard: '*', limit: 2 }, 5).warnings[0]!.code).toBe('TOO_MANY_TERMS');
    expect(index.searchDetailed('fox', 5, { filter: { field: 'yaer', eq: 1 } }).warnings[0]!.code).toBe('UNKNOWN_FIELD');
  });

  it('goes on without parts that have no terms, and says so', async () => {
    const index = await LexicalIndex.build(documents, { analysis: 'english' });
    const all = index.searchDetailed('fox', 5).hits;
    for (const query of [
      { must: ['the', 'fox'] },
      { must: ['fox', { phrase: 'to be' }] },
      { should: ['of', 'fox'], minimumShouldMatch: 2 },
      { must: ['fox'], mustNot: ['the'] },
      { must: ['fox', { should: ['to', 'be'] }] },
      parseQuery('the AND fox').query,
    ]) {
      const { hits, warnings } = index.searchDetailed(query, 5);
      expect(hits).toEqual(all);
      expect(warnings[0]!.code).toBe('EMPTY_QUERY');
    }
    expect(index.searchDetailed({ must: ['the', 'of'] }, 5).hits).toEqual([]);
    expect(index.searchDetailed({ must: ['fox', 'zebra'] }, 5).hits).toEqual([]);
    expect(index.searchDetailed({ must: ['the'], mustNot: ['fox'] }, 5).hits).toEqual([]);
  });

  it('is not exploded by a pattern made to', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'a'.repeat(250) }], { analysis: 'whitespace' });
    expect(await index.search({ wildcard: `${'a*'.repeat(120)}b` }, 5)).toEqual([]);
  });

  it('counts facets over what matches', async () => {
    const index = await LexicalIndex.build(documents, options);
    expect(index.facets('quick brown', 'kind')).toEqual([
      { value: 'animal', count: 2 },
      { value: 'recipe', count: 1 },
    ]);
    expect(index.facets({ all: true }, 'year', { limit: 1 })).toEqual([{ value: 2005, count: 2 }]);
    expect(index.facets('quick', 'nothing')).toEqual([]);
  });
});
