import { type Document, type Explanation, type Filter, Random, type Ranking, type SparseEncoder, toRanking } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { wordWeights } from '../testing/fakes.ts';
import { Collection, type CollectionOptions } from './collection.ts';

const subjects = ['rivers carve valleys', 'bakers knead dough', 'pilots read weather', 'violins need rosin', 'bees dance for nectar'];
const vocabulary = subjects.join(' ').split(' ');

const written = (random: Random, id: string): Document => ({
  id,
  text: Array.from({ length: random.integer(8) }, () => vocabulary[random.integer(vocabulary.length)]).join(' '),
  metadata: { part: random.integer(3) },
});

async function madeOf(documents: readonly Document[], options: CollectionOptions = {}): Promise<Collection> {
  const collection = await Collection.memory({ encoder: { name: 'words', sparse: wordWeights() }, ...options });
  await collection.add(documents);
  await collection.commit();
  return collection;
}

/** The obvious reference: the dot product with each document, of those above 0. */
async function byBruteForce(encoder: SparseEncoder, documents: Iterable<Document>, query: string, k: number): Promise<Ranking> {
  const [asked] = await encoder.encode([query], 'query');
  const weights = new Map([...asked!.indices].map((index, i) => [index, asked!.values[i]!]));
  const all = [...documents];
  const vectors = await encoder.encode(
    all.map(({ text }) => text),
    'document',
  );
  const scored = all.map(({ id }, d) => {
    const { indices, values } = vectors[d]!;
    return { id, score: indices.reduce((sum, index, i) => sum + (weights.get(index) ?? 0) * values[i]!, 0) };
  });
  return toRanking(scored.filter(({ score }) => score > 0)).slice(0, k);
}

function expectSame(found: Ranking, expected: Ranking): void {
  expect(found.length).toBe(expected.length);
  const scores = new Map(expected.map(({ id, score }) => [id, score]));
  found.forEach(({ id, score }, i) => {
    expect(score).toBeCloseTo(expected[i]!.score, 4);
    // Sums of 32 and of 64 bits may order what is all but equal otherwise.
    expect(scores.get(id) ?? expected.at(-1)!.score).toBeCloseTo(score, 4);
  });
}

/** What parts add up to, down to the leaves. */
function sumOf({ value, combine = 'sum', parts }: Explanation): number {
  if (parts === undefined) return value;
  const values = parts.map(sumOf);
  return combine === 'sum'
    ? values.reduce((a, b) => a + b, 0)
    : combine === 'product'
      ? values.reduce((a, b) => a * b, 1)
      : Math.max(...values);
}

describe('a collection with a sparse encoder', () => {
  it('finds what brute force over the vectors finds, through additions, changes, removals, filters and merges', async () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = new Random(seed);
      const encoder = wordWeights();
      const collection = await Collection.memory({ encoder: { name: 'words', sparse: encoder } });
      const there = new Map<string, Document>();
      for (let round = 0; round < 5; round++) {
        const batch = new Map(
          Array.from({ length: random.integer(60) }, () => written(random, `d${random.integer(90)}`)).map((d) => [d.id, d]),
        );
        for (const [id, document] of batch) there.set(id, document);
        await collection.add(batch.values());
        const gone = Array.from({ length: random.integer(10) }, () => `d${random.integer(90)}`);
        for (const id of gone) there.delete(id);
        await collection.remove(gone);
        await collection.commit();
        if (round === 3) await collection.compact();
        expect(collection.statistics().sparse?.vectors ?? 0).toBe(there.size);
        for (const query of ['rivers', 'knead the dough of bakers', 'weather pilots dance', '?!']) {
          const { hits } = await collection.run(query, { k: 10, pipeline: 'sparse' });
          expectSame(hits, await byBruteForce(encoder, there.values(), query, 10));
          const filter: Filter = { field: 'part', eq: 1 };
          const filtered = await collection.run(query, { k: 10, pipeline: 'sparse', filter });
          const allowed = [...there.values()].filter(({ metadata }) => metadata!['part'] === 1);
          expectSame(filtered.hits, await byBruteForce(encoder, allowed, query, 10));
        }
      }
      await collection.close();
    }
  });

  it('has the pipelines that there are vectors for, and says which are not', async () => {
    const random = new Random(1);
    const documents = Array.from({ length: 30 }, (_, i) => written(random, `d${i}`));
    const collection = await madeOf(documents);
    expect(collection.pipelines).toEqual(['bm25', 'dense', 'sparse', 'late', 'hybrid', 'full']);
    expect(collection.statistics()).toMatchObject({
      encoder: 'words',
      sparse: { vectors: 30, vocabulary: 4096, search: 'exact' },
      tokens: { matrices: 30 },
      segments: { sparse: 1 },
    });
    expect(collection.statistics().bytes['sparse']).toBeGreaterThanOrEqual(0);
    const plain = await madeOf(documents, { encoder: 'static' });
    expect(plain.pipelines).toEqual(['bm25', 'dense', 'late', 'hybrid', 'full']);
    expect(() => plain.pipeline('sparse')).toThrow(/needs sparse vectors.*"static" makes none/);
    await expect(plain.describedPipeline({ stages: [{ retrieve: 'sparse' }] })).rejects.toThrow(/source "sparse"/);
    await plain.close();
    await collection.close();
  });

  it('fuses words and weights of words in hybrid, each with its line in the trace', async () => {
    const random = new Random(2);
    const collection = await madeOf(Array.from({ length: 40 }, (_, i) => written(random, `d${i}`)));
    const query = 'bakers knead dough';
    const { hits, trace } = await collection.run(query, { k: 10, pipeline: 'hybrid' });
    expect(trace.stages.map(({ kind }) => kind)).toEqual(['retrieve', 'feedback', 'fuse']);
    expect(trace.stages[0]!.parts!.map(({ name }) => name).sort()).toEqual(['bm25', 'dense', 'sparse']);
    const fusion = { method: 'weighted-sum', weights: { bm25: 1, dense: 0.2, sparse: 1.5 } };
    const described = await collection.describedPipeline({
      stages: [{ retrieve: ['bm25', 'dense', 'sparse'] }, { feedback: { fusion } }, { fuse: fusion }],
    });
    expect(await described.search(query, 10)).toEqual(hits);
    for (const name of ['sparse', 'hybrid'] as const) {
      const { hits: found } = await collection.run(query, { k: 5, pipeline: name });
      for (const { id, score } of found) {
        const explanation = (await collection.explain(query, id, { pipeline: name }))!;
        expect(explanation.value).toBe(score);
        expect(sumOf(explanation)).toBeCloseTo(score, 5);
      }
    }
    const best = (await collection.run('dough', { k: 1, pipeline: 'sparse' })).hits[0]!;
    const why = (await collection.explain('dough', best.id, { pipeline: 'sparse' }))!;
    expect(why).toMatchObject({ name: 'sparse', space: 'dot' });
    expect(why.parts![0]).toMatchObject({
      name: 'dough',
      combine: 'product',
      parts: [{ name: 'weight in the query' }, { name: 'weight in the document' }],
    });
    expect(await collection.explain('zeppelins', best.id, { pipeline: 'sparse' })).toBeUndefined();
    await collection.close();
  });

  it('gives a document its best passage', async () => {
    const guide = { id: 'guide', title: 'Guide', text: '# Rivers\nRivers carve valleys.\n# Dough\nBakers knead dough.' };
    const random = new Random(3);
    const collection = await madeOf([guide, ...Array.from({ length: 9 }, (_, i) => written(random, `d${i}`))], {
      chunking: { by: 'headings' },
    });
    const { hits } = await collection.run('guide dough', { k: 3, pipeline: 'sparse' });
    expect(hits[0]!.id).toBe('guide');
    expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
    const explanation = (await collection.explain('guide dough', 'guide', { pipeline: 'sparse' }))!;
    expect(explanation).toMatchObject({ name: 'best passage', description: 'guide#1', value: hits[0]!.score });
    await collection.close();
  });

  it('says why nothing was found', async () => {
    const collection = await madeOf([{ id: 'a', text: 'rivers' }]);
    for (const pipeline of ['sparse', 'hybrid'] as const) {
      const notesOf = async (query: string, filter?: Filter) => {
        const { trace } = await collection.run(query, { pipeline, ...(filter && { filter }) });
        return trace.stages.flatMap((stage) => [...stage.notes, ...(stage.parts ?? []).flatMap((part) => part.notes)]).join(' ');
      };
      expect(await notesOf('?!')).toContain('no weights above 0');
      expect(await notesOf('rivers', { field: 'pert', eq: 1 })).toContain('pert');
    }
    await collection.close();
  });

  it('encodes what changed, and a query once for all the stages that ask', async () => {
    const sparse = wordWeights();
    const collection = await madeOf(
      [
        { id: 'a', text: 'rivers' },
        { id: 'b', text: 'dough' },
      ],
      { encoder: { name: 'words', sparse } },
    );
    expect(sparse.asked).toEqual({ query: 0, document: 2 });
    await collection.add([
      { id: 'a', text: 'rivers' },
      { id: 'b', text: 'bread' },
    ]);
    await collection.commit();
    expect(sparse.asked.document).toBe(3);
    await collection.run('rivers', { pipeline: 'hybrid' });
    await collection.explain('rivers', 'a', { pipeline: 'hybrid' });
    expect(sparse.asked.query).toBe(1);
    await collection.close();
  });

  it('shows a reader the news, and needs no learned word for its vectors', async () => {
    const { memoryFileSystem } = await import('@rank-rank/storage');
    const fileSystem = memoryFileSystem();
    const encoder = { name: 'words', sparse: wordWeights() };
    const writer = await Collection.open('c', { write: true, fileSystem, encoder });
    // A stop word is no word for the analysis, and one for the model.
    await writer.add([{ id: 'a', text: 'the' }]);
    await writer.commit();
    const reader = await Collection.open('c', { fileSystem, encoder });
    const find = async (query: string) => (await reader.run(query, { pipeline: 'sparse' })).hits.map(({ id }) => id);
    expect([await find('the'), reader.pipelines]).toEqual([['a'], ['bm25', 'sparse']]);
    await writer.add([{ id: 'b', text: 'dough' }]);
    await writer.remove(['a']);
    await writer.commit();
    expect([await find('dough'), await find('the')]).toEqual([[], ['a']]);
    expect(await reader.refresh()).toBe(true);
    expect([await find('dough'), await find('the')]).toEqual([['b'], []]);
    expect(reader.pipelines).toContain('full');
    await reader.close();
    await writer.close();
  });

  it('refuses an encoder of another vocabulary by the same name, weights below 0, and what is no encoder', async () => {
    const { memoryFileSystem } = await import('@rank-rank/storage');
    const fileSystem = memoryFileSystem();
    const open = (sparse: SparseEncoder) => Collection.open('c', { write: true, fileSystem, encoder: { name: 'words', sparse } });
    const first = await open(wordWeights());
    await first.add([{ id: 'a', text: 'rivers' }]);
    await first.commit();
    await first.close();
    const other = await open(wordWeights(512));
    await expect(other.run('rivers', { pipeline: 'sparse' })).rejects.toMatchObject({
      code: 'DIMENSION_MISMATCH',
      message: expect.stringMatching(/4096 words.*512/),
    });
    await other.add([{ id: 'b', text: 'rivers' }]);
    await expect(other.commit()).rejects.toMatchObject({ code: 'DIMENSION_MISMATCH' });
    await other.close();
    const negative: SparseEncoder = {
      size: 8,
      encode: async (texts) => texts.map(() => ({ indices: Uint32Array.of(1), values: Float32Array.of(-1) })),
    };
    await expect(madeOf([{ id: 'a', text: 'rivers' }], { encoder: { name: 'n', sparse: negative } })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    await expect(Collection.memory({ encoder: { name: 'nothing' } })).rejects.toThrow(/dense, sparse and tokens/);
    await expect(Collection.memory({ encoder: { name: 'x', spares: wordWeights() } as never })).rejects.toThrow(/Did you mean "sparse"/);
  });
});
