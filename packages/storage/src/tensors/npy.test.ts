import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankError } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { afterAll, expect, it } from 'vitest';
import { toFloat32 } from './dtype.ts';
import { npyHeader, openNpy } from './npy.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-npy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

function place(name: string, ...parts: Uint8Array[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

const raw = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

it('reads rows of an array of any rank, where they lie', async () => {
  const path = place('a.npy', npyHeader('F32', [3, 1, 2]), raw(Float32Array.from([1, 2, 3, 4, 5, 6])));
  const file = await openNpy(path);
  expect([file.dtype, file.shape]).toEqual(['F32', [3, 1, 2]]);
  expect([...toFloat32(await file.read(1, 1))]).toEqual([3, 4]);
  expect((await file.read(1)).shape).toEqual([2, 1, 2]);
  expect([...toFloat32(await file.read())]).toEqual([1, 2, 3, 4, 5, 6]);
  await file.close();
  await expect(file.read()).rejects.toThrow(code('CLOSED'));
});

it('reads half floats, wide integers, single numbers and one dimension', async () => {
  const read = async (path: string): Promise<number[]> => {
    const file = await openNpy(path);
    const values = [...toFloat32(await file.read())];
    await file.close();
    return values;
  };
  expect(await read(place('h.npy', npyHeader('F16', [2]), raw(Uint16Array.from([0x3e00, 0xc000]))))).toEqual([1.5, -2]);
  expect(await read(place('l.npy', npyHeader('I64', [2]), raw(BigInt64Array.from([7n, -1n]))))).toEqual([7, -1]);
  expect(await read(place('s.npy', npyHeader('F64', []), raw(Float64Array.from([2.5]))))).toEqual([2.5]);
  expect(await read(place('0.npy', npyHeader('F32', [0, 4])))).toEqual([]);
});

it.each([
  ['is short', [npyHeader('F32', [3]), new Uint8Array(8)], 'CORRUPT'],
  ['is long', [npyHeader('F32', [3]), new Uint8Array(16)], 'CORRUPT'],
  ['begins otherwise', [new Uint8Array(20)], 'PARSE'],
  ['ends in its header', [npyHeader('F32', [3]).subarray(0, 40)], 'PARSE'],
  [
    'holds objects',
    [
      Buffer.from(
        Buffer.from(npyHeader('F32', [3]))
          .toString('latin1')
          .replace('<f4', '|O '),
        'latin1',
      ),
    ],
    'PARSE',
  ],
  ['is empty', [], 'PARSE'],
])('refuses a file that %s', async (_, parts, expected) => {
  const path = place('bad.npy', ...parts);
  await expect(openNpy(path)).rejects.toThrow(code(expected));
  await expect(openNpy(path)).rejects.toThrow(path);
});

describeWithData('a file that NumPy wrote', 'late-interaction/colbertv2-miyazaki-tiffany', (data) => {
  it('has the shape and unit rows', async () => {
    const file = await openNpy(join(data, 'token_embeddings.f16.npy'));
    expect([file.dtype, file.shape]).toEqual(['F16', [10_366, 128]]);
    const row = toFloat32(await file.read(5, 1));
    expect(Math.hypot(...row)).toBeCloseTo(1, 2);
    await file.close();
  });
});
