import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRankError, type RankError } from '@rank-rank/core';
import { type TensorToWrite, toFloat32, writeSafetensors } from '@rank-rank/storage/tensors';
import { afterAll, describe, expect, it } from 'vitest';
import { openWeights } from './weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-weights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(work: Promise<unknown>): Promise<RankError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isRankError(error)) throw new Error(`expected a RankError, got ${String(error)}`);
  return error;
}

const f32 = (...values: number[]): TensorToWrite => ({
  dtype: 'F32',
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

it('says that a folder without weights has none', async () => {
  expect((await refusal(openWeights(folder))).message).toContain('model.safetensors');
});

describe('shards', () => {
  const index = (map: unknown): void => writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));

  it('are read as one', async () => {
    await writeSafetensors(join(folder, 'part-1.safetensors'), { a: f32(1, 2), unused: f32(9) });
    await writeSafetensors(join(folder, 'part-2.safetensors'), { b: f32(3) });
    index({ a: 'part-1.safetensors', b: 'part-2.safetensors' });
    const weights = await openWeights(folder);
    expect([...weights.tensors.keys()]).toEqual(['a', 'b']);
    expect([...toFloat32(await weights.read('b'))]).toEqual([3]);
    expect(weights.files).toHaveLength(3);
    expect((await refusal(Promise.resolve().then(() => weights.read('c')))).code).toBe('NOT_FOUND');
    await weights.close();
  });

  it.each([
    ['a tensor the shard lacks', { z: 'part-1.safetensors' }, 'CORRUPT', 'different versions'],
    ['a shard that is missing', { a: 'part-9.safetensors' }, 'NOT_FOUND', 'part-9'],
    ['a shard outside the folder', { a: '../secret.safetensors' }, 'CORRUPT', 'same folder'],
    ['no map', undefined, 'CORRUPT', 'weight_map'],
  ])('refuse an index that names %s', async (_, map, code, reason) => {
    index(map);
    const error = await refusal(openWeights(folder));
    expect(error.code).toBe(code);
    expect(error.message).toContain(reason);
  });
});
