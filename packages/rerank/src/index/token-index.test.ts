import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matchesFilter, Random, type RankError, type TokenEncoder, type Tokens, toRanking } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainMaxSim, randomTokens, tokensOf } from '../testing/tokens.ts';
import { topicDocuments, topicTokens } from '../testing/topics.ts';
import { buildTokenIndex, createTokenIndex, openTokenIndex, type TokenIndexOptions } from './create-index.ts';
import type { IndexDocument } from './token-index.ts';
import { tokenRetriever } from './token-retriever.ts';
import { tune } from './tune.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-index-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const dim = 32;
const words = ['wing', 'flow', 'plate', 'shock', 'jet'];
const documents = (seed: number, count: number, prefix = 'd'): IndexDocument[] =>
  topicDocuments(seed, count, dim, prefix).map((document, i) => ({ ...document, text: `${words[i % 5]} text number ${i}` }));
const query = topicTokens(new Random(5), 6, dim);
const exactOf = (list: readonly IndexDocument[], k: number) =>
  toRanking(list.map(({ id, tokens }) => ({ id, score: plainMaxSim(query, tokens) }))).slice(0, k);
const overlap = (a: readonly { id: string }[], b: readonly { id: string }[]) =>
  a.filter(({ id }) => b.some((other) => other.id === id)).length;

/** Kinds with settings under which they find what there is, and how far their scores may be off for each query row. */
const kinds: [string, Omit<TokenIndexOptions, 'dim'>, number, number][] = [
  ['exact in f32', { kind: 'exact', type: 'f32' }, 1e-4, 10],
  ['exact in bytes', { kind: 'exact' }, 0.02, 9],
  ['exact on codes', { kind: 'exact', type: 'residual', bits: 8 }, 0.02, 9],
  ['plaid', { kind: 'plaid', bits: 8, defaults: { candidates: 80 } }, 0.02, 9],
  ['plaid, 4 bit', { kind: 'plaid', defaults: { candidates: 80 } }, 0.1, 7],
  ['warp', { kind: 'warp', bits: 8, defaults: { probes: 1000 } }, 0.02, 9],
  ['muvera', { kind: 'muvera', type: 'f32', defaults: { candidates: 120 }, encoding: { hyperplanes: 3, projection: 8 } }, 1e-4, 8],
  ['bm25', { kind: 'bm25', type: 'f32', defaults: { candidates: 1000 } }, 1e-4, 10],
  ['auto', {}, 0.02, 9],
];

describe.each(kinds)('an index of kind %s', (_, options, tolerance, found) => {
  const all = documents(1, 300);
  const text = words.join(' ');

  it('finds what exact search finds, after adding, removing, replacing and reopening', async () => {
    const path = join(folder, 'i');
    const index = await createTokenIndex({ dim, path, ...options });
    await index.add(all.slice(0, 200));
    expect(await index.search(query, 3, { text })).toEqual([]);
    await index.commit();
    await index.add(all.slice(200));
    const [best] = exactOf(all, 1);
    await index.remove(best!.id);
    await index.add({ ...all[0]!, tokens: all.find(({ id }) => id === best!.id)!.tokens, metadata: { n: 1000 } });
    await index.commit();
    await index.settle();
    await index.close();
    const now = all
      .filter(({ id }) => id !== best!.id)
      .map((document) => (document.id === 'd0' ? { ...document, tokens: all.find(({ id }) => id === best!.id)!.tokens } : document));

    const again = await openTokenIndex(path);
    expect([again.size, again.kind]).toEqual([299, options.kind ?? 'auto']);
    const hits = await again.search(query, 10, { text });
    const exact = exactOf(now, 10);
    expect(overlap(hits, exact)).toBeGreaterThanOrEqual(found);
    expect(hits[0]!.id).toBe('d0');
    for (const { id, score } of hits)
      expect(Math.abs(score - plainMaxSim(query, now.find((document) => document.id === id)!.tokens))).toBeLessThan(tolerance * query.rows);
    expect((await again.search(query, 4, { text })).map(({ id }) => id)).toEqual(hits.slice(0, 4).map(({ id }) => id));
    expect((await again.search(query, 3, { text, aggregate: 'mean' }))[0]!.score).toBeCloseTo(hits[0]!.score / query.rows, 4);
    expect(await again.search(query, 1000, { text })).toHaveLength(299);
    await again.close();
  });

  it('applies filters before scoring, at any selectivity', async () => {
    const index = await buildTokenIndex(all, { dim, ...options });
    const filters = [
      { field: 'n', eq: 17 },
      { field: 'n', lt: 5 },
      { field: 'even', eq: true },
      { not: { field: 'n', in: [3, 4, 5] } },
      { field: 'none', isNull: true },
    ] as const;
    for (const filter of filters) {
      const passing = all.filter(({ metadata }) => matchesFilter(filter, metadata));
      const hits = await index.search(query, 10, { text, filter });
      expect(hits).toHaveLength(Math.min(10, passing.length));
      expect(hits.every(({ id }) => passing.some((document) => document.id === id))).toBe(true);
      expect(overlap(hits, exactOf(passing, 10))).toBeGreaterThanOrEqual(Math.min(found, passing.length) - 1);
    }
    expect(await index.search(query, 10, { text, filter: { field: 'n', eq: -1 } })).toEqual([]);
    await index.close();
  });

  it('explains a hit by parts that add up, and describes itself', async () => {
    const index = await buildTokenIndex(all, { dim, ...options });
    const [hit] = await index.search(query, 1, { text });
    const why = index.explain(query, hit!.id, { matrix: true });
    expect(Math.abs(why.score - hit!.score)).toBeLessThan(0.03 * query.rows);
    expect(why.matches.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(why.score, 6);
    expect(() => index.explain(query, 'none')).toThrow(code('NOT_FOUND'));
    const description = index.describe();
    expect(description).toMatchObject({ documents: 300, kind: options.kind ?? 'auto' });
    expect(description.tokens).toBe(all.reduce((sum, { tokens }) => sum + tokens.rows, 0));
    expect(description.segments[0]!.why.length).toBeGreaterThan(10);
    await index.close();
  });

  it('refuses bad queries', async () => {
    const index = await buildTokenIndex(all.slice(0, 20), { dim, ...options });
    await expect(index.search({ data: new Float32Array(0), rows: 0, dim }, 3, { text })).rejects.toThrow(code('EMPTY_INPUT'));
    await expect(index.search(tokensOf([[1, 2]]), 3, { text })).rejects.toThrow(code('DIMENSION_MISMATCH'));
    await expect(index.search({ ...query, data: query.data.map(() => Number.NaN) }, 3, { text })).rejects.toThrow(code('NOT_FINITE'));
    await expect(index.search(query, 0, { text })).rejects.toThrow(code('OUT_OF_RANGE'));
    await expect(index.search(query, 3, { text, candidate: 3 } as never)).rejects.toThrow(/Did you mean "candidates"/);
    await expect(index.search(query, 3, { text, filter: { feld: 'a' } as never })).rejects.toThrow(code('UNKNOWN_OPTION'));
    await index.close();
    await expect(index.search(query, 3, { text })).rejects.toThrow(code('CLOSED'));
  });
});

describe('a retriever over an index', () => {
  it('encodes the query, and finds nothing where nothing counts', async () => {
    const index = await buildTokenIndex(documents(1, 50), { dim, kind: 'exact', type: 'f32' });
    const encoder: TokenEncoder = {
      dim,
      encode: async (texts) => texts.map((text): Tokens => (text === '' ? { data: new Float32Array(0), rows: 0, dim } : query)),
    };
    const retriever = tokenRetriever(index, { encoder });
    expect((await retriever.search('words', 5)).map(({ id }) => id)).toEqual(exactOf(documents(1, 50), 5).map(({ id }) => id));
    expect(await retriever.search('', 5)).toEqual([]);
    expect(await retriever.search('words', 5, { filter: { field: 'n', eq: 3 } })).toHaveLength(1);
    expect(retriever.space).toBe('maxsim');
    expect(() => tokenRetriever(index, { encoder: { ...encoder, dim: 8 } })).toThrow(code('DIMENSION_MISMATCH'));
    await index.close();
  });
});

describe('tuning', () => {
  it('finds the least that reaches the recall, and keeps it', async () => {
    const path = join(folder, 't');
    const index = await buildTokenIndex(documents(1, 300), { dim, kind: 'plaid', bits: 8, path });
    const { chosen, points, why } = await tune(index, { queries: [query, randomTokens(new Random(3), 4, dim)], recall: 0.9 });
    expect(chosen.recall).toBeGreaterThanOrEqual(0.9);
    expect(points.filter(({ recall }) => recall >= 0.9)).toHaveLength(1);
    expect(why).toContain('recall@10');
    expect(index.defaults.candidates).toBe(chosen.candidates);
    await index.commit();
    await index.close();
    const again = await openTokenIndex(path);
    expect(again.defaults).toEqual({ candidates: chosen.candidates });
    await again.close();
  });

  it('stays within a time where there is one, and draws queries where there are none', async () => {
    const index = await buildTokenIndex(documents(1, 200), { dim, kind: 'warp' });
    const { why, chosen } = await tune(index, { recall: 1, milliseconds: 1e-6 });
    expect(why).toContain('fastest');
    expect(chosen.probes).toBeGreaterThan(0);
    await index.close();
    const empty = await createTokenIndex({ dim });
    await expect(tune(empty)).rejects.toThrow(code('EMPTY_INPUT'));
    await empty.close();
  });
});

it.each([
  ['plaid of floats', { dim, kind: 'plaid', type: 'f32' }, 'INVALID_ARGUMENT'],
  ['a kind nobody knows', { dim, kind: 'hnsw' }, 'UNKNOWN_OPTION'],
  ['an encoding without muvera', { dim, encoding: {} }, 'INVALID_ARGUMENT'],
  ['a path and a scope', { dim, path: 'a', scope: {} }, 'INVALID_ARGUMENT'],
])('is not made of %s', async (_, options, expected) => {
  await expect(createTokenIndex(options as never)).rejects.toThrow(code(expected));
});

it('takes texts for bm25, and refuses documents and queries without', async () => {
  const index = await createTokenIndex({ dim, kind: 'bm25' });
  await index.add(documents(1, 5));
  await expect(index.add([{ id: 'z', tokens: query }])).rejects.toThrow(/has no text/);
  expect(index.size).toBe(0);
  await index.add(documents(1, 400));
  await index.commit();
  await expect(index.search(query, 3, { candidates: 10 })).rejects.toThrow(/needs the query's words/);
  expect((await index.search(query, 400, { text: 'shock' })).length).toBe(80);
  await index.close();
});
