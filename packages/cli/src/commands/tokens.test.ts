import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random, type Tokens } from '@rank-rank/core';
import { writeTokens } from '@rank-rank/rerank/files';
import { runScript, type ScriptOutcome } from '@rank-rank/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/rank.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rank-rank-tokens-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rank = (...args: readonly string[]): Promise<ScriptOutcome> => runScript(bin, args);

function unitRows(random: Random, rows: number): Tokens {
  const dim = 16;
  const data = Float32Array.from({ length: rows * dim }, () => random.normal());
  for (let row = 0; row < rows; row++) {
    const one = data.subarray(row * dim, (row + 1) * dim);
    const length = Math.hypot(...one);
    for (let k = 0; k < dim; k++) one[k]! /= length;
  }
  return { data, rows, dim };
}

const tokens = join(folder, 'tokens');
beforeAll(async () => {
  const random = new Random(1);
  const documents = Array.from({ length: 60 }, (_, i) => ({ id: `d${i}`, tokens: unitRows(random, 5 + (i % 7)) }));
  await writeTokens(tokens, documents, { type: 'f16' });
  // Each asks for rows of one document.
  const queries = documents
    .slice(0, 3)
    .map(({ id, tokens: { data, dim } }) => ({ id: `q-${id}`, tokens: { data: data.slice(0, 4 * dim), rows: 4, dim } }));
  await writeTokens(tokens, queries, { type: 'f16', as: 'query' });
  writeFileSync(join(tokens, 'ids.json'), JSON.stringify({ docs: documents.map(({ id }) => id), queries: queries.map(({ id }) => id) }));
});

describe('rank tokens', () => {
  it.each([
    ['auto', []],
    ['exact', ['--kind', 'exact', '--type', 'f32']],
    ['exact', ['--type', 'binary']],
    ['plaid', ['--kind', 'plaid', '--bits', '8']],
    ['warp', ['--kind', 'warp', '--bits', '8', '--threads', '2']],
    ['muvera', ['--kind', 'muvera', '--type', 'f16']],
  ])('indexes a folder and answers its queries: %s %j', async (kind, options) => {
    const path = join(folder, `${kind}-${options.length}`);
    const built = await rank('tokens', 'index', tokens, '--index', path, ...options, '--json');
    expect(built.err).toBe('');
    expect(built.json).toEqual({ documents: 60, tokens: 474, bytes: expect.any(Number), seconds: expect.any(Number), kind });
    const run = join(folder, 'a.run');
    const { json } = await rank('tokens', 'search', tokens, '--index', path, '--k', '5', '-o', run, '--json');
    expect(json).toEqual({
      queries: 3,
      hits: 15,
      milliseconds: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
    });
    const first = readFileSync(run, 'utf8')
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter(([, , , place]) => place === '1');
    expect(first.map(([query, , document]) => [query, document])).toEqual([
      ['q-d0', 'd0'],
      ['q-d1', 'd1'],
      ['q-d2', 'd2'],
    ]);
  });

  it('tells people what was built and why', async () => {
    const { out } = await rank('tokens', 'index', tokens, '--index', join(folder, 'people'));
    expect(out).toMatch(/60 documents, 474 tokens/);
    expect(out).toMatch(/exact over int8: It has 474 rows/);
  });

  it('refuses a folder without tokens, an index that is there, and options that do not fit', async () => {
    expect(await rank('tokens', 'index', folder, '--index', join(folder, 'x'))).toMatchObject({
      code: 3,
      err: expect.stringContaining('no token matrices'),
    });
    expect(await rank('tokens', 'index', tokens, '--index', join(folder, 'people'))).toMatchObject({
      code: 3,
      err: expect.stringContaining('people'),
    });
    expect(await rank('tokens', 'index', tokens, '--index', join(folder, 'y'), '--kind', 'plaid', '--type', 'f16')).toMatchObject({
      code: 2,
    });
    expect(await rank('tokens', 'index', tokens, '--index', join(folder, 'y'), '--bits', '3')).toMatchObject({ code: 2 });
    expect(await rank('tokens', 'index', tokens, '--index', join(folder, 'y'), '--kind', 'hnsw')).toMatchObject({ code: 2 });
    expect(await rank('tokens', 'search', tokens, '--index', join(folder, 'nowhere'), '-o', join(folder, 'z.run'))).toMatchObject({
      code: 3,
    });
  });
});
