import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Explanation, Random, type RankError, type Ranking, type SparseVector, toRanking } from '@rank-rank/core';
import { describeWithData, sharedData } from '@rank-rank/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SparseIndex } from './sparse-index.ts';
import type { SparseDocument, SparseInput } from './sparse-input.ts';
import type { SparseSearchOptions } from './sparse-reader.ts';
import { tokenWeights } from './token-weights.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-sparse-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const failing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as RankError;

/** What every search is held to: all dot products in f64, those above 0 in ranking order. */
function reference(documents: readonly SparseDocument[], query: SparseInput, k: number): Ranking {
  const weights = new Map(Array.from(query.indices, (index, i) => [index, query.values[i]!]));
  const scored = documents.map(({ id, vector }) => ({
    id,
    score: Array.from(vector.indices).reduce((sum, index, i) => sum + (weights.get(index) ?? 0) * vector.values[i]!, 0),
  }));
  return toRanking(scored.filter(({ score }) => score > 0)).slice(0, k);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function expectClose(found: Ranking, expected: Ranking, digits = 4): void {
  expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  found.forEach(({ score }, i) => {
    expect(score).toBeCloseTo(expected[i]!.score, digits);
  });
}

function randomVector(random: Random, terms: number, length: number): SparseVector {
  const indices = Uint32Array.from(random.sample(terms, length));
  return { indices, values: Float32Array.from(indices, () => random.next() * 3 + 0.01) };
}

const documents = (count: number, seed = 1): SparseDocument[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    id: `d${i}`,
    vector: randomVector(random, 300, 20),
    metadata: { n: i, even: i % 2 === 0 },
  }));
};

// Whole weights, so that sums are exact in every order and ties are real.
const whole = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 3 })), { selector: ([index]) => index, maxLength: 8 })
  .map((pairs) => ({ indices: pairs.map(([index]) => index), values: pairs.map(([, value]) => value) }));

describe('sparse search', () => {
  it('ranks as all dot products sorted, ties by id, whatever the segments, merges and removals', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(whole, { maxLength: 15 }), { maxLength: 4 }),
        whole,
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (batches, query, k, merge) => {
          const index = await SparseIndex.create();
          const all = new Map<string, SparseDocument>();
          for (const [b, batch] of batches.entries()) {
            // Every second id of a batch stands in the batch before as well: an update.
            const list = batch.map((vector, i) => ({ id: `x${i % 2 ? i : i + 20 * b}`, vector }));
            for (const document of list) all.set(document.id, document);
            await index.add(list);
            if (b % 2 === 1 && (await index.remove(['x1'])) > 0) all.delete('x1');
            await index.commit();
          }
          if (merge) await index.merge({ all: true });
          expect(index.size).toBe(all.size);
          expect(await index.search(query, k)).toEqual(reference([...all.values()], query, k));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('obeys filters, also with few documents left', async () => {
    const all = documents(400);
    const index = await SparseIndex.build(all);
    for (const query of documents(5, 7).map(({ vector }) => vector)) {
      expectClose(await index.search(query, 20), reference(all, query, 20));
      const even = all.filter((_, i) => i % 2 === 0);
      expectClose(await index.search(query, 20, { filter: { field: 'even', eq: true } }), reference(even, query, 20));
      expectClose(await index.search(query, 5, { filter: { field: 'n', lt: 3 } }), reference(all.slice(0, 3), query, 5));
    }
    expect(index.count({ field: 'even', eq: true })).toBe(200);
    expect(index.facets('even')).toEqual([
      { value: false, count: 200 },
      { value: true, count: 200 },
    ]);
  });

  it('finds nearly the same with weights in bytes, and exactly what bytes say after a merge', async () => {
    const all = documents(500);
    const index = await SparseIndex.create({ weights: 'u8' });
    await index.add(all.slice(0, 250));
    await index.commit();
    await index.add(all.slice(250));
    await index.commit();
    await index.merge({ all: true });
    let common = 0;
    for (const query of documents(20, 7).map(({ vector }) => vector)) {
      const expected = reference(all, query, 10);
      const found = await index.search(query, 10);
      common += found.filter(({ id }) => expected.some((hit) => hit.id === id)).length;
      expect(found[0]!.score).toBeCloseTo(expected[0]!.score, 0);
    }
    expect(common / 200).toBeGreaterThan(0.95);
  });

  it('explains a score as terms that add up to it', async () => {
    const all = documents(50);
    const index = await SparseIndex.build(all, { weights: 'u8' });
    const query = all[3]!.vector;
    const [hit] = await index.search(query, 1);
    const explained = index.explain(query, hit!.id, (i) => `term ${i}`)!;
    expect(explained.value).toBeCloseTo(hit!.score, 4);
    expect(explained.parts!.reduce((sum, part) => sum + part.value, 0)).toBeCloseTo(explained.value, 6);
    const [first] = explained.parts as Explanation[];
    expect(first!.name).toMatch(/^term \d+$/);
    expect(first!.parts!.reduce((product, part) => product * part.value, 1)).toBeCloseTo(first!.value, 6);
    expect(index.explain(query, 'nobody')).toBeUndefined();
  });

  it('is the same from a folder, by another process’s eyes', async () => {
    const all = documents(300);
    const path = join(folder, 'one');
    const writer = await SparseIndex.build(all, { path, weights: 'u16', memory: 1 << 16 });
    const reader = await SparseIndex.open(path);
    const query = all[9]!.vector;
    const before = await reader.search(query, 10);
    expect(before).toEqual(await writer.search(query, 10));
    await writer.remove(before[0]!.id);
    await writer.commit();
    expect(await reader.search(query, 10)).toEqual(before);
    expect(await reader.refresh()).toBe(true);
    expect((await reader.search(query, 9)).map(({ id }) => id)).toEqual(before.slice(1).map(({ id }) => id));
    await writer.close();
    await reader.close();
    await expect(reader.search(query, 1)).rejects.toThrow(failing('CLOSED', /closed/));
  });
});

describe('approximate search', () => {
  // As learned sparse vectors are: frequent and rare terms, and most of the weight in few of them.
  const random = new Random(31);
  const terms = 2000;
  const likeSplade = (length: number): SparseVector => {
    const chosen = new Set<number>();
    while (chosen.size < length) chosen.add(Math.floor(terms * random.next() ** 3));
    return {
      indices: Uint32Array.from(chosen),
      values: Float32Array.from(chosen, () => Math.min(3, Math.exp(random.normal() * 0.8 - 0.6))),
    };
  };
  const all = Array.from({ length: 6000 }, (_, i) => ({ id: `d${i}`, vector: likeSplade(40), metadata: { n: i } }));
  const queries = Array.from({ length: 60 }, () => likeSplade(12));
  const recallOf = async (index: SparseIndex, options: SparseSearchOptions, among = all): Promise<number> => {
    let common = 0;
    let wanted = 0;
    for (const query of queries) {
      const expected = new Set(reference(among, query, 10).map(({ id }) => id));
      for (const { id } of await index.search(query, 10, options)) if (expected.has(id)) common++;
      wanted += expected.size;
    }
    return common / wanted;
  };

  it.each(['f32', 'u8'] as const)(
    'finds nearly all of the best, with their exact scores, and exactly the best on request: %s',
    async (weights) => {
      const index = await SparseIndex.build(all, { approximate: true, weights });
      expect(index.reader.segments[0]!.segment.blocks).toBeDefined();
      expect(await recallOf(index, {})).toBeGreaterThanOrEqual(weights === 'f32' ? 0.99 : 0.97);
      expect(await recallOf(index, { candidates: 20 })).toBeGreaterThan(weights === 'f32' ? 0.999 : 0.98);
      expect(await recallOf(index, { exact: true })).toBeGreaterThan(weights === 'f32' ? 0.9999 : 0.98);
      for (const query of queries.slice(0, 5)) {
        const exact = new Map((await index.search(query, 6000, { exact: true })).map(({ id, score }) => [id, score]));
        for (const { id, score } of await index.search(query, 10)) expect(score).toBeCloseTo(exact.get(id)!, 4);
      }
    },
  );

  it('is as good after updates, removals and merges, from a folder, and under any filter', async () => {
    const path = join(folder, 'approximate');
    const index = await SparseIndex.create({ path, approximate: true });
    for (let from = 0; from < 6000; from += 2000) {
      await index.add(
        all.slice(from, from + 2000).map((document, i) => (i % 100 === 0 ? { ...document, vector: all[0]!.vector } : document)),
      );
      await index.commit();
    }
    await index.add(all.filter((_, i) => i % 100 === 0));
    await index.remove(range(5000, 6000).map((n) => `d${n}`));
    await index.commit();
    await index.merge({ all: true });
    await index.close();
    const opened = await SparseIndex.open(path);
    expect([opened.approximate, opened.size, opened.reader.segments.length]).toEqual([true, 5000, 1]);
    expect(await recallOf(opened, {}, all.slice(0, 5000))).toBeGreaterThanOrEqual(0.99);
    for (const [limit, least] of [
      [2500, 0.99],
      [500, 0.99],
      [50, 1],
      [5, 1],
    ] as const) {
      expect(await recallOf(opened, { filter: { field: 'n', lt: limit } }, all.slice(0, limit))).toBeGreaterThanOrEqual(least);
    }
    await opened.close();
  });

  it('falls back to exact search where few documents match', async () => {
    const index = await SparseIndex.build([...all, { id: 'rare', vector: { indices: [1, 9999], values: [3, 0.01] } }], {
      approximate: true,
    });
    expect((await index.search({ indices: [9999], values: [1] }, 10)).map(({ id }) => id)).toEqual(['rare']);
  });

  it('passes over blocks and gives the same ranking as an index too small for them', async () => {
    const whole = await SparseIndex.build(all);
    const parts = await SparseIndex.create();
    for (let from = 0; from < 6000; from += 3000) {
      await parts.add(all.slice(from, from + 3000));
      await parts.commit();
    }
    expect(parts.reader.segments.every(({ segment }) => segment.blocks === undefined)).toBe(true);
    for (const query of queries) {
      const short = { indices: query.indices.slice(0, 3), values: query.values.slice(0, 3) };
      for (const asked of [query, short]) expect(await whole.search(asked, 10)).toEqual(await parts.search(asked, 10));
    }
  });

  it('is refused options that mean nothing', async () => {
    const index = await SparseIndex.build(all.slice(0, 10), { approximate: true });
    await expect(index.search(queries[0]!, 1, { candidates: 0.5 })).rejects.toThrow(failing('OUT_OF_RANGE', /candidates/));
    await expect(SparseIndex.create({ approximate: 0.5 as never })).rejects.toThrow(failing('INVALID_ARGUMENT', /true or false/));
  });
});

describe('bad input', () => {
  it.each<[unknown, string, RegExp]>([
    [{ indices: [1], values: [-0.5] }, 'OUT_OF_RANGE', /weight -0.5 at index 1; weights are at least 0/],
    [{ indices: [1], values: [Number.NaN] }, 'NOT_FINITE', /weight NaN/],
    [{ indices: [1], values: [1e300] }, 'NOT_FINITE', /weight 1e\+300/],
    [{ indices: [1, 1], values: [1, 1] }, 'DUPLICATE_ID', /index 1 twice/],
    [{ indices: [1.5], values: [1] }, 'OUT_OF_RANGE', /index 1.5/],
    [{ indices: [-1], values: [1] }, 'OUT_OF_RANGE', /index -1/],
    [{ indices: [2 ** 32], values: [1] }, 'OUT_OF_RANGE', /index 4294967296/],
    [{ indices: [1, 2], values: [1] }, 'DIMENSION_MISMATCH', /2 indices and 1 values/],
    [{ 1: 2 }, 'INVALID_ARGUMENT', /expected \{ indices, values \}/],
    [undefined, 'INVALID_ARGUMENT', /is undefined/],
  ])('as a vector is refused: %j', async (vector, code, message) => {
    const index = await SparseIndex.create();
    await expect(index.add([{ id: 'a', vector: vector as never }])).rejects.toThrow(failing(code, message));
    await expect(index.search(vector as never, 1)).rejects.toThrow(failing(code, message));
    await index.commit();
    expect(index.size).toBe(0);
  });

  it('of other kinds is refused or has its documented answer', async () => {
    const index = await SparseIndex.create();
    const vector = { indices: [9, 3], values: [1, 2] };
    await expect(
      index.add([
        { id: 'a', vector },
        { id: 'a', vector },
      ]),
    ).rejects.toThrow(failing('DUPLICATE_ID', /"a" comes twice/));
    await expect(index.add('x' as never)).rejects.toThrow(failing('INVALID_ARGUMENT', /documents are "x"/));
    await index.add([
      { id: 'empty', vector: { indices: [], values: [] } },
      { id: 'zero', vector: { indices: [3], values: [0] } },
      { id: 'a', vector },
    ]);
    await index.commit();
    expect(index.size).toBe(3);
    expect(await index.search({ indices: [3], values: [1] }, 10)).toEqual([{ id: 'a', score: 2 }]);
    expect(await index.search({ indices: [4], values: [1] }, 10)).toEqual([]);
    expect((await index.searchDetailed({ indices: [4], values: [0] }, 10)).warnings).toEqual([
      { code: 'EMPTY_QUERY', message: 'The query has no weights above 0.' },
    ]);
    await expect(index.search(vector, 0)).rejects.toThrow(failing('OUT_OF_RANGE', /k is 0/));
    await expect(index.search(vector, 1, { fliter: 1 } as never)).rejects.toThrow(failing('UNKNOWN_OPTION', /filter/));
    await expect(SparseIndex.create({ weights: 'f64' as never })).rejects.toThrow(failing('UNKNOWN_OPTION', /f32/));
    expect(() => tokenWeights({ nobody: 1 }, new Map())).toThrow(failing('NOT_FOUND', /"nobody"/));
  });
});

describeWithData('real sparse vectors', 'sparse', (path) => {
  const vocabulary = (): Map<string, number> => {
    const tokenizer = JSON.parse(readFileSync(join(path, 'opensearch-bert-uncased/tokenizer.json'), 'utf8')) as {
      model: { vocab: Record<string, number> };
    };
    return new Map(Object.entries(tokenizer.model.vocab));
  };

  it('of SPLADE: five queries over twenty documents rank as their dot products', async () => {
    const known = vocabulary();
    const read = (name: string): SparseDocument[] =>
      readFileSync(join(path, 'seismic-toy-splade', name), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { id: number; vector: Record<string, number> })
        .map(({ id, vector }) => ({ id: String(id), vector: tokenWeights(vector, known) }));
    const all = read('documents.jsonl');
    const queries = read('queries.jsonl');
    expect([all.length, queries.length]).toEqual([20, 5]);
    for (const weights of ['f32', 'u16', 'u8'] as const) {
      for (const approximate of [false, true]) {
        const index = await SparseIndex.build(all, { weights, approximate });
        for (const { vector } of queries) {
          const found = await index.search(vector, approximate ? 4 : 20);
          if (weights === 'f32') expectClose(found, reference(all, vector, approximate ? 4 : 20));
          expect(found[0]!.id).toBe(reference(all, vector, 1)[0]!.id);
        }
      }
    }
  });

  it('of SPLADE++, SPLADE-v3 and uniCOIL for the queries of DL19: each finds itself', async () => {
    const known = vocabulary();
    for (const name of ['splade-pp-ed', 'splade-v3', 'unicoil.0shot']) {
      const text = gunzipSync(readFileSync(join(path, `anserini-query-vectors/topics.dl19-passage.${name}.tsv.gz`))).toString('utf8');
      // Anserini writes a token as often as its weight says.
      const queries = text
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [id, tokens] = line.split('\t') as [string, string];
          const counts = new Map<string, number>();
          for (const token of tokens.split(' ').filter(Boolean)) counts.set(token, (counts.get(token) ?? 0) + 1);
          return { id, vector: tokenWeights(counts, known) };
        });
      expect(queries.length).toBeGreaterThan(40);
      const index = await SparseIndex.build(queries);
      for (const { vector } of queries) {
        const found = await index.search(vector, 5);
        const expected = reference(queries, vector, 5);
        expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        expect(found[0]!.score / expected[0]!.score).toBeCloseTo(1, 5);
      }
    }
  });

  it('of an inference-free encoder: query weights from its table', async () => {
    const weights = JSON.parse(readFileSync(sharedData('sparse/opensearch-bert-uncased/idf.json')!, 'utf8')) as Record<string, number>;
    const known = vocabulary();
    const query = tokenWeights({ hello: weights['hello']!, world: weights['world']! }, known);
    const index = await SparseIndex.build([{ id: 'both', vector: tokenWeights({ hello: 1, world: 0.5, peace: 2 }, known) }]);
    expect((await index.search(query, 1))[0]!.score).toBeCloseTo(6.93775654 + 0.5 * 3.42086864, 4);
  });
});
