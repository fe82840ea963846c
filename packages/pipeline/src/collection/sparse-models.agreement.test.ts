import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullText, type Ranking, type SparseEncoder, type SparseVector, toRanking } from '@rank-rank/core';
import { ModelMultiEncoder, openMultiEncoder, openRemoteSparseEncoder, openSparseEncoder } from '@rank-rank/models';
import { describeWithData, folderWithOwnCache, JsonServer } from '@rank-rank/testing';
import { expect, it, vi } from 'vitest';
import { Collection } from './collection.ts';

const folder = folderWithOwnCache('sparse-models');

const documents = [
  'laminar boundary layer over a flat plate',
  'the effect of wing sweep on lift and drag',
  'heat transfer at hypersonic speeds',
  'approximate solutions of boundary layer equations in shear flow',
  'sweep delays shocks on the wing',
  'the flow of heat through a plate',
].map((text, i) => ({ id: `d${i}`, text, title: `note ${i}` }));
const queries = ['wing sweep', 'heat flow in a plate', 'boundary layer'];

const dot = (a: SparseVector, b: SparseVector): number => {
  const weights = new Map([...a.indices].map((index, i) => [index, a.values[i]!]));
  return b.indices.reduce((sum, index, i) => sum + (weights.get(index) ?? 0) * b.values[i]!, 0);
};

/** Rankings by dot products of what an encoder makes of the whole texts. */
async function expectedBy(encoder: SparseEncoder): Promise<Ranking[]> {
  const asked = await encoder.encode(queries, 'query');
  const vectors = await encoder.encode(documents.map(fullText), 'document');
  return asked.map((query) =>
    toRanking(documents.map(({ id }, i) => ({ id, score: dot(query, vectors[i]!) })).filter(({ score }) => score > 0)),
  );
}

async function expectRankings(collection: Collection, expected: readonly Ranking[]): Promise<void> {
  for (const [i, query] of queries.entries()) {
    const { hits } = await collection.run(query, { k: 10, pipeline: 'sparse' });
    expect(hits.map(({ id }) => id)).toEqual(expected[i]!.map(({ id }) => id));
    hits.forEach(({ score }, at) => {
      expect(score / expected[i]![at]!.score).toBeCloseTo(1, 5);
    });
  }
}

describeWithData('A collection with a sparse model', 'models/tiny', (tiny) => {
  it('ranks by the vectors that the model makes, and names its words in explanations', async () => {
    const model = join(tiny, 'bert-splade');
    const encoder = await openSparseEncoder(model, { threads: 1 });
    const expected = await expectedBy(encoder);
    const path = join(folder, 'splade.rank');
    const writer = await Collection.open(path, { write: true, encoder: model, model: { threads: 1 } });
    await writer.add(documents);
    await writer.commit();
    expect(writer.statistics().sparse).toMatchObject({ vectors: documents.length, vocabulary: 1200, search: 'exact' });
    await writer.close();
    const collection = await Collection.open(path, { model: { threads: 1 } });
    await expectRankings(collection, expected);
    const { id, score } = expected[0]![0]!;
    const explanation = (await collection.explain(queries[0]!, id, { pipeline: 'sparse' }))!;
    expect(explanation.value / score).toBeCloseTo(1, 5);
    expect(encoder.tokenizer.idOf(explanation.parts![0]!.name)).toBeDefined();
    await encoder.close();
    await collection.close();
  });

  it('takes a model on a server', async () => {
    const local = await openSparseEncoder(join(tiny, 'bert-splade'), { threads: 1 });
    const server = await JsonServer.start(async ({ body }) => {
      const vectors = await local.encode(body.inputs as string[], 'document');
      return { json: vectors.map(({ indices, values }) => Array.from(indices, (index, i) => ({ index, value: values[i] }))) };
    });
    const encoder = { name: 'served splade', sparse: openRemoteSparseEncoder({ baseUrl: server.url, size: local.size }) };
    const collection = await Collection.memory({ encoder });
    await collection.add(documents);
    await collection.commit();
    await expectRankings(collection, await expectedBy(local));
    await collection.close();
    await server.stop();
    await local.close();
  });

  it('whose queries are looked up runs no session for them: its weights may be gone', async () => {
    const model = join(folder, 'inference-free');
    mkdirSync(model);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
      copyFileSync(join(tiny, 'bert-splade', name), join(model, name));
    const { vocab } = (JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8')) as { model: { vocab: Record<string, number> } })
      .model;
    const weights = Object.fromEntries(Object.keys(vocab).map((token, i) => [token, /^\w+$/.test(token) ? 1 + (i % 5) : 0]));
    writeFileSync(join(model, 'idf.json'), JSON.stringify(weights));
    const encoder = await openSparseEncoder(model, { threads: 1 });
    const expected = await expectedBy(encoder);
    await encoder.close();
    const path = join(folder, 'inference-free.rank');
    const writer = await Collection.open(path, { write: true, encoder: model, model: { threads: 1 } });
    await writer.add(documents);
    await writer.commit();
    await expectRankings(writer, expected);
    await writer.close();
    rmSync(join(model, 'model.safetensors'));
    rmSync(join(folder, 'cache'), { recursive: true });
    const collection = await Collection.open(path);
    await expectRankings(collection, expected);
    expect((await collection.run('wing sweep', { pipeline: 'full' })).hits.length).toBeGreaterThan(0);
    await collection.close();
  });

  it('with three heads has all three, from one pass for the documents and one for a query', async () => {
    const name = join(tiny, 'bge-m3');
    const model = await openMultiEncoder(name, { threads: 1 });
    const expected = await expectedBy(model.sparse);
    const collection = await Collection.memory({ encoder: name, model: { threads: 1 } });
    await collection.add(documents);
    const passes = vi.spyOn(ModelMultiEncoder.prototype, 'encode');
    await collection.commit();
    const { learned, dense, sparse, tokens } = collection.statistics();
    expect(learned).toBeUndefined();
    expect([dense, sparse, tokens]).toMatchObject([
      { vectors: 6, dim: model.dense.dim },
      { vectors: 6, vocabulary: model.sparse.size },
      { matrices: 6, dim: model.tokens.dim },
    ]);
    await collection.run('an unheard question', { pipeline: 'full' });
    expect(passes.mock.calls.map(([texts, kinds]) => [texts.length, kinds])).toEqual([
      [6, ['dense', 'sparse', 'tokens']],
      [1, ['dense', 'sparse', 'tokens']],
    ]);
    passes.mockRestore();
    await expectRankings(collection, expected);
    const { trace } = await collection.run('wing sweep', { pipeline: 'full' });
    expect(trace.stages[0]!.parts!.map((part) => part.name).sort()).toEqual(['bm25', 'dense', 'sparse']);
    const single = await Collection.memory({ encoder: name, model: { threads: 1, output: 'sparse' } });
    await single.add(documents);
    await single.commit();
    expect(single.statistics()).toMatchObject({ sparse: { vectors: 6 }, learned: { documents: 6 } });
    await expectRankings(single, expected);
    for (const each of [collection, single, model]) await each.close();
  });
});

describeWithData('A collection with query words alone', 'sparse/opensearch-bert-uncased', (words) => {
  it('says that documents need the model, and keeps what was added', async () => {
    const collection = await Collection.memory({ encoder: words });
    await collection.add(documents);
    await expect(collection.commit()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/documents/) });
    expect((await collection.run('wing sweep', { pipeline: 'bm25' })).hits.map(({ id }) => id).sort()).toEqual(['d1', 'd4']);
    await collection.close();
  });

  it('takes vectors of documents from elsewhere', async () => {
    const table = await openSparseEncoder(words);
    // What a document model would do at its simplest: each word once, all alike.
    const sparse: SparseEncoder = {
      size: table.size,
      termOf: (index) => table.termOf(index),
      async encode(texts, as) {
        const vectors = await table.encode(texts, 'query');
        return as === 'query' ? vectors : vectors.map(({ indices }) => ({ indices, values: new Float32Array(indices.length).fill(1) }));
      },
    };
    const collection = await Collection.memory({ encoder: { name: 'query words', sparse } });
    await collection.add(documents);
    await collection.commit();
    await expectRankings(collection, await expectedBy(sparse));
    const why = (await collection.explain('wing sweep', 'd1', { pipeline: 'sparse' }))!;
    expect(why.parts!.map(({ name }) => name).sort()).toEqual(['sweep', 'wing']);
    await collection.close();
  });
});
