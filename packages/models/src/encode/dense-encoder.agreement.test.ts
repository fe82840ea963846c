import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData, describeWithModel, sharedData } from '@rank-rank/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModelDenseEncoder, openDenseEncoder } from './dense-encoder.ts';
import { openStaticEmbeddings } from './static-embeddings.ts';

const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T;

function furthest(actual: Float32Array, expected: readonly number[]): number {
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
}

interface Expected {
  readonly text: string;
  readonly input_ids: number[];
  readonly embedding: number[];
}

describeWithModel('The real MiniLM', 'all-MiniLM-L6-v2/onnx/model.onnx', (folder) => {
  let encoder: ModelDenseEncoder;
  beforeAll(async () => {
    encoder = await openDenseEncoder(folder, { threads: 1 });
  });
  afterAll(() => encoder.close());

  it('has the settings of its folder', () => {
    expect(encoder.dim).toBe(384);
    expect(encoder.description).toMatchObject({ kind: 'dense', pooling: ['mean'], normalize: true, maxLength: 256, similarity: 'cosine' });
  });

  it('reads and encodes as Python does: ids, and vectors to 1e-6, all in one batch', async () => {
    const expected = json<Expected[]>(folder, 'expected/minilm.json');
    for (const { text, input_ids } of expected) expect([...encoder.tokenizer.encode(text, { maxLength: 256 }).ids]).toEqual(input_ids);
    const { data, rows, dim } = await encoder.encode(
      expected.map(({ text }) => text),
      'document',
    );
    expect(rows).toBe(expected.length);
    expected.forEach(({ embedding }, i) => {
      expect(furthest(data.subarray(i * dim, (i + 1) * dim), embedding)).toBeLessThan(1e-6);
    });
  });

  it('gives the vectors that others published: fastembed, and Text Embeddings Inference', async () => {
    const { data } = await encoder.encode(['hello world', 'What is Deep Learning?'], 'document');
    expect(furthest(data, [-0.034478, 0.03102, 0.00673, 0.02611, -0.039362])).toBeLessThan(1e-3);
    const path = sharedData('late-interaction/tei-minilm/test_bert__bert_single.json');
    if (path === undefined) return;
    const [mean] = json<{ rows: number[][] }>(path).rows as [number[]];
    const length = Math.hypot(...mean);
    expect(
      furthest(
        data.subarray(384),
        mean.map((value) => value / length),
      ),
    ).toBeLessThan(5e-4);
  });

  it('gives the order of the texts, not of their lengths, and nothing for no texts', async () => {
    const texts = Array.from({ length: 70 }, (_, i) => `text ${'wing '.repeat((i * 37) % 40)}${i}`);
    const all = await encoder.encode(texts, 'query');
    for (const i of [0, 13, 69]) {
      const alone = await encoder.encode([texts[i]!], 'query');
      expect(furthest(all.data.subarray(i * 384, (i + 1) * 384), [...alone.data])).toBeLessThan(1e-5);
    }
    expect(await encoder.encode([], 'query')).toEqual({ data: new Float32Array(0), rows: 0, dim: 384 });
  });

  it('leaves the event loop free while it works', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await encoder.encode(
      Array.from({ length: 24 }, () => 'laminar boundary layer '.repeat(40)),
      'document',
    );
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(20);
  });

  it('reports how far it is, and ends when told to', async () => {
    const seen: number[] = [];
    const texts = Array.from({ length: 40 }, (_, i) => `text number ${i} `.repeat(20));
    await encoder.encode(texts, 'document', { onProgress: ({ done }) => seen.push(done) });
    expect(seen.at(-1)).toBe(40);
    const stop = new AbortController();
    const encoding = encoder.encode(texts, 'document', { signal: stop.signal });
    setTimeout(() => stop.abort(), 5);
    await expect(encoding).rejects.toMatchObject({ code: 'CANCELLED' });
    const late = encoder.encode(texts, 'document', { signal: AbortSignal.timeout(5) });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('takes empty texts, a megabyte, and lone surrogates', async () => {
    const { data } = await encoder.encode(['', 'wing '.repeat(200_000), 'wing \ud800'], 'document');
    expect(data.every((value) => Number.isFinite(value))).toBe(true);
    expect(encoder.statistics.truncated).toBeGreaterThan(0);
  });

  it('refuses what is no text, an unknown side, and unknown options', async () => {
    await expect(encoder.encode('text' as never, 'query')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(encoder.encode(['a', 5] as never, 'query')).rejects.toThrow(/texts\[1\] is 5/);
    await expect(encoder.encode(['a'], 'passage' as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await expect(encoder.encode(['a'], 'query', { batchSize: 3 } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' });
    await expect(openDenseEncoder(folder, { precison: 'int8' } as never)).rejects.toThrow(/precision/);
    await expect(openDenseEncoder(folder, { dim: 1000, threads: 1 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('int8 keeps its cosine to float32, and the first dimensions can be had alone', async () => {
    const small = await openDenseEncoder(folder, { precision: 'int8', threads: 1, dim: 128 });
    expect(small.graph).toContain('model_int8.onnx');
    const texts = ['laminar flow over a flat plate', 'heat transfer at hypersonic speeds'];
    const [full, cut] = [await encoder.encode(texts, 'query'), await small.encode(texts, 'query')];
    expect([cut.rows, cut.dim, cut.data.length]).toEqual([2, 128, 256]);
    for (let i = 0; i < 2; i++) {
      const a = full.data.subarray(i * 384, i * 384 + 128);
      const b = cut.data.subarray(i * 128, (i + 1) * 128);
      const norm = Math.hypot(...a);
      expect(b.reduce((sum, value, k) => sum + (value * a[k]!) / norm, 0)).toBeGreaterThan(0.97);
      expect(Math.hypot(...b)).toBeCloseTo(1, 5);
    }
    await small.close();
  });
});

describeWithData('Model2Vec', 'models/model2vec-rs-fixtures', (folder) => {
  const long = Array(1000).fill('hello').join(' ');

  it.each([
    ['test-model-float32', 'embeddings_short.json', 'hello world'],
    ['test-model-float32', 'embeddings_long.json', long],
    ['test-model-vocab-quantized', 'embeddings_vocab_quantized.json', long],
  ])('%s gives what Python gave (%s)', async (model, file, text) => {
    const encoder = await openStaticEmbeddings(join(folder, model));
    const { data } = await encoder.encode([text], 'document');
    expect(furthest(data, json<number[][]>(folder, file)[0]!)).toBeLessThan(1e-5);
  });

  it.each(['test-model-float16', 'test-model-int8', 'test-model-sentence-transformers'])('%s is close to float32', async (model) => {
    const [expected, actual] = await Promise.all(
      ['test-model-float32', model].map(async (name) => (await openStaticEmbeddings(join(folder, name))).encode(['hello world'], 'query')),
    );
    expect(furthest(actual!.data, [...expected!.data])).toBeLessThan(0.01);
  });

  it('a text of no known token has a vector of zeros, and a megabyte is read no further than the model does', async () => {
    const encoder = await openStaticEmbeddings(join(folder, 'test-model-float32'));
    const { data } = await encoder.encode(['', 'hello '.repeat(200_000), 'hello'], 'document');
    expect([...data.slice(0, 2)]).toEqual([0, 0]);
    expect(furthest(data.slice(2, 4), [...data.slice(4)])).toBeLessThan(1e-6);
  });
});
