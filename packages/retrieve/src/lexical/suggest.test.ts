import { expect, it } from 'vitest';
import { LexicalIndex } from './lexical-index.ts';
import { complete, didYouMean } from './suggest.ts';

async function reader() {
  const texts = ['quick brown fox', 'quick red fox', 'quiet night', 'quality time', 'brown bear', 'the café'];
  const index = await LexicalIndex.build(
    texts.map((text, i) => ({ id: String(i), text })),
    { analysis: 'standard' },
  );
  return index.reader;
}

it('mends the words that nobody has', async () => {
  expect(didYouMean(await reader(), 'quikc brwn fox')[0]).toEqual({ text: 'quick brown fox', documents: 2 });
});

it('leaves words alone that are there, short, or numbers', async () => {
  expect(didYouMean(await reader(), 'quick fox')).toEqual([]);
  expect(didYouMean(await reader(), 'zz 1999x')).toEqual([]);
  expect(didYouMean(await reader(), '')).toEqual([]);
});

it('completes the last word, the most frequent first', async () => {
  expect(complete(await reader(), 'qui')).toEqual([
    { text: 'quick', documents: 2 },
    { text: 'quiet', documents: 1 },
  ]);
  expect(complete(await reader(), 'Q', { limit: 1 })).toEqual([{ text: 'quick', documents: 2 }]);
  expect(complete(await reader(), 'CAF')).toEqual([{ text: 'café', documents: 1 }]);
});

it('prefers completions that go with the words before', async () => {
  expect(complete(await reader(), 'brown b')[0]).toEqual({ text: 'brown bear', documents: 1 });
  expect(complete(await reader(), 'night q')[0]).toEqual({ text: 'night quiet', documents: 1 });
});

it('completes nothing after a space or a sign', async () => {
  expect(complete(await reader(), 'quick ')).toEqual([]);
  expect(complete(await reader(), '')).toEqual([]);
});
