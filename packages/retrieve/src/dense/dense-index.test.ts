import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, type RankError, type Ranking, toRanking } from '@rank-rank/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DenseIndex } from './dense-index.ts';
import type { DenseDocument } from './dense-input.ts';
import type { DenseMetric } from './metric.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-dense-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const failing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as RankError;

function documents(count: number, dim: number, seed = 1): DenseDocument[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    id: `d${i}`,
    vector: Float32Array.from({ length: dim }, () => random.normal()),
    metadata: { n: i, third: i % 3 === 0, tags: [`t${i % 5}`, `u${i % 2}`] },
  }));
}

/** What every search is held to: all scores in f64, in ranking order. */
function reference(all: readonly DenseDocument[], query: ArrayLike<number>, k: number, metric: DenseMetric): Ranking {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
  return toRanking(
    all.map(({ id, vector }) => {
      const product = dot(query, vector);
      const lengths = Math.sqrt(dot(query, query) * dot(vector, vector));
      const score =
        metric === 'dot'
          ? product
          : metric === 'cosine'
            ? lengths === 0
              ? 0
              : product / lengths
            : 2 * product - dot(query, query) - dot(vector, vector);
      return { id, score };
    }),
  ).slice(0, k);
}

function expectClose(found: Ranking, expected: Ranking, digits = 4): void {
  expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  found.forEach(({ score }, i) => {
    expect(score).toBeCloseTo(expected[i]!.score, digits);
  });
}

describe('exact search', () => {
  it.each<DenseMetric>(['cosine', 'dot', 'l2'])('ranks as all scores sorted: %s', async (metric) => {
    const all = documents(500, 33);
    const index = await DenseIndex.create({ dim: 33, metric, index: 'Flat' });
    await index.add(all);
    await index.commit();
    for (const { vector: query } of documents(5, 33, 9)) {
      for (const k of [1, 10, 499, 500, 2000]) expectClose(await index.search(query, k), reference(all, query, k, metric));
      const filtered = await index.search(query, 10, {
        filter: {
          and: [
            { field: 'third', eq: true },
            { field: 'tags', eq: 't2' },
          ],
        },
      });
      expectClose(
        filtered,
        reference(
          all.filter((_, i) => i % 3 === 0 && i % 5 === 2),
          query,
          10,
          metric,
        ),
      );
    }
  });

  it('orders equal scores by id, in one segment and over several, also where k cuts through them', async () => {
    const index = await DenseIndex.create({ dim: 2, index: 'Flat' });
    for (const ids of [
      ['c', 'é', 'a'],
      ['😀', 'b', '\uffee'],
    ]) {
      await index.add(ids.map((id) => ({ id, vector: [1, 0] })));
      await index.commit();
    }
    const order = ['a', 'b', 'c', 'é', '\uffee', '😀'];
    for (let k = 1; k <= 7; k++) expect((await index.search([1, 0], k)).map(({ id }) => id)).toEqual(order.slice(0, k));
  });
});

describe('documents', () => {
  it('are found after the commit, replaced by a later add, and gone after remove', async () => {
    const index = await DenseIndex.create({ dim: 2 });
    await index.add([
      { id: 'a', vector: [1, 0] },
      { id: 'b', vector: [0, 1] },
    ]);
    expect(await index.search([1, 0], 5)).toEqual([]);
    await index.commit();
    expect(index.size).toBe(2);
    await index.add([{ id: 'a', vector: [0, -1] }]);
    expect((await index.search([1, 0], 1))[0]).toEqual({ id: 'a', score: 1 });
    await index.commit();
    expect(index.size).toBe(2);
    expect((await index.search([0, -1], 1))[0]).toEqual({ id: 'a', score: 1 });
    expect(await index.remove(['b', 'nobody'])).toBe(1);
    await index.add([{ id: 'c', vector: [1, 1] }]);
    expect(await index.remove(['c'])).toBe(1);
    await index.commit();
    expect((await index.search([1, 0], 5)).map(({ id }) => id)).toEqual(['a']);
    await index.add([{ id: 'z', vector: [1, 1] }]);
    await index.remove(['a']);
    await index.rollback();
    await index.commit();
    expect((await index.search([1, 0], 5)).map(({ id }) => id)).toEqual(['a']);
  });

  it('come one by one, as arrays, batches and streams of either', async () => {
    const index = await DenseIndex.create({ dim: 2, memory: 1 << 16 });
    await index.add({ id: 'a', vector: [1, 0] });
    await index.add([{ ids: ['b'], vectors: { data: Float32Array.of(1, 1), rows: 1, dim: 2 } }]);
    async function* stream(): AsyncGenerator<DenseDocument> {
      for (let i = 0; i < 3000; i++) yield { id: `s${i}`, vector: [i, 1] };
    }
    const seen: number[] = [];
    await index.add(stream(), { onProgress: ({ done }) => seen.push(done) });
    expect(seen[0]).toBe(1024);
    await index.commit();
    expect(index.size).toBe(3002);
    expect(index.reader.has('s2999')).toBe(true);
    expect(index.reader.vector('s0')).toEqual(Float32Array.of(0, 1));
    expect(index.reader.vector('s3000')).toBeUndefined();
    // Memory for less than all of them: the second occurrence comes after the first was written out.
    async function* again(): AsyncGenerator<DenseDocument> {
      yield* stream();
      yield { id: 's0', vector: [1, 1] };
    }
    await expect(index.add(again())).rejects.toThrow(failing('DUPLICATE_ID', /"s0" comes twice/));
    await index.rollback();
    const stop = new AbortController();
    stop.abort();
    await expect(index.add(stream(), { signal: stop.signal })).rejects.toThrow(failing('CANCELLED', /cancelled/));
    await index.close();
  });

  it('are counted, in all, by filter and by value', async () => {
    const index = await DenseIndex.create({ dim: 4 });
    const all = documents(100, 4);
    await index.add(all.slice(0, 60));
    await index.commit();
    await index.add(all.slice(60));
    await index.commit();
    await index.remove(['d0']);
    await index.commit();
    expect(index.count()).toBe(99);
    expect(index.count({ field: 'third', eq: true })).toBe(33);
    expect(index.facets('tags', { field: 'n', lt: 10 })).toEqual([
      { value: 'u1', count: 5 },
      { value: 'u0', count: 4 },
      { value: 't1', count: 2 },
      { value: 't2', count: 2 },
      { value: 't3', count: 2 },
      { value: 't4', count: 2 },
      { value: 't0', count: 1 },
    ]);
    expect(index.facets('nothing')).toEqual([]);
  });
});

describe('bad input', () => {
  it('is refused by name before anything is taken', async () => {
    const index = await DenseIndex.create({ dim: 2 });
    const good = { id: 'good', vector: [1, 0] };
    const cases: [unknown, string, RegExp][] = [
      [[good, { id: 'a', vector: [1, Number.NaN] }], 'NOT_FINITE', /"a" has NaN at position 1/],
      [[good, { id: 'a', vector: [Number.POSITIVE_INFINITY, 0] }], 'NOT_FINITE', /Infinity at position 0/],
      [[good, { id: 'a', vector: [1] }], 'DIMENSION_MISMATCH', /has 1 dimensions; expected 2/],
      [[good, { id: 'a', vector: 'x' }], 'INVALID_ARGUMENT', /expected a Float32Array/],
      [[good, { id: '', vector: [1, 1] }], 'INVALID_ARGUMENT', /non-empty string/],
      [[good, good], 'DUPLICATE_ID', /"good" comes twice/],
      [[good, null], 'INVALID_ARGUMENT', /document 1 is null/],
      [[good, { id: 'a', vector: [1, 1], metadata: { x: Number.NaN } }], 'NOT_FINITE', /"x"/],
      [{ ids: ['a'], vectors: { data: new Float32Array(3), rows: 1, dim: 3 } }, 'DIMENSION_MISMATCH', /3 dimensions/],
      [{ ids: ['a', 'b'], vectors: { data: new Float32Array(2), rows: 1, dim: 2 } }, 'DIMENSION_MISMATCH', /2 ids and 1 vectors/],
      [{ ids: ['a'], vectors: { data: new Float32Array(2), rows: 1, dim: 2 }, metadata: [] }, 'DIMENSION_MISMATCH', /metadata/],
      [undefined, 'INVALID_ARGUMENT', /expected \{ ids, vectors \}/],
      [{ ids: 'a', vectors: {} }, 'INVALID_ARGUMENT', /a batch is/],
    ];
    for (const [input, code, message] of cases)
      await expect(index.add(input as never), String(message)).rejects.toThrow(failing(code, message));
    await index.commit();
    expect(index.size).toBe(0);
  });

  it('in a search is refused', async () => {
    const index = await DenseIndex.create({ dim: 2 });
    await expect(index.search([1], 1)).rejects.toThrow(failing('DIMENSION_MISMATCH', /1 dimensions; expected 2/));
    await expect(index.search([1, Number.NaN], 1)).rejects.toThrow(failing('NOT_FINITE', /NaN at position 1/));
    await expect(index.search([1, 0], 0)).rejects.toThrow(failing('OUT_OF_RANGE', /k is 0/));
    await expect(index.search([1, 0], 1.5)).rejects.toThrow(failing('INVALID_ARGUMENT', /whole number/));
    await expect(index.search([1, 0], 1, { fliter: {} } as never)).rejects.toThrow(failing('UNKNOWN_OPTION', /Did you mean "filter"/));
    await expect(index.search([1, 0], 1, { filter: { field: 'a', eq: null } as never })).rejects.toThrow(
      failing('INVALID_ARGUMENT', /filter.eq/),
    );
    await expect(DenseIndex.create({ dim: 0 })).rejects.toThrow(failing('OUT_OF_RANGE', /dim/));
    await expect(DenseIndex.create({} as never)).rejects.toThrow(failing('INVALID_ARGUMENT', /needs the dimension/));
    await expect(DenseIndex.create({ dim: 2, metric: 'cosin' as never })).rejects.toThrow(failing('UNKNOWN_OPTION', /cosine/));
    await expect(DenseIndex.create({ dim: 2, index: 'HNWS' })).rejects.toThrow(failing('INVALID_ARGUMENT', /not known/));
  });

  it('that is only unusual has its documented answer: zeros, k beyond the collection, unknown fields, lone surrogates', async () => {
    const index = await DenseIndex.create({ dim: 2 });
    await index.add([
      { id: 'zero', vector: [0, 0] },
      { id: 'one\ud800', vector: [-1, 0] },
    ]);
    await index.commit();
    expect(await index.search([1, 0], 10)).toEqual([
      { id: 'zero', score: 0 },
      { id: 'one\ufffd', score: -1 },
    ]);
    expect(await index.search([0, 0], 10)).toEqual([]);
    expect((await index.searchDetailed([0, 0], 10)).warnings.map(({ code }) => code)).toEqual(['EMPTY_QUERY']);
    expect((await index.searchDetailed([1, 0], 10, { filter: { field: 'nobody', eq: 1 } })).warnings).toEqual([
      { code: 'UNKNOWN_FIELD', message: 'The filter speaks of "nobody", which no document\'s metadata has.' },
    ]);
    expect(await index.search([1, 0], 10, { filter: { field: 'nobody', eq: 1 } })).toEqual([]);
    expect(await index.search([1, 0], 10, { filter: { field: 'nobody', isNull: true } })).toHaveLength(2);
    expect(await index.remove(['one\udc00'])).toBe(1);
  });
});

describe('an index in a folder', () => {
  it('is found again by a reader, who is not disturbed by the writer', async () => {
    const path = join(folder, 'one');
    const all = documents(200, 8);
    const writer = await DenseIndex.create({ path, dim: 8, metric: 'l2' });
    await writer.add({
      ids: all.map(({ id }) => id),
      vectors: { data: Float32Array.from(all.flatMap(({ vector }) => [...vector])), rows: 200, dim: 8 },
    });
    await writer.commit();
    const reader = await DenseIndex.open(path);
    expect([reader.dim, reader.metric, reader.size]).toEqual([8, 'l2', 200]);
    const query = all[7]!.vector;
    const before = await reader.search(query, 5);
    expectClose(before, reference(all, query, 5, 'l2'));
    await writer.remove([before[0]!.id]);
    await writer.commit();
    await writer.merge({ all: true });
    expect(await reader.search(query, 5)).toEqual(before);
    await reader.refresh();
    expectClose(await reader.search(query, 4), reference(all, query, 5, 'l2').slice(1));
    await expect(DenseIndex.open(path, { dim: 9 } as never)).rejects.toThrow(failing('UNKNOWN_OPTION', /"dim"/));
    await expect(DenseIndex.open(path, { write: true })).rejects.toThrow(failing('LOCKED', /one writer/));
    await writer.close();
    await expect(DenseIndex.create({ path, dim: 8 })).rejects.toThrow(failing('ALREADY_EXISTS', /holds an index already/));
    await expect(writer.add([])).rejects.toThrow(failing('CLOSED', /closed/));
    await expect(DenseIndex.open(join(folder, 'absent'))).rejects.toThrow(failing('NOT_FOUND', /absent/));
    await expect(reader.commit()).rejects.toThrow(failing('INVALID_ARGUMENT', /open for reading/));
  });

  it('is a copy of one in memory after save, and says where scores come from', async () => {
    const all = documents(300, 20);
    const index = await DenseIndex.build(all, { dim: 20, metric: 'l2' });
    await index.remove('d7');
    await index.commit();
    await index.save(join(folder, 'saved'));
    await expect(index.save(join(folder, 'saved'))).rejects.toThrow(failing('ALREADY_EXISTS', /holds an index/));
    const copy = await DenseIndex.open(join(folder, 'saved'));
    const query = all[3]!.vector;
    expect(await copy.search(query, 10)).toEqual(await index.search(query, 10));
    expect(copy.reader.has('d7')).toBe(false);
    const [, second] = await copy.search(query, 2);
    const explained = copy.explain(query, second!.id)!;
    expect(explained.value).toBeCloseTo(second!.score, 3);
    expect(explained.parts!.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(explained.value, 9);
    expect(explained.parts!.at(-1)!.name).toBe('10 other dimensions');
    expect(copy.explain(query, 'd7')).toBeUndefined();
    await copy.close();
  });
});
