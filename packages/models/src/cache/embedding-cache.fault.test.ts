import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DenseEncoder, SparseEncoder, TokenEncoder } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddingCache } from './embedding-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-embeddings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An encoder that counts what it is asked. */
class Counting implements DenseEncoder {
  readonly dim = 2;
  readonly id: string;
  asked: string[] = [];
  constructor(id = 'model@1') {
    this.id = id;
  }
  async encode(texts: readonly string[], as: 'query' | 'document') {
    this.asked.push(...texts);
    return { data: Float32Array.from(texts.flatMap((text) => [text.length, as === 'query' ? 1 : 2])), rows: texts.length, dim: 2 };
  }
}
const files = (): string[] => readdirSync(folder).map((name) => join(folder, name));

describe('An embedding cache', () => {
  it('computes each text once, also where it comes twice in one call, and says how often it helped', async () => {
    const cache = EmbeddingCache.open(folder);
    const encoder = new Counting();
    const cached = cache.dense(encoder);
    expect((await cached.encode(['a', 'bb', 'a'], 'query')).data).toEqual(Float32Array.of(1, 1, 2, 1, 1, 1));
    expect((await cached.encode(['bb', 'ccc'], 'query')).data).toEqual(Float32Array.of(2, 1, 3, 1));
    expect(encoder.asked).toEqual(['a', 'bb', 'ccc']);
    expect(cache.statistics).toMatchObject({ hits: 2, misses: 3, hitRate: 0.4, entries: 3, damaged: 0 });
    expect((await cached.encode([], 'query')).rows).toBe(0);
    cache.close();
    await expect(cached.encode(['a'], 'query')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('keeps models, their states, and sides apart', async () => {
    const cache = EmbeddingCache.open(folder);
    const encoders = [new Counting('model@1'), new Counting('model@2')];
    for (const encoder of encoders) for (const side of ['query', 'document'] as const) await cache.dense(encoder).encode(['a'], side);
    expect(encoders.map(({ asked }) => asked.length)).toEqual([2, 2]);
    expect(() => cache.dense({ dim: 2, encode: encoders[0]!.encode })).toThrow(/no id/);
    cache.close();
  });

  it('is there after it was closed, and after its process was killed in the middle', async () => {
    const built = new URL('../../dist/cache/embedding-cache.js', import.meta.url).href;
    const program = `import { EmbeddingCache } from ${JSON.stringify(built)};
const cache = EmbeddingCache.open(${JSON.stringify(folder)});
const encoder = { dim: 2, id: 'model@1', encode: async (texts) => ({ data: Float32Array.from(texts.flatMap((text) => [text.length, 2])), rows: texts.length, dim: 2 }) };
const cached = cache.dense(encoder);
for (let i = 0; ; i++) { await cached.encode(['text ' + i], 'document'); if (i === 20) console.log('ready'); }`;
    await new Promise<void>((resolve) => {
      const child = execFile(process.execPath, ['--input-type=module', '-e', program]);
      child.stdout!.on('data', () => child.kill('SIGKILL'));
      child.on('exit', () => resolve());
    });
    const cache = EmbeddingCache.open(folder);
    expect(cache.statistics.entries).toBeGreaterThan(20);
    const encoder = new Counting();
    const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`);
    expect((await cache.dense(encoder).encode(texts, 'document')).data).toEqual(
      Float32Array.from(texts.flatMap((text) => [text.length, 2])),
    );
    expect(encoder.asked).toEqual([]);
    expect(cache.statistics.hitRate).toBe(1);
    cache.close();
  });

  it('forgets what was cut off or altered, computes it again, and never gives it', async () => {
    const fill = async (): Promise<void> => {
      const cache = EmbeddingCache.open(folder);
      await cache.dense(new Counting()).encode(['first'], 'query');
      await cache.dense(new Counting()).encode(['second'], 'query');
      cache.close();
    };
    await fill();
    const [file] = files() as [string];
    const whole = readFileSync(file);
    for (let cut = whole.length - 1; cut > 8; cut -= 7) {
      writeFileSync(file, whole);
      truncateSync(file, cut);
      const cache = EmbeddingCache.open(folder);
      expect((await cache.dense(new Counting()).encode(['first', 'second'], 'query')).data).toEqual(Float32Array.of(5, 1, 6, 1));
      cache.close();
      for (const other of files()) if (other !== file) rmSync(other);
    }
    for (let at = 8; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 16;
      writeFileSync(file, flipped);
      const cache = EmbeddingCache.open(folder);
      expect((await cache.dense(new Counting()).encode(['first', 'second'], 'query')).data, `byte ${at}`).toEqual(
        Float32Array.of(5, 1, 6, 1),
      );
      cache.close();
      for (const other of files()) if (other !== file) rmSync(other);
    }
  });

  it('refuses a file that is something else', () => {
    writeFileSync(join(folder, 'x.rrcache'), 'not a cache');
    expect(() => EmbeddingCache.open(folder)).toThrow(/no embedding cache/);
  });

  it('is shared: two at once write to files of their own, and many files become one', async () => {
    const [one, two] = [EmbeddingCache.open(folder), EmbeddingCache.open(folder)];
    await one.dense(new Counting()).encode(['a'], 'query');
    await two.dense(new Counting()).encode(['b'], 'query');
    expect(files()).toHaveLength(2);
    one.close();
    two.close();
    for (let i = 0; i < 15; i++) {
      const cache = EmbeddingCache.open(folder);
      await cache.dense(new Counting()).encode([`text ${i}`], 'query');
      cache.close();
    }
    const cache = EmbeddingCache.open(folder);
    expect(files().length).toBeLessThan(4);
    const encoder = new Counting();
    await cache.dense(encoder).encode(['a', 'b', ...Array.from({ length: 15 }, (_, i) => `text ${i}`)], 'query');
    expect(encoder.asked).toEqual([]);
    cache.close();
  });

  it('stays below its size by letting the oldest go', async () => {
    for (let i = 0; i < 3; i++) {
      const cache = EmbeddingCache.open(folder);
      await cache.dense(new Counting()).encode([`text ${i}`], 'query');
      cache.close();
      const newest = files().find((path) => !seen.has(path))!;
      seen.add(newest);
      utimesSync(newest, 1000 + i, 1000 + i);
    }
    const cache = EmbeddingCache.open(folder, { maxBytes: 150 });
    const encoder = new Counting();
    await cache.dense(encoder).encode(['text 0', 'text 1', 'text 2'], 'query');
    expect(encoder.asked).toContain('text 0');
    expect(encoder.asked).not.toContain('text 2');
    cache.close();
  });
  const seen = new Set<string>();

  it('keeps token matrices with their places, and sparse vectors, as they are', async () => {
    const tokens: TokenEncoder & { id: string } = {
      id: 't',
      dim: 2,
      encode: async (texts) =>
        texts.map((text) => ({
          data: Float32Array.of(text.length, 2, 3, 4),
          rows: 2,
          dim: 2,
          spans: Uint32Array.of(0, 1, 1, 2),
          pieces: ['ä', '##b'],
        })),
    };
    const bare: TokenEncoder & { id: string } = {
      id: 'bare',
      dim: 3,
      encode: async (texts) => texts.map(() => ({ data: new Float32Array(0), rows: 0, dim: 3 })),
    };
    const sparse: SparseEncoder & { id: string } = {
      id: 's',
      size: 9,
      encode: async (texts) => texts.map((text) => ({ indices: Uint32Array.of(1, 7), values: Float32Array.of(0.5, text.length) })),
    };
    for (let round = 0; round < 2; round++) {
      const cache = EmbeddingCache.open(folder);
      expect(await cache.tokens(tokens).encode(['ab', 'abc'], 'document')).toEqual(await tokens.encode(['ab', 'abc'], 'document'));
      expect(await cache.tokens(bare).encode([''], 'document')).toEqual(await bare.encode([''], 'document'));
      expect(await cache.sparse(sparse).encode(['ab'], 'query')).toEqual(await sparse.encode(['ab'], 'query'));
      expect(cache.statistics.hits).toBe(round === 0 ? 0 : 4);
      cache.close();
    }
    appendFileSync(files()[0]!, 'a torn block');
    const cache = EmbeddingCache.open(folder);
    expect(cache.statistics.entries).toBe(4);
    cache.close();
  });
});
