import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRankError, type RankError } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { toFloat32 } from './dtype.ts';
import { openTorchCheckpoint } from './torch-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A ZIP archive of stored members, as PyTorch writes it. */
function zip(members: Record<string, Uint8Array>, method = 0): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let position = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(bytes.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(position, 42);
    local.push(header, Buffer.from(name), Buffer.from(bytes));
    central.push(entry, Buffer.from(name));
    position += 30 + name.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...local, directory, end]);
}

const unicode = (text: string): number[] => [0x58, text.length, 0, 0, 0, ...Buffer.from(text)];
const global = (module: string, name: string): number[] => [0x63, ...Buffer.from(`${module}\n${name}\n`)];
const numbers = (...values: number[]): number[] => [0x28, ...values.flatMap((value) => [0x4b, value]), 0x74];
const storage = (key: string, type = 'FloatStorage'): number[] => [
  ...[0x28, ...unicode('storage'), ...global('torch', type), ...unicode(key), ...unicode('cpu'), 0x4b, 6, 0x74, 0x51],
];

/** A pickle of `{ weight: tensor }` over storage 0. */
function pickle({ offset = 0, shape = [2, 3], strides = [3, 1], key = '0', type = 'FloatStorage' } = {}): Uint8Array {
  const tensor = [
    ...global('torch._utils', '_rebuild_tensor_v2'),
    0x28,
    ...storage(key, type),
    ...[0x4b, offset],
    ...numbers(...shape),
    ...numbers(...strides),
    ...[0x89, ...global('collections', 'OrderedDict'), 0x29, 0x52, 0x74, 0x52],
  ];
  return Uint8Array.from([0x80, 2, 0x7d, 0x28, ...unicode('weight'), ...tensor, 0x75, 0x2e]);
}

const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
const archive = (pkl: Uint8Array): Buffer => zip({ 'model/data.pkl': pkl, 'model/data/0': data });

function place(bytes: Uint8Array): string {
  const path = join(folder, 'model.bin');
  writeFileSync(path, bytes);
  return path;
}

async function refusal(bytes: Uint8Array): Promise<RankError> {
  const path = place(bytes);
  const error = await openTorchCheckpoint(path).catch((caught: unknown) => caught);
  if (!isRankError(error)) throw new Error(`expected a RankError, got ${String(error)}`);
  expect(error.message).toContain(path);
  return error;
}

describe('a PyTorch checkpoint', () => {
  it('is read as its tensors, transposed views gathered', async () => {
    const plain = await openTorchCheckpoint(place(archive(pickle())));
    expect([...toFloat32(await plain.read('weight'))]).toEqual([1, 2, 3, 4, 5, 6]);
    await plain.close();
    const transposed = await openTorchCheckpoint(place(archive(pickle({ shape: [3, 2], strides: [1, 3] }))));
    expect([...toFloat32(await transposed.read('weight'))]).toEqual([1, 4, 2, 5, 3, 6]);
    await transposed.close();
    const tail = await openTorchCheckpoint(place(archive(pickle({ offset: 4, shape: [2], strides: [1] }))));
    expect([...toFloat32(await tail.read('weight'))]).toEqual([5, 6]);
    await tail.close();
  });

  it('executes nothing: any name but those of tensors is refused', async () => {
    const evil = Uint8Array.from([0x80, 2, ...global('os', 'system'), ...unicode('true'), 0x85, 0x52, 0x2e]);
    const error = await refusal(archive(evil));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('os.system');
    const instance = Uint8Array.from([0x80, 2, 0x28, 0x69, ...Buffer.from('os\nsystem\n'), 0x2e]);
    expect((await refusal(archive(instance))).code).toBe('UNSUPPORTED');
  });

  it.each([
    ['is no archive', Buffer.from('not a zip at all'), 'CORRUPT'],
    ['is of the old format', Uint8Array.of(0x80, 2, 0x8a, 10), 'CORRUPT'],
    ['is empty', new Uint8Array(), 'CORRUPT'],
    ['was cut short', archive(pickle()).subarray(0, 200), 'CORRUPT'],
    ['has no pickle', zip({ 'model/data/0': data }), 'CORRUPT'],
    ['is compressed', zip({ 'model/data.pkl': pickle() }, 8), 'UNSUPPORTED'],
    ['lacks a storage', archive(pickle({ key: '7' })), 'CORRUPT'],
    ['has a storage of another kind', archive(pickle({ type: 'ComplexFloatStorage' })), 'UNSUPPORTED'],
    ['reaches past its storage', archive(pickle({ offset: 1 })), 'CORRUPT'],
    ['repeats an element without end', archive(pickle({ shape: [200, 200], strides: [0, 0] })), 'CORRUPT'],
    ['has a pickle that ends early', archive(pickle().subarray(0, 40)), 'CORRUPT'],
    ['has a pickle without operands', archive(Uint8Array.of(0x80, 2, 0x52, 0x2e)), 'CORRUPT'],
    ['is big-endian', zip({ 'model/data.pkl': pickle(), 'model/data/0': data, 'model/byteorder': Buffer.from('big') }), 'UNSUPPORTED'],
  ])('that %s is refused', async (_, bytes, code) => {
    expect((await refusal(bytes)).code).toBe(code);
  });

  it('that has any one byte changed is read or refused, never a crash', async () => {
    const whole = archive(pickle());
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ 0x2a;
      const opened = await openTorchCheckpoint(place(damaged)).catch((caught: unknown) => caught);
      if (isRankError(opened)) continue;
      expect(opened).toHaveProperty('tensors');
      const file = opened as Awaited<ReturnType<typeof openTorchCheckpoint>>;
      for (const name of file.tensors.keys()) await file.read(name);
      await file.close();
    }
  });
});

describeWithData('BGE-M3 heads', 'models/tiny/bge-m3', (model) => {
  it('are read as published', async () => {
    const file = await openTorchCheckpoint(join(model, 'colbert_linear.pt'));
    expect([...file.tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['weight', 'F32', [32, 32]],
      ['bias', 'F32', [32]],
    ]);
    // The storage lies in the archive as it is.
    const bias = Buffer.from((await file.read('bias')).bytes);
    expect(readFileSync(join(model, 'colbert_linear.pt')).includes(bias)).toBe(true);
    await file.close();
  });
});

describeWithData('a tensor alone and a tuple of them', 'late-interaction/colbertv2-miyazaki-tiffany', (data) => {
  it('are named by nothing and by their positions', async () => {
    const centroids = await openTorchCheckpoint(join(data, 'index/centroids.pt'));
    expect([...centroids.tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([['', 'F16', [1024, 128]]]);
    await centroids.close();
    const buckets = await openTorchCheckpoint(join(data, 'index/buckets.pt'));
    expect([...buckets.tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['0', 'F32', [255]],
      ['1', 'F32', [256]],
    ]);
    const cutoffs = toFloat32(await buckets.read('0'));
    expect(cutoffs.every((value, i) => i === 0 || value >= cutoffs[i - 1]!)).toBe(true);
    await buckets.close();
  });
});
