import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, RankError } from '@rank-rank/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Collection } from './collection.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-collection-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const fresh = () => join(folder, String(made++));

const subjects = ['rivers carve valleys', 'bakers knead dough', 'pilots read weather', 'violins need rosin', 'bees dance for nectar'];
const notes = (count: number, from = 0): Document[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `n${from + i}`,
    text: `${subjects[(from + i) % subjects.length]} and the number ${from + i} is written here`,
    metadata: { subject: subjects[(from + i) % subjects.length]!.split(' ')[0]!, number: from + i },
  }));

async function madeOf(documents: readonly Document[], options: Parameters<typeof Collection.open>[1] = {}): Promise<Collection> {
  const collection = await Collection.open(fresh(), { ...options, write: true });
  await collection.add(documents);
  await collection.commit();
  return collection;
}

describe('a collection', () => {
  it('finds with every pipeline, and explains what it finds', async () => {
    const collection = await madeOf(notes(40));
    for (const name of collection.pipelines) {
      const { hits } = await collection.run('kneading of dough by bakers', { k: 5, pipeline: name });
      expect((await collection.get([hits[0]!.id]))[0]!.text).toContain('dough');
      const explanation = await collection.explain('kneading of dough by bakers', hits[0]!.id, { pipeline: name });
      expect(explanation!.value).toBeCloseTo(hits[0]!.score, 4);
    }
    expect((await collection.search('dough', 3, { filter: { field: 'number', lt: 5 } })).map(({ id }) => id)).toContain('n1');
    await collection.close();
  });

  it('takes in only what changed', async () => {
    const collection = await madeOf(notes(30));
    const changed = notes(30).map((note, i) => (i === 7 ? { ...note, text: 'zeppelins float over lakes' } : note));
    expect(await collection.add([...changed, ...notes(5, 30)])).toEqual({ added: 5, updated: 1, unchanged: 29 });
    await collection.commit();
    expect(collection.size).toBe(35);
    expect((await collection.search('zeppelins', 1))[0]!.id).toBe('n7');
    const { dense, tokens } = collection.statistics();
    expect([dense!.vectors, tokens!.matrices]).toEqual([35, 35]);
    await collection.close();
  });

  it('removes by id and by filter', async () => {
    const collection = await madeOf(notes(20));
    expect(await collection.remove(['n0', 'nothing'])).toBe(1);
    expect(await collection.remove({ filter: { field: 'subject', eq: 'bakers' } })).toBe(4);
    await collection.commit();
    expect(collection.size).toBe(15);
    for (const pipeline of collection.pipelines) {
      const { hits } = await collection.run('bakers knead dough', { k: 20, pipeline });
      expect(hits.some(({ id }) => Number(id.slice(1)) % 5 === 1 || id === 'n0')).toBe(false);
    }
    await collection.close();
  });

  it('refuses an id that comes twice with different contents, and takes the same twice for one', async () => {
    const collection = await Collection.open(fresh(), { write: true });
    const [a, b] = notes(2) as [Document, Document];
    expect(await collection.add([a, a, b])).toEqual({ added: 2, updated: 0, unchanged: 1 });
    await expect(collection.add([a, { ...a, text: 'other' }])).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
    await collection.close();
  });

  it('cuts documents into passages, and gives each document its best one', async () => {
    const guide: Document = {
      id: 'guide#1',
      title: 'Guide',
      text: '# Rivers\nRivers carve valleys over ages.\n# Dough\nBakers knead dough until it shines.\n# Rosin\nViolins need rosin.',
      metadata: { kind: 'guide' },
    };
    const collection = await madeOf([guide, ...notes(20)], { chunking: { by: 'headings' } });
    expect(collection.statistics()).toMatchObject({ documents: 21, passages: 23 });
    for (const pipeline of collection.pipelines) {
      const { hits } = await collection.run('bakers knead dough until it shines', { k: 3, pipeline });
      expect(hits[0]!.id).toBe('guide#1');
      expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
      const explanation = await collection.explain('bakers knead dough until it shines', 'guide#1', { pipeline });
      expect(explanation).toMatchObject({ name: 'best passage', description: 'guide#1#1' });
      expect(explanation!.parts![0]!.value).toBeCloseTo(hits[0]!.score, 4);
    }
    expect((await collection.get(['guide#1#2']))[0]).toMatchObject({ title: 'Guide › Rosin' });
    // Fewer passages than before: none of the old ones is found.
    await collection.add([{ ...guide, text: '# Rivers\nRivers carve valleys over ages.' }]);
    await collection.commit();
    expect(collection.statistics().passages).toBe(21);
    expect((await collection.run('dough until it shines', { pipeline: 'bm25' })).hits.map(({ id }) => id)).not.toContain('guide#1');
    await collection.close();
  });

  it('is read while it is written, and shows the news on request', async () => {
    const writer = await madeOf(notes(10));
    const reader = await Collection.open(writer.path);
    await writer.add([{ id: 'new', text: 'zeppelins float over lakes' }]);
    await writer.commit();
    expect(await reader.search('zeppelins lakes', 5)).not.toContainEqual(expect.objectContaining({ id: 'new' }));
    expect(await reader.refresh()).toBe(true);
    expect((await reader.search('zeppelins lakes', 1))[0]!.id).toBe('new');
    expect(await reader.refresh()).toBe(false);
    await expect(Collection.open(writer.path, { write: true })).rejects.toMatchObject({ code: 'LOCKED' });
    await reader.close();
    await writer.close();
  });

  it('comes back with its settings, and refuses others', async () => {
    const collection = await madeOf(notes(3), { analysis: 'standard', encoder: 'none' });
    await collection.close();
    const again = await Collection.open(collection.path);
    expect(again.settings).toMatchObject({ analysis: 'standard', encoder: 'none' });
    expect((await again.search('rivers', 1))[0]!.id).toBe('n0');
    expect(() => again.pipeline('dense')).toThrow(/needs vectors/);
    await again.close();
    await expect(Collection.open(collection.path, { analysis: 'english' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(Collection.open(join(folder, 'missing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(Collection.open(fresh(), { write: true, encoder: '' })).rejects.toThrow(/encoder/);
  });

  it('takes an encoder of the caller, for dense vectors and for token matrices', async () => {
    const encode = (text: string): Float32Array => {
      const row = new Float32Array(8);
      for (const word of text.toLowerCase().split(/\W+/)) row[(word.charCodeAt(0) || 0) % 8]!++;
      return row;
    };
    const name = 'first letters';
    const dense = {
      dim: 8,
      encode: async (texts: readonly string[]) => ({
        data: Float32Array.from(texts.flatMap((text) => [...encode(text)])),
        rows: texts.length,
        dim: 8,
      }),
    };
    const tokens = { dim: 8, encode: async (texts: readonly string[]) => texts.map((text) => ({ data: encode(text), rows: 1, dim: 8 })) };
    const both = await madeOf(notes(12), { encoder: { name, dense, tokens } });
    expect(both.statistics()).toMatchObject({ encoder: name, dense: { dim: 8, vectors: 12 }, tokens: { dim: 8, matrices: 12 } });
    expect(both.statistics().learned).toBeUndefined();
    expect((await both.search('bees dance', 1))[0]!.id).toBe('n4');
    await both.close();
    const half = await madeOf(notes(12), { encoder: { name, dense } });
    expect(half.statistics()).toMatchObject({ dense: { dim: 8 }, learned: { documents: 12 } });
    // It grows past the learned encoder, which is learned again; the vectors of the caller's stay.
    await half.add(notes(20, 12));
    await half.commit();
    expect(half.statistics()).toMatchObject({ dense: { vectors: 32 }, tokens: { matrices: 32 }, learned: { documents: 32 } });
    await half.close();
  });

  it('goes on where the encoder of the caller failed the first time, and is read by its words until then', async () => {
    let broken = true;
    const rowOf = (text: string): number[] => Array.from({ length: 4 }, (_, i) => text.charCodeAt(i) % 7);
    const encode = async (texts: readonly string[], as: string) => {
      if (broken && as === 'document') throw new RankError('MODEL', 'The model is not there.');
      return { data: Float32Array.from(texts.flatMap(rowOf)), rows: texts.length, dim: 4 };
    };
    const dense = { dim: 4, encode };
    const tokens = {
      dim: 4,
      encode: async (texts: readonly string[]) => texts.map(() => ({ data: new Float32Array(4).fill(1), rows: 1, dim: 4 })),
    };
    const encoder = { name: 'unsteady', dense, tokens };
    const collection = await Collection.open(fresh(), { write: true, encoder });
    await collection.add(notes(10));
    await expect(collection.commit()).rejects.toMatchObject({ code: 'MODEL' });
    await collection.close();
    const reader = await Collection.open(collection.path, { encoder });
    expect((await reader.pipeline('bm25').search('bakers dough', 1))[0]!.id).toBe('n1');
    expect(await reader.pipeline('dense').search('bakers dough', 3)).toEqual([]);
    await reader.close();
    broken = false;
    const again = await Collection.open(collection.path, { write: true, encoder });
    await again.commit();
    expect(again.statistics()).toMatchObject({ documents: 10, dense: { vectors: 10 }, tokens: { matrices: 10 } });
    expect(again.statistics().learned).toBeUndefined();
    await again.close();
  });

  it('runs described pipelines', async () => {
    const collection = await madeOf(notes(10));
    const search = await collection.describedPipeline({ stages: [{ retrieve: ['bm25', 'late'] }, { fuse: 'rrf' }, { rerank: 'late' }] });
    expect((await search.search('violins need rosin', 1))[0]!.id).toBe('n3');
    await expect(collection.describedPipeline({ stages: [{ retrieve: 'bm52' }] })).rejects.toThrow(/Did you mean "bm25"/);
    await collection.close();
  });

  it('says why a query or a filter finds nothing', async () => {
    const collection = await madeOf(notes(3));
    for (const pipeline of ['bm25', 'full'] as const) {
      const notesOf = async (query: string, filter?: { field: string; eq: string }) => {
        const { trace } = await collection.run(query, { pipeline, ...(filter && { filter }) });
        return trace.stages.flatMap((stage) => [...stage.notes, ...(stage.parts ?? []).flatMap((part) => part.notes)]).join(' ');
      };
      expect(await notesOf('the of')).toMatch(/nothing|no term|stop/i);
      expect(await notesOf('rivers', { field: 'sbject', eq: 'x' })).toContain('sbject');
    }
    await collection.close();
  });

  it('is fine with no document, with one, and with a query of ten thousand words', async () => {
    const collection = await Collection.open(fresh(), { write: true });
    await collection.commit();
    expect(await collection.search('anything', 5)).toEqual([]);
    await collection.add([{ id: 'only', text: 'one note about lighthouses' }]);
    await collection.commit();
    expect((await collection.search('lighthouses', 5)).map(({ id }) => id)).toEqual(['only']);
    expect(await collection.search(`lighthouses ${'words and words '.repeat(3334)}`, 5)).toHaveLength(1);
    await collection.close();
  });

  it('keeps documents without a word, and learns vectors once there are words', async () => {
    const collection = await madeOf([
      { id: 'a', text: 'the' },
      { id: 'b', text: '?!' },
    ]);
    expect([collection.size, collection.pipelines]).toEqual([2, ['bm25']]);
    expect(await collection.search('the rivers', 5)).toEqual([]);
    await collection.add(notes(5));
    await collection.commit();
    expect(collection.statistics()).toMatchObject({ dense: { vectors: 5 }, tokens: { matrices: 7 } });
    expect((await collection.run('rivers', { pipeline: 'full' })).hits[0]!.id).toBe('n0');
    await collection.close();
  });

  it('becomes one segment when compacted, and stays what it was', async () => {
    const collection = await Collection.open(fresh(), { write: true });
    for (let i = 0; i < 4; i++) {
      await collection.add(notes(10, i * 10));
      await collection.commit();
    }
    await collection.remove(['n5']);
    await collection.commit();
    const before = await collection.search('pilots read weather', 10);
    await collection.compact();
    expect(collection.statistics().segments).toEqual({ documents: 1, lexical: 1, dense: 1, tokens: 1 });
    expect((await collection.search('pilots read weather', 10)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    await collection.close();
  });
});
