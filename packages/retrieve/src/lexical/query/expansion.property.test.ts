import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LexicalIndex } from '../lexical-index.ts';
import type { LexicalQuery } from './lexical-query.ts';

const letter = fc.constantFrom('a', 'b', 'é', '東', '😀');
const word = fc.array(letter, { minLength: 1, maxLength: 7 }).map((list) => list.join(''));
const texts = fc.array(
  fc.array(word, { maxLength: 4 }).map((list) => list.join(' ')),
  { minLength: 1, maxLength: 60 },
);

/** Ids of the documents with a word that passes, by looking at all of them. */
function having(bodies: readonly string[], passes: (word: string) => boolean): Set<string> {
  return new Set(bodies.flatMap((body, i) => (body.split(' ').some((part) => part !== '' && passes(part)) ? [String(i)] : [])));
}

async function found(bodies: readonly string[], query: LexicalQuery): Promise<Set<string>> {
  const half = bodies.length >> 1;
  const documents = bodies.map((text, i) => ({ id: String(i), text }));
  // Two segments, so that dictionaries are walked side by side.
  const index = await LexicalIndex.build(documents.slice(0, half), { analysis: 'whitespace', positions: true });
  await index.add(documents.slice(half));
  await index.commit();
  return new Set((await index.search(query, bodies.length)).map(({ id }) => id));
}

/** Insertions, deletions, substitutions and swaps of neighbours, none of which touches what another did. */
function distance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

it('a prefix stands for the terms that begin so', async () => {
  await fc.assert(
    fc.asyncProperty(texts, word, async (bodies, prefix) => {
      expect(await found(bodies, { prefix, limit: 65_536 })).toEqual(having(bodies, (other) => other.startsWith(prefix)));
    }),
    { numRuns: 100 },
  );
});

it('a pattern stands for the terms that it fits', async () => {
  const pattern = fc.array(fc.oneof(letter, fc.constantFrom('*', '?')), { minLength: 1, maxLength: 6 }).map((list) => list.join(''));
  await fc.assert(
    fc.asyncProperty(texts, pattern, async (bodies, wildcard) => {
      const expression = new RegExp(`^${wildcard.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u');
      expect(await found(bodies, { wildcard, limit: 65_536 })).toEqual(having(bodies, (other) => expression.test(other)));
    }),
    { numRuns: 150 },
  );
});

it('a misspelling stands for the terms within so many edits', async () => {
  await fc.assert(
    fc.asyncProperty(texts, word, fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 3 }), async (bodies, fuzzy, edits, prefixLength) => {
      const start = [...fuzzy].slice(0, prefixLength).join('');
      const near = (other: string): boolean => other.startsWith(start) && distance(other, fuzzy) <= edits;
      expect(await found(bodies, { fuzzy, edits: edits as 0 | 1 | 2, prefixLength, limit: 65_536 })).toEqual(having(bodies, near));
    }),
    { numRuns: 200 },
  );
});

it('a phrase stands for its words one after the other, near words for a stretch that has them', async () => {
  const short = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 }), { minLength: 1, maxLength: 40 });
  const asked = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(short, asked, fc.integer({ min: 0, max: 4 }), async (lists, words, spare) => {
      const bodies = lists.map((list) => list.join(' '));
      const having = (passes: (list: readonly string[]) => boolean): Set<string> =>
        new Set(lists.flatMap((list, i) => (passes(list) ? [String(i)] : [])));
      expect(await found(bodies, { phrase: words.join(' ') })).toEqual(
        having((list) => list.some((_, at) => words.every((part, i) => list[at + i] === part))),
      );
      const distinct = [...new Set(words)];
      expect(await found(bodies, { near: distinct.join(' '), distance: spare })).toEqual(
        having((list) => list.some((_, at) => distinct.every((part) => list.slice(at, at + distinct.length + spare).includes(part)))),
      );
    }),
    { numRuns: 200 },
  );
});
