import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, type RankError, type Tokens } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainMaxSim, randomTokens, tokensOf } from '../testing/tokens.ts';
import { copyStores } from './copy-store.ts';
import { TokenStore, type TokenStoreOptions } from './token-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-tokens-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const dim = 32;
/** Rows around a few directions, as token embeddings are. */
function documents(seed: number, count: number, prefix = 'd'): { id: string; tokens: Tokens; metadata: { n: number; even: boolean } }[] {
  const random = new Random(seed);
  const directions = randomTokens(new Random(7), 40, dim);
  return Array.from({ length: count }, (_, i) => {
    const tokens = randomTokens(random, 3 + random.integer(12), dim);
    for (let row = 0; row < tokens.rows; row++) {
      const direction = random.integer(40) * dim;
      let square = 0;
      for (let k = 0; k < dim; k++)
        square += (tokens.data[row * dim + k] = tokens.data[row * dim + k]! * 0.5 + directions.data[direction + k]!) ** 2;
      for (let k = 0; k < dim; k++) tokens.data[row * dim + k]! /= Math.sqrt(square);
    }
    return { id: `${prefix}${i}`, tokens, metadata: { n: i, even: i % 2 === 0 } };
  });
}
const kinds: [string, Omit<TokenStoreOptions, 'dim'>, number][] = [
  ['f32', { type: 'f32' }, 1e-5],
  ['f16', { type: 'f16' }, 0.002],
  ['int8', { type: 'int8' }, 0.02],
  ['residual 8 bit', { type: 'residual', bits: 8 }, 0.02],
  ['residual 4 bit', { type: 'residual', bits: 4 }, 0.12],
  ['residual 2 bit', { type: 'residual', bits: 2 }, 0.4],
  ['residual 1 bit', { type: 'residual', bits: 1 }, 0.8],
];
const query = randomTokens(new Random(99), 5, dim);

describe.each(kinds)('a token store of %s', (_, options, tolerance) => {
  it('scores the documents it is asked for, after every change', async () => {
    const all = documents(1, 200);
    const store = await TokenStore.create({ dim, path: join(folder, 's'), ...options });
    await store.add(all.slice(0, 120));
    await store.commit();
    await store.add(all.slice(120));
    await store.add([{ ...all[3]!, tokens: all[100]!.tokens }]);
    expect(await store.remove(['d7', 'none'])).toBe(1);
    expect(store.size).toBe(120);
    await store.commit();
    await store.settle();
    await store.close();

    const again = await TokenStore.open(join(folder, 's'));
    expect([again.size, again.has('d7'), again.has('d150')]).toEqual([199, false, true]);
    const ids = ['d150', 'd3', 'd0', 'd199'];
    const scores = again.scores(query, ids);
    const exact = [all[150]!, all[100]!, all[0]!, all[199]!].map(({ tokens }) => plainMaxSim(query, tokens));
    exact.forEach((score, i) => {
      expect(Math.abs(scores[i]! - score)).toBeLessThan(tolerance * query.rows);
    });
    expect(again.scores(query, ids, { aggregate: 'mean' })[0]).toBeCloseTo(scores[0]! / 5, 5);
    const rows = again.tokensOf('d150')!;
    expect([rows.rows, rows.dim]).toEqual([all[150]!.tokens.rows, dim]);
    rows.data.forEach((value, i) => {
      expect(Math.abs(value - all[150]!.tokens.data[i]!)).toBeLessThan(tolerance + 1e-3);
    });
    const ranking = again.rerank(query, ids, { k: 2 });
    expect(ranking).toHaveLength(2);
    expect(ranking[0]!.score).toBeGreaterThanOrEqual(ranking[1]!.score);
    await again.close();
  });

  it('compacts, copies and merges without a change of what is stored', async () => {
    const all = documents(2, 90);
    const store = await TokenStore.build(all, { dim, ...options });
    await store.remove(all.slice(0, 30).map(({ id }) => id));
    await store.commit();
    await store.compact({ all: true });
    const ids = all.slice(30).map(({ id }) => id);
    const scores = store.scores(query, ids);
    expect(store.reader.segments.map(({ deleted }) => deleted)).toEqual([undefined]);

    const copy = await copyStores([store], { path: join(folder, 'copy') });
    expect([...copy.scores(query, ids)]).toEqual([...scores]);
    expect(copy.count({ field: 'even', eq: true })).toBe(30);
    const some = await copyStores([store], {}, { ids: ['d40', 'd50'] });
    expect([...some.scores(query, ['d50'])]).toEqual([scores[20]]);
    const even = await copyStores([store], {}, { filter: { field: 'n', lt: 40 } });
    expect([even.size, some.size]).toEqual([10, 2]);
    const other = await TokenStore.build(documents(3, 20, 'e'), { dim, ...options });
    const both = await copyStores([copy, other]);
    expect([both.size, both.has('e7'), both.has('d33')]).toEqual([80, true, true]);
    expect([...both.scores(query, ids)].map((score) => score.toFixed(4))).toEqual([...scores].map((score) => score.toFixed(4)));
    for (const each of [store, copy, some, even, other, both]) await each.close();
  });
});

describe('a token store', () => {
  it('keeps spans where asked to, and normalises for cosine', async () => {
    const tokens = tokensOf(
      [
        [3, 4],
        [0, 2],
      ],
      { spans: Uint32Array.of(0, 4, 5, 9) },
    );
    const store = await TokenStore.build([{ id: 'a', tokens }], { dim: 2, type: 'f32', similarity: 'cosine', spans: true });
    expect([...store.tokensOf('a')!.data]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 1]);
    expect([...store.tokensOf('a')!.spans!]).toEqual([0, 4, 5, 9]);
    expect(store.scores(tokensOf([[0, 9]]), ['a'])[0]).toBeCloseTo(1, 6);
    await store.compact({ all: true });
    expect([...store.tokensOf('a')!.spans!]).toEqual([0, 4, 5, 9]);
    expect(() => store.scores(tokensOf([[0, 9]]), ['a'], { similarity: 'dot' })).toThrow(code('UNSUPPORTED'));
    await store.close();
  });

  it('blends with the stage before, and weighs query rows', async () => {
    const all = documents(4, 10);
    const store = await TokenStore.build(all, { dim, type: 'f32' });
    const hits = all.map(({ id }, i) => ({ id, score: 10 - i }));
    expect(store.rerank(query, hits, { blend: { alpha: 0 } }).map(({ id }) => id)).toEqual(hits.map(({ id }) => id));
    const weights = [0, 2, 0, 0, 0.5];
    expect(store.scores(query, ['d3'], { weights })[0]).toBeCloseTo(plainMaxSim(query, all[3]!.tokens, weights), 4);
    expect(store.rerank(query, [])).toEqual([]);
    await store.close();
  });

  it('grows centroids when later documents are strange to it, and keeps what it had', async () => {
    const store = await TokenStore.build(documents(5, 300), { dim, type: 'residual', bits: 4 });
    const before = store.scores(query, ['d1', 'd2']);
    const centroids = store.codec!.centroids.scales.length;
    // Another subject: everything mirrored and far from it.
    const strange = documents(6, 200, 'e').map((document) => ({
      ...document,
      tokens: { ...document.tokens, data: document.tokens.data.map((x, i) => (i % dim < 8 ? 3 - x : -x)) },
    }));
    await store.add(strange);
    await store.commit();
    expect(store.codec!.centroids.scales.length).toBeGreaterThan(centroids);
    expect([...store.scores(query, ['d1', 'd2'])]).toEqual([...before]);
    expect(Math.abs(store.scores(query, ['e9'])[0]! - plainMaxSim(query, strange[9]!.tokens))).toBeLessThan(0.7);
    await store.compact({ all: true });
    expect([...store.scores(query, ['d1', 'd2'])]).toEqual([...before]);
    await store.close();
  });

  it('writes out when memory is short, and takes streams', async () => {
    async function* stream() {
      yield* documents(8, 150);
    }
    const store = await TokenStore.build(stream(), { dim, type: 'residual', memory: 1 << 16, path: join(folder, 'm') });
    expect(store.size).toBe(150);
    await store.settle();
    await store.close();
  });

  it('takes documents without tokens if told so', async () => {
    const empty = { id: 'e', tokens: { data: new Float32Array(0), rows: 0, dim } };
    for (const type of ['f32', 'residual'] as const) {
      const store = await TokenStore.build([empty, ...documents(1, 3)], { dim, type, empty: true });
      expect(store.rerank(query, ['e', 'd0'])[1]).toEqual({ id: 'e', score: -1e9 });
      expect(store.tokensOf('e')!.rows).toBe(0);
      await store.close();
      const alone = await TokenStore.build([empty], { dim, type, empty: true });
      expect(alone.rerank(query, ['e'])).toEqual([{ id: 'e', score: -1e9 }]);
      await alone.close();
    }
  });

  it.each([
    [
      'a document without tokens',
      (store: TokenStore) => store.add([{ id: 'a', tokens: { data: new Float32Array(0), rows: 0, dim } }]),
      'EMPTY_INPUT',
    ],
    ['mixed dimensions', (store: TokenStore) => store.add([{ id: 'a', tokens: tokensOf([[1, 2]]) }]), 'DIMENSION_MISMATCH'],
    [
      'NaN',
      (store: TokenStore) => store.add([{ id: 'a', tokens: { data: new Float32Array(dim).fill(Number.NaN), rows: 1, dim } }]),
      'NOT_FINITE',
    ],
    ['an id twice', (store: TokenStore) => store.add([documents(1, 1)[0]!, documents(1, 1)[0]!]), 'DUPLICATE_ID'],
    ['an empty id', (store: TokenStore) => store.add([{ ...documents(1, 1)[0]!, id: '' }]), 'INVALID_ARGUMENT'],
    ['something that is no document', (store: TokenStore) => store.add(['a'] as never), 'INVALID_ARGUMENT'],
    [
      'metadata that cannot be stored',
      (store: TokenStore) => store.add([{ ...documents(1, 1)[0]!, metadata: { a: { b: 1 } } as never }]),
      'INVALID_ARGUMENT',
    ],
    ['a document that is not there', async (store: TokenStore) => store.scores(query, ['none']), 'NOT_FOUND'],
    ['a query without counted rows', async (store: TokenStore) => store.scores(query, [], { weights: [0, 0, 0, 0, 0] }), 'EMPTY_INPUT'],
    ['a query of another dimension', async (store: TokenStore) => store.scores(tokensOf([[1]]), []), 'DIMENSION_MISMATCH'],
    ['duplicate candidates', async (store: TokenStore) => store.rerank(query, ['a', 'a']), 'DUPLICATE_ID'],
    ['an option nobody knows', async (store: TokenStore) => store.scores(query, [], { weight: [] } as never), 'UNKNOWN_OPTION'],
  ] as const)('refuses %s', async (_, work, expected) => {
    const store = await TokenStore.create({ dim, type: 'f32' });
    await expect((async () => work(store))()).rejects.toThrow(code(expected));
    await store.close();
  });

  it.each([
    ['no dimension', {}, 'INVALID_ARGUMENT'],
    ['3 bits', { dim, bits: 3 }, 'OUT_OF_RANGE'],
    ['a type nobody knows', { dim, type: 'float' }, 'UNKNOWN_OPTION'],
    ['an option nobody knows', { dim, bit: 4 }, 'UNKNOWN_OPTION'],
  ])('is not made with %s', async (_, options, expected) => {
    await expect(TokenStore.create(options as never)).rejects.toThrow(code(expected));
  });

  it('refuses a folder that holds another, and one that holds none', async () => {
    const path = join(folder, 'x');
    await (await TokenStore.create({ dim, path })).close();
    await expect(TokenStore.create({ dim, path })).rejects.toThrow(code('ALREADY_EXISTS'));
    await expect(TokenStore.open(join(folder, 'y'))).rejects.toThrow(code('NOT_FOUND'));
    const writer = await TokenStore.open(path, { write: true });
    await expect(TokenStore.open(path, { write: true })).rejects.toThrow(code('LOCKED'));
    await writer.close();
    await expect((async () => writer.scores(query, []))()).rejects.toThrow(code('CLOSED'));
  });
});
