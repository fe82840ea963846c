import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRankError, type RankError } from '@rank-rank/core';
import { afterAll, describe, expect, it } from 'vitest';
import { toFloat32 } from './dtype.ts';
import { fromFloat16, toFloat16 } from './float-formats.ts';
import { openSafetensors } from './safetensors.ts';
import { writeSafetensors } from './write-safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Part = { dtype: string; shape: number[]; bytes: Uint8Array };

function safetensors(parts: Record<string, Part>): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(parts)) {
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.length)] };
  }
  return assemble(JSON.stringify(header), ...Object.values(parts).map(({ bytes }) => bytes));
}

function assemble(header: string, ...data: Uint8Array[]): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), ...data]);
}

function place(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function refusal(work: Promise<unknown>): Promise<RankError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isRankError(error)) throw new Error(`expected a RankError, got ${String(error)}`);
  return error;
}

const raw = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const f32 = (...values: number[]): Part => ({ dtype: 'F32', shape: [values.length], bytes: raw(Float32Array.from(values)) });

describe('safetensors', () => {
  it('reads every dtype as float32', async () => {
    const path = place(
      'dtypes.safetensors',
      safetensors({
        f32: f32(1.5, -2),
        f64: { dtype: 'F64', shape: [2], bytes: raw(Float64Array.from([1.5, -2])) },
        f16: { dtype: 'F16', shape: [3], bytes: raw(Uint16Array.from([0x3e00, 0xc000, 0x0001])) },
        bf16: { dtype: 'BF16', shape: [2], bytes: raw(Uint16Array.from([0x3fc0, 0xc000])) },
        e4m3: { dtype: 'F8_E4M3', shape: [4], bytes: Uint8Array.from([0x3c, 0xc0, 0x01, 0x7e]) },
        e5m2: { dtype: 'F8_E5M2', shape: [4], bytes: Uint8Array.from([0x3e, 0xc0, 0x01, 0x7b]) },
        e4m3fnuz: { dtype: 'F8_E4M3FNUZ', shape: [2], bytes: Uint8Array.from([0x44, 0xc8]) },
        e5m2fnuz: { dtype: 'F8_E5M2FNUZ', shape: [2], bytes: Uint8Array.from([0x42, 0xc4]) },
        e8m0: { dtype: 'F8_E8M0', shape: [2], bytes: Uint8Array.from([127, 126]) },
        f4: { dtype: 'F4', shape: [4], bytes: Uint8Array.from([0xc3, 0x71]) },
        i8: { dtype: 'I8', shape: [2], bytes: raw(Int8Array.from([1, -2])) },
        u8: { dtype: 'U8', shape: [2], bytes: Uint8Array.from([1, 254]) },
        bool: { dtype: 'BOOL', shape: [2], bytes: Uint8Array.from([1, 0]) },
        i16: { dtype: 'I16', shape: [2], bytes: raw(Int16Array.from([1, -2])) },
        u16: { dtype: 'U16', shape: [2], bytes: raw(Uint16Array.from([1, 65535])) },
        i32: { dtype: 'I32', shape: [2], bytes: raw(Int32Array.from([1, -2])) },
        u32: { dtype: 'U32', shape: [2], bytes: raw(Uint32Array.from([1, 4294967295])) },
        i64: { dtype: 'I64', shape: [2], bytes: raw(BigInt64Array.from([1n, -2n])) },
        u64: { dtype: 'U64', shape: [1], bytes: raw(BigUint64Array.from([7n])) },
        empty: { dtype: 'F32', shape: [0, 4], bytes: new Uint8Array() },
        scalar: { dtype: 'F32', shape: [], bytes: raw(Float32Array.from([3])) },
      }),
    );
    const file = await openSafetensors(path);
    const values = async (name: string): Promise<number[]> => [...toFloat32(await file.read(name), name)];
    expect(await values('f32')).toEqual([1.5, -2]);
    expect(await values('f64')).toEqual([1.5, -2]);
    expect(await values('f16')).toEqual([1.5, -2, 2 ** -24]);
    expect(await values('bf16')).toEqual([1.5, -2]);
    expect(await values('e4m3')).toEqual([1.5, -2, 2 ** -9, 448]);
    expect(await values('e5m2')).toEqual([1.5, -2, 2 ** -16, 57344]);
    expect(await values('e4m3fnuz')).toEqual([1.5, -2]);
    expect(await values('e5m2fnuz')).toEqual([1.5, -2]);
    expect(await values('e8m0')).toEqual([1, 0.5]);
    expect(await values('f4')).toEqual([1.5, -2, 0.5, 6]);
    expect(await values('i8')).toEqual([1, -2]);
    expect(await values('u8')).toEqual([1, 254]);
    expect(await values('bool')).toEqual([1, 0]);
    expect(await values('i16')).toEqual([1, -2]);
    expect(await values('u16')).toEqual([1, 65535]);
    expect(await values('i32')).toEqual([1, -2]);
    expect(await values('u32')).toEqual([1, 4294967296]);
    expect(await values('i64')).toEqual([1, -2]);
    expect(await values('u64')).toEqual([7]);
    expect(await values('empty')).toEqual([]);
    expect(await values('scalar')).toEqual([3]);
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(file.tensors.get('empty')).toMatchObject({ dtype: 'F32', shape: [0, 4], byteLength: 0 });
    await file.close();
    expect((await refusal(file.read('f32'))).code).toBe('CLOSED');
  });

  it('knows the specials of each format', () => {
    const one = (dtype: 'F8_E4M3' | 'F8_E5M2' | 'F8_E4M3FNUZ' | 'F8_E8M0', code: number): number =>
      toFloat32({ dtype, shape: [1], bytes: Uint8Array.of(code) })[0]!;
    expect(one('F8_E4M3', 0x7f)).toBeNaN();
    expect(one('F8_E4M3', 0x7e)).toBe(448);
    expect(one('F8_E5M2', 0x7c)).toBe(Infinity);
    expect(one('F8_E5M2', 0x7d)).toBeNaN();
    expect(one('F8_E4M3FNUZ', 0x80)).toBeNaN();
    expect(one('F8_E8M0', 0xff)).toBeNaN();
  });

  it('rounds to float16 and back without loss for every float16', () => {
    const codes = Uint16Array.from({ length: 0x10000 }, (_, code) => code).filter((code) => (code & 0x7fff) <= 0x7c00);
    expect(toFloat16(fromFloat16(codes))).toEqual(codes);
    expect([...toFloat16(Float32Array.of(65519.9, 65520, -1e9, 2049, 2051, 2 ** -25, 2 ** -25 * 1.0001, Number.NaN))]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x6800, 0x6802, 0, 1, 0x7e00,
    ]);
  });

  it('names the nearest tensor when one is missing', async () => {
    const file = await openSafetensors(place('near.safetensors', safetensors({ 'layer.0.weight': f32(1) })));
    const error = await refusal(file.read('layer.0.weigth'));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.message).toContain('layer.0.weight');
    await file.close();
  });

  const one = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  const data = new Uint8Array(8);
  it.each([
    ['is empty', new Uint8Array(), '0 bytes'],
    ['ends within the length', Uint8Array.of(1, 2, 3), '3 bytes'],
    ['claims a header longer than the file', assemble(one).subarray(0, 20), 'claims'],
    ['claims a header past the limit', Buffer.from('ffffffffffffff7f', 'hex'), 'more than'],
    ['has no JSON', assemble('{"a":'), 'no JSON'],
    ['has bytes that are no UTF-8', assemble('four').fill(0xff, 8), 'no JSON'],
    ['has a list for a header', assemble('[1]'), 'not an object'],
    ['was cut short', assemble(one, data.subarray(0, 5)), 'cut short'],
    ['has more data than tensors', assemble(one, data, data), '8 bytes follow'],
    ['has an unknown dtype', assemble(one.replace('F32', 'F31'), data), '"F31"'],
    ['has a negative size', assemble(one.replace('[2]', '[-2]'), data), 'shape'],
    ['has offsets that do not fit the shape', assemble(one.replace('[2]', '[3]'), data), 'takes 12 bytes'],
    ['has offsets backwards', assemble(one.replace('[0,8]', '[8,0]'), data), 'offsets'],
    ['has a gap', assemble('{"a":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}', data.subarray(2)), 'belong to no tensor'],
    [
      'has overlapping tensors',
      assemble('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}', data),
      'inside',
    ],
    ['has a tensor that is null', assemble('{"a":null}'), 'dtype'],
    ['has a size no machine has', assemble(one.replace('[2]', '[9007199254740991,9007199254740991]'), data), 'takes'],
  ])('refuses a file that %s', async (_, bytes, reason) => {
    const path = place('bad.safetensors', bytes);
    const error = await refusal(openSafetensors(path));
    expect(error.code).toBe('CORRUPT');
    expect(error.message).toContain(path);
    expect(error.message).toContain(reason);
  });

  it('says that a missing file is missing', async () => {
    expect((await refusal(openSafetensors(join(folder, 'nowhere.safetensors')))).code).toBe('NOT_FOUND');
    expect((await refusal(openSafetensors(folder))).code).toBe('INVALID_ARGUMENT');
  });
});

describe('writing', () => {
  it('gives files that are read back, whether a tensor comes at once or in pieces', async () => {
    const path = join(folder, 'written.safetensors');
    const [a, b] = [Float32Array.from([1, 2, 3, 4, 5, 6]), Uint16Array.from([7, 8])];
    await writeSafetensors(
      path,
      {
        a: { dtype: 'F32', shape: [2, 3], bytes: [raw(a.subarray(0, 4)), raw(a.subarray(4))] },
        b: { dtype: 'U16', shape: [2], bytes: raw(b) },
      },
      { ids: '["x"]' },
    );
    const file = await openSafetensors(path);
    expect(file.metadata).toEqual({ ids: '["x"]' });
    expect(file.tensors.get('a')!.shape).toEqual([2, 3]);
    expect([...toFloat32(await file.read('a'))]).toEqual([...a]);
    expect([...toFloat32(await file.read('b'))]).toEqual([7, 8]);
    expect([...toFloat32(await file.readRows('a', 1, 1))]).toEqual([4, 5, 6]);
    expect((await refusal(file.readRows('a', 1, 2))).code).toBe('OUT_OF_RANGE');
    await file.close();
  });

  it('refuses bytes that do not fill the shape', async () => {
    const work = writeSafetensors(join(folder, 'short.safetensors'), { a: { dtype: 'F32', shape: [2], bytes: new Uint8Array(4) } });
    expect((await refusal(work)).code).toBe('DIMENSION_MISMATCH');
  });
});
