import { expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';

it('BM25F adds occurrences up, weighted, before they saturate', async () => {
  const index = await LexicalIndex.build(
    [
      { id: '0', title: 'fox den', text: 'a fox and a fox' },
      { id: '1', title: 'dog', text: 'one fox' },
      { id: '2', title: 'bird', text: 'sings at dawn' },
    ],
    { fields: { title: { boost: 3 }, text: {} }, analysis: 'whitespace' },
  );
  const hits = await index.search('fox', 3, { model: { model: 'bm25f', k1: 1.5, b: { title: 0.5, text: 0.8 } } });
  // Mean lengths: titles 4/3, texts 10/3. Two of three documents have the word.
  const idf = Math.log(1 + (3 - 2 + 0.5) / (2 + 0.5));
  const title = 3 / (0.5 + (0.5 * 2) / (4 / 3));
  const text = 2 / (0.2 + (0.8 * 5) / (10 / 3));
  const other = 1 / (0.2 + (0.8 * 2) / (10 / 3));
  expect(hits).toEqual([
    { id: '0', score: expect.closeTo((idf * (title + text)) / (1.5 + title + text), 5) },
    { id: '1', score: expect.closeTo((idf * other) / (1.5 + other), 5) },
  ]);
});
