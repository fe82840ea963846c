import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankError } from '@rank-rank/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIntegers, readVectors, type VectorBatch, type VectorFormat, writeVectors } from './vector-files.ts';

/** Written by numpy.save 2.x of arrays of each type; see the names. */
const recorded = JSON.parse(readFileSync(new URL('./npy-recorded.json', import.meta.url), 'utf8')) as Record<
  string,
  { bytes: string; rows?: number[][] }
>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-vectors-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowsOf = async (batches: AsyncIterable<VectorBatch>): Promise<number[][]> => {
  const all: number[][] = [];
  for await (const { vectors } of batches)
    for (let i = 0; i < vectors.rows; i++) all.push([...vectors.data.subarray(i * vectors.dim, (i + 1) * vectors.dim)]);
  return all;
};
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const file = (name: string, bytes: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const failing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as RankError;

describe('vector files', () => {
  const rows = Array.from({ length: 10 }, (_, i) => Array.from({ length: 7 }, (_, j) => (i * 7 + j) % 256));
  const batch: VectorBatch = { vectors: { data: Float32Array.from(rows.flat()), rows: 10, dim: 7 } };

  it.each<VectorFormat>(['fvecs', 'bvecs', 'ivecs', 'npy', 'jsonl'])('come back as they were written, in batches: .%s', async (format) => {
    const path = join(folder, `all.${format}`);
    expect(await writeVectors(path, [batch, batch])).toBe(20);
    expect(await rowsOf(readVectors(path, { batch: 3 }))).toEqual([...rows, ...rows]);
    const sizes: number[] = [];
    for await (const { vectors } of readVectors(path, { batch: 8 })) sizes.push(vectors.rows);
    expect(sizes).toEqual([8, 8, 4]);
  });

  it('have the layout that the TEXMEX page gives', async () => {
    const path = join(folder, 'two.fvecs');
    await writeVectors(path, [{ vectors: { data: Float32Array.of(1, 2, 3, 4), rows: 2, dim: 2 } }]);
    expect([...new Int32Array(Uint8Array.from(readFileSync(path)).buffer)]).toEqual([2, 0x3f800000, 0x40000000, 2, 0x40400000, 0x40800000]);
  });

  it.each(Object.entries(recorded).filter(([, { rows: known }]) => known))(
    'of NumPy are read: %s',
    async (name, { bytes, rows: known }) => {
      const path = file('a.npy', Buffer.from(bytes, 'base64'));
      expect(await rowsOf(readVectors(path, { batch: 1 }))).toEqual(known);
      if (/[iu]/.test(name) && !name.includes(' ')) {
        for await (const { data } of readIntegers(path)) expect([...data]).toEqual(known!.flat());
      }
    },
  );

  it('of NumPy with one dimension are one row, and with no rows are none', async () => {
    expect(await rowsOf(readVectors(file('one.npy', Buffer.from(recorded['one']!.bytes, 'base64'))))).toEqual([[0, 1, 2, 3]]);
    expect(await rowsOf(readVectors(file('none.npy', Buffer.from(recorded['empty']!.bytes, 'base64'))))).toEqual([]);
    expect(await rowsOf(readVectors(file('none.fvecs', '')))).toEqual([]);
  });

  it('are written so that the header of .npy is NumPy 1.0’s', async () => {
    const path = join(folder, 'header.npy');
    await writeVectors(path, [batch]);
    const text = readFileSync(path).subarray(10, 128).toString('latin1');
    expect(text.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (10, 7), }");
    expect(text.endsWith('\n')).toBe(true);
  });

  it('in JSONL carry ids and metadata; "embedding" is read too', async () => {
    const path = file('a.jsonl', '{"id":"x","vector":[1,2],"metadata":{"a":1}}\r\n\n{"id":"y","embedding":[3,4]}');
    const [first] = await collect(readVectors(path));
    expect(first).toEqual({
      ids: ['x', 'y'],
      metadata: [{ a: 1 }, undefined],
      vectors: { data: Float32Array.of(1, 2, 3, 4), rows: 2, dim: 2 },
    });
  });

  it.each([
    ['cut.fvecs', Buffer.from(new Int32Array([2, 1, 1, 2, 1]).buffer), /no whole number of rows/],
    ['zero.fvecs', Buffer.alloc(8), /0 dimensions/],
    ['uneven.ivecs', Buffer.from(new Int32Array([1, 5, 2, 5]).buffer), /row 1 has 2 dimensions; expected 1/],
    ['text.npy', Buffer.from('hello, this is text'), /does not begin as an \.npy/],
    ['short.npy', Buffer.from('\x93NUMPY', 'latin1'), /does not begin/],
    ['fortran.npy', Buffer.from(recorded['fortran']!.bytes, 'base64'), /Fortran order/],
    ['cube.npy', Buffer.from(recorded['cube']!.bytes, 'base64'), /shape/],
    ['big.npy', Buffer.from(recorded['big']!.bytes, 'base64'), /type >f4/],
    ['bad.jsonl', '{"id":"x","vector":[1]}\n{', /bad\.jsonl:2 is no JSON/],
    ['uneven.jsonl', '{"id":"x","vector":[1]}\n{"id":"y","vector":[1,2]}', /:2 has 2 dimensions; expected 1/],
    ['nan.jsonl', '{"id":"x","vector":[null]}', /:1 has an array of 1 as "vector"/],
    ['noid.jsonl', '{"vector":[1]}', /:1 has the id undefined/],
  ])('that are damaged are refused, by name: %s', async (name, bytes, message) => {
    await expect(rowsOf(readVectors(file(name, bytes)))).rejects.toThrow(failing('PARSE', message));
  });

  it('of NumPy that were cut short are refused, with what they should hold', async () => {
    const cut = file('cut.npy', Buffer.from(recorded['<f4']!.bytes, 'base64').subarray(0, 140));
    await expect(rowsOf(readVectors(cut))).rejects.toThrow(failing('CORRUPT', /its header says F32 \[2, 3\]/));
  });

  it('refuse numbers that the format cannot hold, unknown formats and missing files', async () => {
    const half = { vectors: { data: Float32Array.of(0.5), rows: 1, dim: 1 } };
    await expect(writeVectors(join(folder, 'x.bvecs'), [half])).rejects.toThrow(failing('OUT_OF_RANGE', /holds 0.5/));
    await expect(writeVectors(join(folder, 'x.fvecs'), [batch, half])).rejects.toThrow(failing('DIMENSION_MISMATCH', /expected rows of 7/));
    await expect(rowsOf(readVectors(join(folder, 'x.txt')))).rejects.toThrow(failing('INVALID_ARGUMENT', /says no format/));
    await expect(rowsOf(readVectors(join(folder, 'absent.npy')))).rejects.toThrow(failing('NOT_FOUND', /absent/));
    await expect(rowsOf(readVectors(join(folder, 'absent.jsonl')))).rejects.toThrow(failing('NOT_FOUND', /absent/));
    await expect(rowsOf(readVectors(folder, { format: 'npy' }))).rejects.toThrow(failing('INVALID_ARGUMENT', /not a file/));
    await expect(rowsOf(readVectors('x.npy', { bach: 1 } as never))).rejects.toThrow(failing('UNKNOWN_OPTION', /batch/));
  });
});
