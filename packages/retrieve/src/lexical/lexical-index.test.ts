import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, type Progress, Random } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LexicalIndex } from './lexical-index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-lexical-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Texts of words that are met more and less often. */
function* documents(count: number, words = 60): Generator<Document> {
  const random = new Random(5);
  for (let i = 0; i < count; i++) {
    const text = Array.from({ length: words }, () => `w${Math.floor(20_000 * random.next() ** 3)}`).join(' ');
    yield { id: `d${i}`, text, metadata: { n: i } };
  }
}

describe('an index', () => {
  it('is on disk as it was in memory, its analysis and model with it', async () => {
    const analysis = {
      tokenizer: { type: 'standard' },
      filters: [{ type: 'fold' }, { type: 'synonyms', rules: ['nyc, new york'] }],
    } as const;
    const texts = [
      { id: 'a', text: 'Snow in New York' },
      { id: 'b', text: 'NYC nights' },
    ];
    const model = { model: 'bm25', k1: 0.9, b: 0.4 } as const;
    const kept = await LexicalIndex.build(texts, { path: folder, analysis, model });
    const expected = await kept.search('new york nights', 5);
    await kept.close();
    const opened = await LexicalIndex.open(folder);
    expect(await opened.search('new york nights', 5)).toEqual(expected);
    expect(await (await LexicalIndex.build(texts, { analysis, model })).search('new york nights', 5)).toEqual(expected);
    expect(opened.fields[0]!.analysis).toEqual(analysis);
    await opened.close();
    await expect(opened.search('snow', 1)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('shows what was committed to those that opened it before, whatever is written after', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'fox' }], { path: folder });
    const { reader } = index;
    await index.add({ id: 'b', text: 'fox fox' });
    expect(await index.search('fox', 5)).toHaveLength(1);
    await index.remove('a');
    await index.commit();
    expect((await index.search('fox', 5)).map(({ id }) => id)).toEqual(['b']);
    await index.merge();
    expect((await reader.search('fox', 5)).map(({ id }) => id)).toEqual(['a']);
    await index.close();
  });

  it('counts deleted documents in its statistics until they are merged away, as Lucene', async () => {
    const index = await LexicalIndex.build(Array.from({ length: 10 }, (_, i) => ({ id: `${i}`, text: i < 5 ? 'fox' : 'dog' })));
    const [before] = await index.search('fox', 1);
    await index.remove(['3', '4']);
    await index.commit();
    const { reader } = index;
    expect((await reader.search('fox', 9)).map(({ id }) => id)).toEqual(['0', '1', '2']);
    expect((await reader.search('fox', 1))[0]).toEqual(before);
    await index.merge();
    expect((await index.search('fox', 1))[0]!.score).toBeGreaterThan(before!.score);
  });

  it('takes a small memory as several segments, and finds the same', async () => {
    const all = [...documents(2500)];
    const whole = await LexicalIndex.build(all);
    const pieces = await LexicalIndex.build(
      (async function* () {
        yield* all;
      })(),
      { memory: 1 << 18, path: folder },
    );
    expect(pieces.reader.segments.length).toBeGreaterThan(1);
    for (const query of ['w1 w50 w3000', 'w7', { must: ['w2', 'w19'] }]) {
      expect(await pieces.search(query, 50)).toEqual(await whole.search(query, 50));
    }
    await pieces.merge();
    expect(pieces.reader.segments).toHaveLength(1);
    expect(await pieces.search('w1 w50 w3000', 50)).toEqual(await whole.search('w1 w50 w3000', 50));
    await pieces.close();
  });

  it('tells how far it is', async () => {
    const seen: Progress[] = [];
    await LexicalIndex.build([...documents(200, 10)], { onProgress: (progress) => seen.push(progress) });
    expect(seen[0]).toEqual({ stage: 'analysing', done: 1, total: 200, unit: 'documents' });
    expect(seen.at(-1)).toMatchObject({ stage: 'analysing', done: 200 });
  });

  it('can be cancelled while documents are added, and while it is written, and goes on', async () => {
    const index = await LexicalIndex.create({ path: folder });
    const early = new AbortController();
    async function* cancelling(): AsyncGenerator<Document> {
      for (const document of documents(1000, 5)) {
        if (document.id === 'd500') early.abort();
        yield document;
      }
    }
    await expect(index.add(cancelling(), { signal: early.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await index.rollback();
    await index.add([...documents(12_000, 200)]);
    const late = new AbortController();
    const writing = index.commit({ signal: late.signal, onProgress: () => late.abort() });
    await expect(writing).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(index.size).toBe(0);
    await index.commit();
    expect(index.size).toBe(12_000);
    await index.close();
    const opened = await LexicalIndex.open(folder);
    expect(opened.size).toBe(12_000);
    await opened.close();
  });

  it('stops a search whose signal has fired', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'fox' }]);
    await expect(index.search('fox', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('input that is wrong or strange', () => {
  it('an id that comes twice in a batch is refused whole, in a stream where it is met', async () => {
    const index = await LexicalIndex.create();
    const twice = [
      { id: 'a', text: 'x' },
      { id: 'b', text: 'y' },
      { id: 'a', text: 'z' },
    ];
    await expect(index.add(twice)).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
    await index.commit();
    expect(index.size).toBe(0);
    await expect(index.add(twice.values())).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
  });

  it.each<[unknown, string]>([
    [3, 'INVALID_ARGUMENT'],
    [[{ id: '', text: 'a' }], 'INVALID_ARGUMENT'],
    [[{ id: 1, text: 'a' }], 'INVALID_ARGUMENT'],
    [[{ id: 'a' }], 'INVALID_ARGUMENT'],
    [[{ id: 'a', text: 'a', title: 3 }], 'INVALID_ARGUMENT'],
    [[null], 'INVALID_ARGUMENT'],
    [[{ id: 'a', text: 'a', metadata: { x: Number.NaN } }], 'NOT_FINITE'],
  ])('%j is no document', async (wrong, code) => {
    const index = await LexicalIndex.create();
    await expect(index.add(wrong as Document)).rejects.toMatchObject({ code });
  });

  it('empty documents are there, and found by no word', async () => {
    const index = await LexicalIndex.build([
      { id: 'a', text: '' },
      { id: 'b', text: 'fox' },
      { id: 'c', text: ' \n' },
    ]);
    expect(index.size).toBe(3);
    expect((await index.search('fox', 5)).map(({ id }) => id)).toEqual(['b']);
    expect(await index.search({ all: true }, 5)).toHaveLength(3);
    const empty = await LexicalIndex.build([]);
    expect(await empty.search('fox', 5)).toEqual([]);
  });

  it('lone surrogates and control characters end words, and ids with them are told apart', async () => {
    const index = await LexicalIndex.build(
      [
        { id: 'a', text: 'fox\ud800dog \u0000cat\u0007\udfffeel', title: '\ud83d' },
        { id: 'b\u0000', text: '\ud800' },
      ],
      { path: folder, texts: true },
    );
    for (const word of ['fox', 'dog', 'cat', 'eel']) expect((await index.search(word, 5)).map(({ id }) => id)).toEqual(['a']);
    expect(await index.search('\ud800', 5)).toEqual([]);
    expect(index.reader.has('b\u0000')).toBe(true);
    await index.close();
  });

  it('k beyond the collection gives all that matches, k of 0 is refused', async () => {
    const index = await LexicalIndex.build([...documents(5, 3)]);
    expect(await index.search({ all: true }, 1_000_000)).toHaveLength(5);
    for (const k of [0, -1, 1.5, Number.NaN]) await expect(index.search('w1', k)).rejects.toThrow('search: k is');
  });

  it('a document of 50 MB is indexed and found, in a moment', async () => {
    const text = `${'lorem ipsum dolor sit amet '.repeat(970_000)}${'x'.repeat(24_000_000)} needle`;
    expect(text.length).toBeGreaterThan(50_000_000);
    const index = await LexicalIndex.build([
      { id: 'large', text },
      { id: 'small', text: 'needle ipsum' },
    ]);
    expect((await index.search('needle', 5)).map(({ id }) => id)).toEqual(['small', 'large']);
    expect((await index.search('ipsum', 5)).map(({ id }) => id)).toContain('large');
  });

  it.each<[object, string]>([
    [{ pth: 'x' }, 'Did you mean "path"'],
    [{ memory: 3 }, 'memory'],
    [{ fields: {} }, 'fields is empty'],
    [{ fields: { 'a b': {} } }, 'Field name'],
    [{ fields: { a: { boost: 0 } } }, 'boost'],
    [{ fields: { a: { from: 'author' } } }, 'metadata.NAME'],
    [{ model: 'bm26' }, 'Did you mean "bm25"'],
    [{ model: { model: 'bm25', b: 2 } }, 'bm25: b'],
    [{ model: { model: 'ql', lambda: 1 } }, 'lambda'],
  ])('options %j are refused: %s', async (options, message) => {
    await expect(LexicalIndex.create(options)).rejects.toThrow(message);
  });

  it('searches with unknown options, fields, models or strategies are refused', async () => {
    const index = await LexicalIndex.build([{ id: 'a', text: 'fox' }]);
    for (const [options, message] of [
      [{ filtre: {} }, 'Did you mean "filter"'],
      [{ fields: ['txt'] }, 'Did you mean "text"'],
      [{ model: 'dhp' }, 'dph'],
      [{ strategy: 'maxscor' }, 'maxscore'],
    ] as const) {
      await expect(index.search('fox', 1, options as object)).rejects.toThrow(message);
    }
    expect(() => index.explain('fox', 'b')).toThrow('no document');
    await expect(index.search({ must: ['fox'] }, 1, { strategy: 'eager' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(LexicalIndex.open(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await LexicalIndex.build([], { path: folder }).then((made) => made.close());
    await expect(LexicalIndex.create({ path: folder })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});
