import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, type RankError, type TextRole } from '@rank-rank/core';
import { npyHeader, writeSafetensors } from '@rank-rank/storage/tensors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexDocument } from '../index/token-index.ts';
import { TokenStore } from '../store/token-store.ts';
import { randomTokens } from '../testing/tokens.ts';
import { openTokens } from './open-tokens.ts';
import { writeTokens } from './write-tokens.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const raw = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const documents = (seed: number, lengths: readonly number[], dim = 8): IndexDocument[] => {
  const random = new Random(seed);
  return lengths.map((rows, i) => ({ id: `d${i}`, tokens: randomTokens(random, rows, dim) }));
};

async function read(path: string, as: TextRole = 'document'): Promise<IndexDocument[]> {
  const list: IndexDocument[] = [];
  for await (const document of (await openTokens(path, { as })).documents()) list.push(document);
  return list;
}

function expectAlike(found: readonly IndexDocument[], expected: readonly IndexDocument[], digits = 6): void {
  expect(found.map(({ id, tokens }) => [id, tokens.rows, tokens.dim])).toEqual(
    expected.map(({ id, tokens }) => [id, tokens.rows, tokens.dim]),
  );
  found.forEach(({ tokens }, d) => {
    tokens.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[d]!.tokens.data[i]!, digits);
    });
  });
}

describe('token matrices are read back as they were written', () => {
  const list = documents(1, [3, 1, 4, 0, 5]);
  it.each([
    ['folder', 'folder', 'f32', 6],
    ['folder', 'folder', 'f16', 3],
    ['tokens.npy', 'npy', 'f32', 6],
    ['tokens.npy', 'npy', 'f16', 3],
    ['tokens.safetensors', 'safetensors', 'f32', 6],
    ['tokens.safetensors', 'safetensors', 'f16', 3],
    ['tokens.jsonl', 'jsonl', 'f32', 6],
    ['tokens.jsonl.gz', 'jsonl', 'f32', 6],
  ] as const)('%s (%s, %s)', async (name, format, type, digits) => {
    const path = join(folder, name);
    expect(await writeTokens(path, list, { type })).toEqual({ documents: 5, rows: 13, dim: 8 });
    const opened = await openTokens(path);
    expect([opened.format, opened.dim]).toEqual([format, 8]);
    if (format !== 'jsonl') expect([opened.count, opened.rows]).toEqual([5, 13]);
    expectAlike(await read(path), list, digits);
    expect(readdirSync(folder).filter((file) => file.endsWith('.rows'))).toEqual([]);
  });

  it('in more than a batch, and only the queries where they are asked for', async () => {
    const many = documents(
      2,
      Array.from({ length: 300 }, (_, i) => 100 + (i % 50)),
      4,
    );
    const path = join(folder, 'many');
    await writeTokens(path, many);
    await writeTokens(path, list.slice(0, 2), { as: 'query' });
    // The folder of the benchmarks has both ids in one file.
    writeFileSync(join(path, 'ids.json'), JSON.stringify({ docs: many.map(({ id }) => id), queries: ['q1', 'q2'] }));
    expectAlike(await read(path), many);
    expect((await read(path, 'query')).map(({ id }) => id)).toEqual(['q1', 'q2']);
  });
});

describe('what others write', () => {
  it('one array a document is named by its file', async () => {
    const [a, b] = [Float32Array.from([1, 0, 0, 1]), Float32Array.from([1, 1])];
    writeFileSync(join(folder, 'b.npy'), Buffer.concat([npyHeader('F32', [1, 2]), raw(b)]));
    writeFileSync(join(folder, 'a.npy'), Buffer.concat([npyHeader('F32', [2, 2]), raw(a)]));
    expect((await read(folder)).map(({ id, tokens }) => [id, tokens.rows, ...tokens.data])).toEqual([
      ['a', 2, 1, 0, 0, 1],
      ['b', 1, 1, 1],
    ]);
    expect((await read(join(folder, 'a.npy')))[0]!.id).toBe('a');
  });

  it('an array of documents × rows × dimensions is numbered', async () => {
    const path = join(folder, 'x.npy');
    writeFileSync(path, Buffer.concat([npyHeader('F32', [2, 2, 1]), raw(Float32Array.from([1, 2, 3, 4]))]));
    expect((await read(path)).map(({ id, tokens }) => [id, ...tokens.data])).toEqual([
      ['0', 1, 2],
      ['1', 3, 4],
    ]);
  });

  it('a tensor a document is named by the tensor', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, {
      first: { dtype: 'F32', shape: [2, 1], bytes: raw(Float32Array.from([1, 2])) },
      second: { dtype: 'F16', shape: [1, 1], bytes: raw(Uint16Array.from([0x3e00])) },
    });
    expect((await read(path)).map(({ id, tokens }) => [id, ...tokens.data])).toEqual([
      ['first', 1, 2],
      ['second', 1.5],
    ]);
  });

  it('a line may bring text and metadata, and no rows', async () => {
    const path = join(folder, 'x.jsonl');
    writeFileSync(path, '{"id":"e","tokens":[]}\n\n{"id":"a","tokens":[[1,2]],"text":"words","metadata":{"n":1}}\n');
    expect((await openTokens(path)).dim).toBe(2);
    expect((await read(path)).map(({ id, tokens, text, metadata }) => [id, tokens.rows, tokens.dim, text, metadata])).toEqual([
      ['e', 0, 2, undefined, undefined],
      ['a', 1, 2, 'words', { n: 1 }],
    ]);
  });
});

describe('refuses', () => {
  const place = (files: Record<string, Uint8Array | string>): string => {
    const path = join(folder, 'bad');
    mkdirSync(path);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
    return path;
  };
  const rows = raw(new Float32Array(6));
  const offsets = raw(Uint32Array.of(0, 1, 3));
  it.each([
    ['a folder without tokens', { 'a.txt': '' }, 'NOT_FOUND'],
    ['rows without offsets', { 'docs.f32': rows }, 'NOT_FOUND'],
    ['rows that no dimension fits', { 'docs.f32': rows, 'docs.offsets.u32': raw(Uint32Array.of(0, 4)) }, 'CORRUPT'],
    ['offsets that go back', { 'docs.f32': rows, 'docs.offsets.u32': raw(Uint32Array.of(0, 4, 3)) }, 'CORRUPT'],
    ['offsets that end within a number', { 'docs.f32': rows, 'docs.offsets.u32': new Uint8Array(5) }, 'CORRUPT'],
    ['ids for other documents', { 'docs.f32': rows, 'docs.offsets.u32': offsets, 'ids.json': '["a"]' }, 'DIMENSION_MISMATCH'],
    ['ids that are none', { 'docs.f32': rows, 'docs.offsets.u32': offsets, 'ids.json': '["a",3]' }, 'PARSE'],
    ['ids of queries alone', { 'docs.f32': rows, 'docs.offsets.u32': offsets, 'ids.json': '{"queries":[]}' }, 'PARSE'],
    [
      'arrays of other dimensions',
      {
        'a.npy': Buffer.concat([npyHeader('F32', [1, 2]), rows.subarray(0, 8)]),
        'b.npy': Buffer.concat([npyHeader('F32', [1, 1]), rows.subarray(0, 4)]),
      },
      'DIMENSION_MISMATCH',
    ],
    ['an array of one dimension', { 'docs.npy': Buffer.concat([npyHeader('F32', [6]), rows]) }, 'PARSE'],
    ['lines with uneven rows', { 'docs.jsonl': '{"id":"a","tokens":[[1,2],[1]]}' }, 'PARSE'],
    ['lines without tokens', { 'docs.jsonl': '{"id":"a"}' }, 'PARSE'],
    ['lines with words for numbers', { 'docs.jsonl': '{"id":"a","tokens":[["x"]]}' }, 'PARSE'],
    ['lines without a row', { 'docs.jsonl': '{"id":"a","tokens":[]}' }, 'EMPTY_INPUT'],
  ])('%s', async (_, files, expected) => {
    const path = place(files);
    await expect(read(path)).rejects.toThrow(code(expected));
    await expect(read(path)).rejects.toThrow(path);
  });

  it('what is not there, names without a format, and options nobody knows', async () => {
    await expect(openTokens(join(folder, 'nowhere'))).rejects.toThrow(code('NOT_FOUND'));
    writeFileSync(join(folder, 'x.bin'), '');
    await expect(openTokens(join(folder, 'x.bin'))).rejects.toThrow(code('INVALID_ARGUMENT'));
    await expect(openTokens(folder, { kind: 'query' } as never)).rejects.toThrow(code('UNKNOWN_OPTION'));
    await expect(writeTokens(join(folder, 'none'), [])).rejects.toThrow(code('EMPTY_INPUT'));
    await expect(writeTokens(join(folder, 'mixed'), [...documents(1, [1], 4), ...documents(1, [1], 5)])).rejects.toThrow(
      code('DIMENSION_MISMATCH'),
    );
  });
});

it('a store is exported document by document, those that pass a filter, without the deleted', async () => {
  const store = await TokenStore.create({ dim: 8, type: 'f32' });
  const list = documents(3, [3, 4, 5, 6]).map((document, n) => ({ ...document, metadata: { n } }));
  await store.add(list);
  await store.commit();
  await store.remove('d1');
  await store.commit();
  const path = join(folder, 'store.jsonl');
  expect(await writeTokens(path, store.documents())).toEqual({ documents: 3, rows: 14, dim: 8 });
  expectAlike(await read(path), [list[0]!, list[2]!, list[3]!]);
  expect([...store.documents({ field: 'n', gt: 2 })].map(({ id, metadata }) => [id, metadata])).toEqual([['d3', { n: 3 }]]);
  await store.close();
});
