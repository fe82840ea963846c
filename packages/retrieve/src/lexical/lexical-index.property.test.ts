import type { Document } from '@rank-rank/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LexicalIndex } from './lexical-index.ts';
import type { LexicalQuery } from './query/lexical-query.ts';

const words = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu', 'hen'];
const text = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((list) => list.join(' '));
const id = fc.constantFrom('a', 'b', 'c', 'd10', 'd9', 'é', '\u{1F600}', '\uFF5E', 'z');
const options = { analysis: 'whitespace', positions: true } as const;

type Step =
  | { kind: 'add'; documents: Document[] }
  | { kind: 'remove'; ids: string[] }
  | { kind: 'commit' }
  | { kind: 'rollback' }
  | { kind: 'merge' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .uniqueArray(fc.record({ id, text }), { selector: (document) => document.id, maxLength: 4 })
      .map((documents) => ({ kind: 'add' as const, documents })),
  },
  { weight: 2, arbitrary: fc.array(id, { maxLength: 3 }).map((ids) => ({ kind: 'remove' as const, ids })) },
  { weight: 3, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rollback' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'merge' as const }) },
);

function matching(documents: ReadonlyMap<string, string>, word: string): string[] {
  return [...documents].filter(([, body]) => body.split(' ').includes(word)).map(([key]) => key);
}

it('after any changes finds what was committed, and once merged is as an index built at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const index = await LexicalIndex.create(options);
      let committed = new Map<string, string>();
      let current = new Map<string, string>();
      for (const change of steps) {
        const before = index.reader;
        const seen = await before.search('ant bee', 20);
        if (change.kind === 'add') {
          await index.add(change.documents);
          for (const document of change.documents) current.set(document.id, document.text);
        } else if (change.kind === 'remove') {
          const gone = new Set(change.ids.filter((key) => current.has(key)));
          expect(await index.remove(change.ids)).toBe(gone.size);
          for (const key of gone) current.delete(key);
        } else if (change.kind === 'rollback') {
          await index.rollback();
          current = new Map(committed);
        } else {
          await (change.kind === 'merge' ? index.merge() : index.commit());
          committed = new Map(current);
        }
        expect(await before.search('ant bee', 20)).toEqual(seen);
        expect(index.size).toBe(committed.size);
        for (const word of words.slice(0, 3)) {
          const found = (await index.search(word, 20)).map((hit) => hit.id);
          expect(new Set(found)).toEqual(new Set(matching(committed, word)));
        }
      }
      await index.merge();
      const fresh = await LexicalIndex.build(
        [...current].map(([key, body]) => ({ id: key, text: body })),
        options,
      );
      for (const query of ['ant bee', 'cat', { phrase: 'dog eel' }, { near: 'fox gnu', distance: 3 }]) {
        expect(await index.search(query, 20)).toEqual(await fresh.search(query, 20));
      }
      await index.close();
    }),
    { numRuns: 150 },
  );
});

const leaf: fc.Arbitrary<LexicalQuery> = fc.oneof(
  fc.constantFrom(...words),
  fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }).map((list) => list.join(' ')),
  fc.constantFrom(...words).map((term) => ({ term })),
  fc.record({ text, boost: fc.constantFrom(0.5, 2, 7) }),
);
const sums: fc.Arbitrary<LexicalQuery> = fc.oneof(
  leaf,
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((should) => ({ should })),
);
const documentsOf = fc
  .array(text, { minLength: 1, maxLength: 400 })
  .map((texts) => texts.map((body, i) => ({ id: String(i), text: body, metadata: { even: i % 2 === 0 } })));

it('ranks the same by every strategy, with and without a filter and deletions', async () => {
  await fc.assert(
    fc.asyncProperty(documentsOf, sums, fc.integer({ min: 1, max: 30 }), fc.array(fc.nat(400)), async (documents, query, k, gone) => {
      const index = await LexicalIndex.create(options);
      const third = Math.ceil(documents.length / 3);
      for (let from = 0; from < documents.length; from += third) {
        await index.add(documents.slice(from, from + third));
        await index.commit();
      }
      await index.remove(gone.map(String));
      await index.commit();
      // A merge in the background may finish at any moment, and changes statistics: one commit is asked.
      const { reader } = index;
      for (const filter of [undefined, { field: 'even', eq: true }]) {
        for (const model of ['bm25', 'anserini', { model: 'bm25', variant: 'bm25+' }, 'tfidf', 'ql', 'pl2', 'dph'] as const) {
          const search = { model, ...(filter && { filter }) };
          // All that match: no segment has to beat what others have found.
          const all = await reader.search(query, documents.length, { ...search, strategy: 'matching' });
          for (const strategy of ['matching', 'exhaustive', 'maxscore', 'eager', 'auto', 'auto', 'auto'] as const) {
            expect(await reader.search(query, k, { ...search, strategy })).toEqual(all.slice(0, k));
          }
        }
      }
      await index.close();
    }),
    { numRuns: 25 },
  );
});

it('explains every hit with the score that it has', async () => {
  const any: fc.Arbitrary<LexicalQuery> = fc.oneof(
    sums,
    fc.array(fc.constantFrom(...words), { minLength: 2, maxLength: 3 }).map((list) => ({ phrase: list.join(' '), slop: 2 })),
    fc.record({ must: fc.array(leaf, { maxLength: 2 }), should: fc.array(leaf, { minLength: 1, maxLength: 2 }) }),
    fc.constantFrom(...words).map((word) => ({ fuzzy: word, edits: 2 as const, prefixLength: 0 })),
  );
  const add = (node: { value: number; combine?: string; parts?: readonly { value: number }[] }): number => {
    if (node.parts === undefined) return node.value;
    const values = node.parts.map((part) => part.value);
    if (node.combine === 'product') return values.reduce((a, b) => a * b, 1);
    return node.combine === 'max' ? Math.max(...values) : values.reduce((a, b) => a + b, 0);
  };
  await fc.assert(
    fc.asyncProperty(documentsOf, any, async (documents, query) => {
      const index = await LexicalIndex.build(documents, options);
      for (const model of [
        'bm25',
        'anserini',
        { model: 'bm25', variant: 'bm25l', absentTerms: true },
        'tfidf',
        'ql',
        'pl2',
        'dph',
        'bm25f',
      ] as const) {
        for (const hit of await index.search(query, 3, { model })) {
          const root = index.explain(query, hit.id, { model })!;
          expect(root.value).toBe(hit.score);
          expect(add(root)).toBe(hit.score);
          const nodes = [root];
          for (const node of nodes) {
            nodes.push(...(node.parts ?? []));
            expect(add(node)).toBeCloseTo(node.value, 4);
          }
        }
      }
      await index.close();
    }),
    { numRuns: 25 },
  );
});
