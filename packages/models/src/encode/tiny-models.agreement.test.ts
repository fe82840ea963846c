import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '@rank-rank/core';
import { describeWithData, folderWithOwnCache } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { openDenseEncoder } from './dense-encoder.ts';
import { encodeFile } from './encode-file.ts';
import { openMultiEncoder } from './multi-encoder.ts';
import { openSparseEncoder } from './sparse-encoder.ts';
import { openTokenEncoder } from './token-encoder.ts';

const place = folderWithOwnCache('encoders');

/** The largest difference between rows that were recorded and rows of a matrix. */
function furthest({ data, rows, dim }: Matrix, expected: readonly (readonly number[])[]): number {
  expect(rows).toBe(expected.length);
  return expected.reduce((most, row, i) => row.reduce((worst, value, k) => Math.max(worst, Math.abs(value - data[i * dim + k]!)), most), 0);
}

describeWithData('The tiny encoders give what Sentence Transformers gave', 'models/tiny', (folder) => {
  const expectedOf = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as T;

  it.each(['distilbert-dense-mean', 'modernbert-dense-cls'])(
    '%s: documents, queries with their prompt, the first 16 dimensions',
    async (name) => {
      const expected = expectedOf<{ texts: string[]; embeddings: number[][]; query_embeddings: number[][]; truncated_to_16: number[][] }>(
        name,
      );
      const encoder = await openDenseEncoder(join(folder, name), { prompts: { document: '' } });
      expect(furthest(await encoder.encode(expected.texts, 'document'), expected.embeddings)).toBeLessThan(2e-5);
      expect(furthest(await encoder.encode(expected.texts, 'query'), expected.query_embeddings)).toBeLessThan(2e-5);
      await encoder.close();
      const short = await openDenseEncoder(join(folder, name), { prompts: { document: '' }, dim: 16 });
      expect(furthest(await short.encode(expected.texts, 'document'), expected.truncated_to_16)).toBeLessThan(2e-5);
      await short.close();
      const repooled = await openDenseEncoder(join(folder, name), { pooling: 'max', normalize: false });
      expect(Math.hypot(...(await repooled.encode(['wing'], 'query')).data)).toBeGreaterThan(1.1);
      await repooled.close();
    },
  );

  it.each(['colbert-stanford', 'colbert-pylate', 'colbert-sentence-transformers-6'])(
    '%s: tokens of queries and documents, and their MaxSim',
    async (name) => {
      const expected = expectedOf<{
        queries: string[];
        documents: string[];
        query_tokens: number[][][];
        document_tokens: number[][][];
        maxsim: number[][];
      }>(name);
      const encoder = await openTokenEncoder(join(folder, name));
      const queries = await encoder.encode(expected.queries, 'query');
      const documents = await encoder.encode(expected.documents, 'document');
      queries.forEach((tokens, i) => {
        expect(furthest(tokens, expected.query_tokens[i]!)).toBeLessThan(1e-5);
      });
      documents.forEach((tokens, i) => {
        expect(furthest(tokens, expected.document_tokens[i]!)).toBeLessThan(1e-5);
      });
      expected.maxsim.forEach((row, q) => {
        row.forEach((score, d) => {
          expect(maxSim(queries[q]!, documents[d]!)).toBeCloseTo(score, 3);
        });
      });
      await encoder.close();
    },
  );

  it('colbert-stanford: every kept token names its place in the document, and what it is', async () => {
    const encoder = await openTokenEncoder(join(folder, 'colbert-stanford'));
    const text = 'shock waves, and a flat plate.';
    const [tokens] = await encoder.encode([text], 'document');
    const spans = Array.from({ length: tokens!.rows }, (_, i) => text.slice(tokens!.spans![2 * i], tokens!.spans![2 * i + 1]));
    expect(tokens!.pieces!.slice(0, 2)).toEqual(['[CLS]', '[unused1]']);
    expect(spans.slice(0, 2)).toEqual(['', '']);
    expect(spans.join(' ').trim().replace(/\s+/g, ' ')).toContain('shock waves and a flat plate');
    expect(tokens!.pieces).not.toContain(',');
    const [query] = await encoder.encode(['flow'], 'query');
    expect(query!.rows).toBe(32);
    expect(query!.pieces!.at(-1)).toBe('[MASK]');
    await encoder.close();
  });

  it('bert-splade: the same words with the same weights', async () => {
    const expected = expectedOf<{ texts: string[]; vectors: { indices: number[]; values: number[] }[] }>('bert-splade');
    const encoder = await openSparseEncoder(join(folder, 'bert-splade'));
    const vectors = await encoder.encode(expected.texts, 'document');
    expected.vectors.forEach(({ indices, values }, i) => {
      expect([...vectors[i]!.indices]).toEqual(indices);
      values.forEach((value, k) => {
        expect(vectors[i]!.values[k]).toBeCloseTo(value, 4);
      });
    });
    expect(encoder.size).toBe(1200);
    // Queries of this one take a session as well.
    const forQueries = await openSparseEncoder(join(folder, 'bert-splade'), { queriesOnly: true });
    expect(await forQueries.encode(['wing'], 'query')).toEqual(await encoder.encode(['wing'], 'query'));
    await forQueries.close();
    await expect(openSparseEncoder(join(folder, 'bert-splade'), { queriesOnly: 1 as never })).rejects.toThrow(/true or false/);
    await encoder.close();
  });

  it('bert-splade with a table for its queries: looks them up without a session, and encodes documents with one', async () => {
    const model = join(place, 'inference-free');
    cpSync(join(folder, 'bert-splade'), model, { recursive: true });
    chmodSync(model, 0o755);
    writeFileSync(join(model, 'idf.json'), JSON.stringify({ wing: 2, flow: 1.5 }));
    const whole = await openSparseEncoder(model);
    const forQueries = await openSparseEncoder(model, { queriesOnly: true });
    const [query] = await forQueries.encode(['Wing flow, wing!'], 'query');
    const weights = Object.fromEntries([...query!.indices].map((index, i) => [forQueries.termOf(index), query!.values[i]]));
    expect(weights).toEqual({ wing: 2, flow: 1.5 });
    expect([forQueries.graph, forQueries.statistics, forQueries.size]).toEqual([undefined, undefined, whole.size]);
    expect(await whole.encode(['Wing flow, wing!'], 'query')).toEqual([query]);
    expect((await whole.encode(['wing'], 'document'))[0]!.indices.length).toBeGreaterThan(0);
    await expect(forQueries.encode(['wing'], 'document')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const [input, output] = [join(place, 'queries.jsonl'), join(place, 'vectors.jsonl')];
    writeFileSync(input, '{"id": "q", "text": "wing"}\n');
    rmSync(join(model, 'model.safetensors'), { force: true });
    expect(await encodeFile(model, input, output, { as: 'query' })).toMatchObject({ kind: 'sparse', texts: 1, dim: whole.size });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({ id: 'q', values: [2] });
    await whole.close();
  });

  it('bge-m3: three representations from one pass, and each alone', async () => {
    const { rows } = expectedOf<{ rows: { text: string; dense: number[]; sparse: Record<string, number>; colbert: number[][] }[] }>(
      'bge-m3',
    );
    const model = await openMultiEncoder(join(folder, 'bge-m3'));
    const texts = rows.map(({ text }) => text);
    const { dense, sparse, tokens } = await model.encode(texts);
    expect(
      furthest(
        dense!,
        rows.map((row) => row.dense),
      ),
    ).toBeLessThan(1e-5);
    rows.forEach((row, i) => {
      expect(Object.fromEntries([...sparse![i]!.indices].map((id) => [id, 0]))).toEqual(
        Object.fromEntries(Object.keys(row.sparse).map((id) => [id, 0])),
      );
      sparse![i]!.indices.forEach((id, k) => {
        expect(sparse![i]!.values[k]).toBeCloseTo(row.sparse[id]!, 4);
      });
      expect(furthest(tokens![i]!, row.colbert)).toBeLessThan(1e-5);
    });
    expect(model.statistics.texts).toBe(texts.length + 1);
    expect(await model.encode(texts.slice(0, 1), ['sparse'])).toEqual({ sparse: [sparse![0]] });
    expect((await model.dense.encode(['wing'], 'query')).dim).toBe(32);
    expect((await model.tokens.encode(['wing'], 'query'))[0]!.pieces!.at(-1)).toBe('</s>');
    await model.close();
  });
});

describeWithData('Inference-free sparse queries', 'sparse/opensearch-bert-uncased', (folder) => {
  it('have the weights learned for their words, each word once', async () => {
    const encoder = await openSparseEncoder(folder);
    const [query] = await encoder.encode(['hello world, hello'], 'query');
    const weights = Object.fromEntries([...query!.indices].map((id, i) => [encoder.tokenizer.tokenOf(id), query!.values[i]]));
    expect(weights['hello']).toBeCloseTo(6.93775654, 5);
    expect(weights['world']).toBeCloseTo(3.42086864, 5);
    expect(query!.indices.length).toBe(3);
    expect(encoder.termOf(query!.indices[0]!)).toBe(encoder.tokenizer.tokenOf(query!.indices[0]!));
    await expect(encoder.encode(['a document'], 'document')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

function maxSim(query: Matrix, document: Matrix): number {
  let sum = 0;
  for (let q = 0; q < query.rows; q++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let d = 0; d < document.rows; d++) {
      let dot = 0;
      for (let k = 0; k < query.dim; k++) dot += query.data[q * query.dim + k]! * document.data[d * document.dim + k]!;
      best = Math.max(best, dot);
    }
    sum += best;
  }
  return sum;
}
