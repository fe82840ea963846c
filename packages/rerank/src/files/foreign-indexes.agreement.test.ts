import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RankError, type Tokens, toRanking } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildTokenIndex } from '../index/create-index.ts';
import type { IndexDocument } from '../index/token-index.ts';
import { plainMaxSim, tokensOf } from '../testing/tokens.ts';
import { selectRows } from '../tokens/select-rows.ts';
import { openTokens } from './open-tokens.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-foreign-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

async function all(documents: AsyncIterable<IndexDocument>): Promise<IndexDocument[]> {
  const list: IndexDocument[] = [];
  for await (const document of documents) list.push(document);
  return list;
}

describeWithData("an index of Stanford's ColBERT", 'late-interaction/colbertv2-miyazaki-tiffany', (data) => {
  it('has the tokens that ColBERT decompresses, the texts and the documents', async () => {
    const index = await openTokens(join(data, 'index'));
    expect(index).toMatchObject({ format: 'stanford-colbert', dim: 128, count: 78, rows: 10_366 });
    const [mine, theirs] = [
      await all(index.documents()),
      await all((await openTokens(join(data, 'token_embeddings.f16.npy'))).documents()),
    ];
    const texts = JSON.parse(readFileSync(join(data, 'collection.json'), 'utf8')) as string[];
    expect(mine.map(({ id, text }) => [id, text])).toEqual(texts.map((text, i) => [String(i), text]));
    expect(mine[0]!.metadata).toEqual({ document: '6d93d540-a4c4-4954-ae40-0fa60d2ab997' });
    // Half floats have 11 bits: rows of length 1 agree to a few of their last places.
    let worst = 0;
    mine.forEach(({ tokens: { data: rows } }, d) => {
      const other = theirs[d]!.tokens.data;
      expect(rows.length).toBe(other.length);
      for (let i = 0; i < rows.length; i++) worst = Math.max(worst, Math.abs(rows[i]! - other[i]!));
    });
    expect(worst).toBeLessThan(5e-4);
  });

  it.each([
    ['exact', { kind: 'exact', type: 'f16' }, 10, 1e-3],
    ['plaid', { kind: 'plaid', bits: 8 }, 9, 0.02],
    ['warp', { kind: 'warp', bits: 8, defaults: { probes: 64 } }, 9, 0.02],
    ['auto', {}, 9, 0.02],
  ] as const)(
    'finds, brought into an index of kind %s, what scoring the decompressed tokens finds',
    async (_, options, found, tolerance) => {
      const theirs = await all((await openTokens(join(data, 'token_embeddings.f16.npy'))).documents());
      const source = await openTokens(join(data, 'index'));
      const index = await buildTokenIndex(source.documents(), { dim: source.dim, ...options });
      let overlap = 0;
      for (let d = 0; d < 78; d += 6) {
        // Rows of one passage, as if they were asked for.
        const query = selectRows(theirs[d]!.tokens, [3, 8, 13, 21, 34, 55, 60, 72]);
        const exact = toRanking(theirs.map(({ id, tokens }) => ({ id, score: plainMaxSim(query, tokens) }))).slice(0, 10);
        const hits = await index.search(query, 10);
        expect(hits[0]!.id).toBe(String(d));
        overlap += hits.filter(({ id }) => exact.some((hit) => hit.id === id)).length / 13;
        for (const { id, score } of hits)
          expect(Math.abs(score - plainMaxSim(query, theirs[Number(id)]!.tokens)) / query.rows).toBeLessThan(tolerance);
      }
      expect(overlap).toBeGreaterThanOrEqual(found);
      await index.close();
    },
  );
});

describe('an index of fast-plaid', () => {
  const recorded = JSON.parse(readFileSync(new URL('./fast-plaid.json', import.meta.url), 'utf8')) as {
    queries: number[][][];
    indexes: Record<string, { files: Record<string, string>; scores: [number, number][][] }>;
  };
  const place = (bits: string, changes: Record<string, Uint8Array | undefined> = {}): string => {
    const path = join(folder, bits);
    mkdirSync(path, { recursive: true });
    const files = Object.entries(recorded.indexes[bits]!.files).map(([name, text]) => [name, Buffer.from(text, 'base64')] as const);
    for (const [name, bytes] of [...files, ...Object.entries(changes)]) {
      if (bytes === undefined) rmSync(join(path, name));
      else writeFileSync(join(path, name), bytes);
    }
    return path;
  };

  it.each(['2', '4'])('of %s bits gives the scores that fast-plaid gives', async (bits) => {
    const tokens = await openTokens(place(bits));
    expect(tokens).toMatchObject({ format: 'fast-plaid', dim: 16, count: 24, rows: 176 });
    const documents = await all(tokens.documents());
    recorded.queries.forEach((rows, q) => {
      const query: Tokens = tokensOf(rows);
      const theirs = recorded.indexes[bits]!.scores[q]!;
      expect(theirs).toHaveLength(24);
      // It scores in half floats.
      for (const [d, score] of theirs) expect(plainMaxSim(query, documents[d]!.tokens)).toBeCloseTo(score, 1.9);
    });
  });

  it('that is damaged or of another kind is an error that names the file', async () => {
    const { indexes } = recorded;
    const part = (name: string) => Buffer.from(indexes['4']!.files[name]!, 'base64');
    const read = async (changes: Record<string, Uint8Array | undefined>) => all((await openTokens(place('4', changes))).documents());
    await expect(read({ 'bucket_weights.npy': undefined })).rejects.toThrow(code('UNSUPPORTED'));
    await expect(read({ 'merged_codes.npy': part('merged_codes.npy').subarray(0, 900) })).rejects.toThrow(code('CORRUPT'));
    await expect(read({ 'doclens.0.json': Buffer.from('[500]') })).rejects.toThrow(/merged_codes/);
    await expect(read({ 'metadata.json': Buffer.from('{}') })).rejects.toThrow(/num_chunks/);
    await expect(read({ 'metadata.json': Buffer.from('{') })).rejects.toThrow(code('PARSE'));
    await expect(read({ 'metadata.json': Buffer.from('{"num_chunks":1,"nbits":3}') })).rejects.toThrow(code('UNSUPPORTED'));
    const wild = part('merged_codes.npy');
    wild.writeBigInt64LE(9999n, wild.length - 170 * 8);
    await expect(read({ 'merged_codes.npy': wild })).rejects.toThrow(/centroid 9999/);
  });
});
