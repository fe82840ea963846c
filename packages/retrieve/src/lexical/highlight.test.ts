import { describe, expect, it } from 'vitest';
import { highlight } from './highlight.ts';
import { LexicalIndex } from './lexical-index.ts';

const texts = [
  'The quick brown fox jumps over the lazy dog',
  'A dog is not lazy: it rests',
  'Der Straßenkehrer \u{1F600} fegt',
  '東京タワーは高い',
];

async function reader(options = {}) {
  const index = await LexicalIndex.build(
    texts.map((text, i) => ({ id: String(i), text })),
    { positions: true, ...options },
  );
  return index.reader;
}

describe('highlights', () => {
  it('mark the words that match, as they stand in the text', async () => {
    const { spans } = highlight(await reader(), 'dogs jumping', texts[0]!);
    expect(spans.map(([start, end]) => texts[0]!.slice(start, end))).toEqual(['jumps', 'dog']);
  });

  it('mark the words of a phrase only where the phrase is', async () => {
    const text = 'a lazy cat, a brown dog and a lazy dog';
    const { spans } = highlight(await reader(), { phrase: 'lazy dog' }, text);
    expect(spans).toEqual([
      [30, 34],
      [35, 38],
    ]);
  });

  it('mark what patterns and misspellings stand for, and not what must not match', async () => {
    const found = highlight(await reader(), { must: [{ prefix: 'qui' }, { fuzzy: 'foz' }], mustNot: ['dog'] }, texts[0]!);
    expect(found.spans.map(([start, end]) => texts[0]!.slice(start, end))).toEqual(['quick', 'fox']);
  });

  it('keep their places across scripts and emoji', async () => {
    const german = highlight(await reader({ analysis: 'standard' }), 'STRASSENKEHRER fegt', texts[2]!);
    expect(german.spans.map(([start, end]) => texts[2]!.slice(start, end))).toEqual(['Straßenkehrer', 'fegt']);
    const japanese = highlight(await reader({ analysis: 'cjk' }), '東京', texts[3]!);
    expect(japanese.spans).toEqual([[0, 2]]);
  });

  it('come with the stretches that say most of the query', async () => {
    const filler = 'nothing to see here and much more of that kind, '.repeat(12);
    const text = `A fox. ${filler}The lazy dog saw the fox. ${filler}The end.`;
    const { snippets, spans } = highlight(await reader(), 'lazy fox dog', text, { snippets: 1, length: 80 });
    expect(snippets).toHaveLength(1);
    expect(snippets[0]!.text).toContain('lazy dog saw the fox');
    expect(snippets[0]!.text.length).toBeLessThan(110);
    for (const snippet of snippets) {
      expect(text.slice(snippet.start, snippet.end)).toBe(snippet.text);
      for (const [start, end] of snippet.spans) expect(spans).toContainEqual([start + snippet.start, end + snippet.start]);
    }
  });

  it('show the beginning where nothing matches, and nothing of nothing', async () => {
    expect(highlight(await reader(), 'zebra', 'word '.repeat(100), { length: 50 }).snippets[0]!.start).toBe(0);
    expect(highlight(await reader(), 'zebra', '')).toEqual({ spans: [], snippets: [] });
  });
});
