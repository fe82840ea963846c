import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankError } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Scope, Store } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = { kind: 'test', write: true } as const;
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

async function put(scope: Scope, values: number[]): Promise<string> {
  const writer = await scope.create('numbers', 'numbers', 1);
  await writer.write('values', new Float32Array(values));
  await writer.writeJson('about', { count: values.length });
  await writer.finish();
  return writer.name;
}

async function get(scope: Scope): Promise<number[]> {
  return [...(await scope.open(scope.files()[0]!, 'numbers', 1)).f32('values')];
}

describe('a store', () => {
  it('shows what was committed, to readers that are open only when they ask', async () => {
    const store = await Store.open(folder, options);
    const scope = store.scope('a');
    scope.stage({ n: 1 }, [await put(scope, [1, 2])]);
    await store.commit();

    const reader = await Store.open(folder, { kind: 'test' });
    const seen = await reader.scope('a').open(reader.scope('a').files()[0]!, 'numbers', 1);
    scope.stage({ n: 2 }, [await put(scope, [3])]);
    await store.commit();
    expect(reader.scope('a').state()).toEqual({ n: 1 });
    expect([...seen.f32('values')]).toEqual([1, 2]);
    expect(await reader.refresh()).toBe(true);
    expect(reader.scope('a').state()).toEqual({ n: 2 });
    expect(await get(reader.scope('a'))).toEqual([3]);
    expect(seen.json('about')).toEqual({ count: 2 });
    await store.close();
  });

  it('commits all staged scopes together, keeps the others, and drops what is unstaged', async () => {
    const store = await Store.open(folder, options);
    for (const name of ['a', 'b', 'c']) store.scope(name).stage(name, [await put(store.scope(name), [1])]);
    await store.commit();
    store.scope('a').unstage();
    store.scope('b').stage('changed', store.scope('b').files());
    await store.commit();
    expect(store.scopes).toEqual(['b', 'c']);
    expect([store.scope('b').state(), store.scope('c').state(), store.generation]).toEqual(['changed', 'c', 2]);
    await store.close();
  });

  it('removes files that no commit names, and those of the commit before last', async () => {
    const store = await Store.open(folder, options);
    const scope = store.scope('a');
    for (let n = 0; n < 4; n++) {
      scope.stage(n, [await put(scope, [n])]);
      await store.commit();
    }
    await put(scope, [99]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.rank'))).toHaveLength(3);
    await store.close();
    expect(readdirSync(folder).filter((name) => name.endsWith('.rank')).length).toBeLessThanOrEqual(2);
    const again = await Store.open(folder, options);
    expect(await get(again.scope('a'))).toEqual([3]);
    await again.close();
  });

  it('rolls back to the last commit', async () => {
    const store = await Store.open(folder, options);
    const scope = store.scope('a');
    scope.stage(1, [await put(scope, [1])]);
    await store.commit();
    scope.stage(2, [await put(scope, [2])]);
    await store.rollback();
    await store.commit();
    expect([scope.state(), store.generation]).toEqual([1, 1]);
    await store.close();
  });

  it('has one writer at a time, says who it is, and any number of readers', async () => {
    const store = await Store.open(folder, options);
    store.scope('a').stage(1, []);
    await store.commit();
    await expect(Store.open(folder, options)).rejects.toThrow(/this process already.*one writer/);
    await expect(Store.open(folder, { kind: 'test' })).resolves.toBeDefined();
    await store.close();
    await (await Store.open(folder, options)).close();
  });

  it('takes over the lock of a process that is dead, but not of one on another machine', async () => {
    writeFileSync(
      join(folder, 'LOCK'),
      JSON.stringify({ pid: 2 ** 22 + 1, host: (await import('node:os')).hostname(), since: '2020', token: 'x' }),
    );
    await (await Store.open(folder, options)).close();
    writeFileSync(join(folder, 'LOCK'), JSON.stringify({ pid: 1, host: 'elsewhere.example', since: '2020', token: 'x' }));
    await expect(Store.open(folder, options)).rejects.toThrow(/process 1 on elsewhere.example.*remove/);
  });

  it.each([
    ['a folder that is not there', () => Store.open(join(folder, 'none'), { kind: 'test' }), 'NOT_FOUND'],
    ['a file instead of a folder', () => Store.open(join(folder, 'thesis.doc'), options), 'IO'],
    ['a folder with other files', () => Store.open(folder, options), 'INVALID_ARGUMENT'],
    ['an option nobody knows', () => Store.open(folder, { kind: 'test', wirte: true } as never), 'UNKNOWN_OPTION'],
  ])('refuses %s', async (_, work, expected) => {
    writeFileSync(join(folder, 'thesis.doc'), 'mine');
    await expect(work()).rejects.toThrow(code(expected));
  });

  it('refuses a folder of another kind, writing to a reader, and use after closing', async () => {
    const store = await Store.open(folder, options);
    store.scope('a').stage(1, []);
    await store.commit();
    await store.close();
    await expect(Store.open(folder, { kind: 'other' })).rejects.toThrow(/holds a test; expected a other/);
    const reader = await Store.open(folder, { kind: 'test' });
    expect(() => reader.scope('a').stage(1, [])).toThrow(code('INVALID_ARGUMENT'));
    await reader.close();
    await expect(reader.refresh()).rejects.toThrow(code('CLOSED'));
    await expect(store.commit()).rejects.toThrow(code('CLOSED'));
  });
});

describe('a section file', () => {
  it('gives back arrays of every type, aligned, and chunks as one', async () => {
    const store = await Store.open(folder, options);
    const writer = await store.scope('a').create('all', 'all', 3);
    const arrays = {
      u8: Uint8Array,
      i8: Int8Array,
      u16: Uint16Array,
      i16: Int16Array,
      u32: Uint32Array,
      i32: Int32Array,
      f32: Float32Array,
      f64: Float64Array,
    } as const;
    for (const [type, Kind] of Object.entries(arrays)) await writer.write(type, new Kind([1, 2, 3]));
    await writer.write('u64', new BigUint64Array([2n ** 60n]));
    await writer.write(
      'large',
      (function* () {
        for (let i = 0; i < 5; i++) yield new Uint32Array(300_000).fill(i);
      })(),
    );
    await writer.write('none', [], 'f32');
    await writer.writeText('text', 'ö\u{1F600}');
    await writer.finish();
    const file = await store.scope('a').open(writer.name, 'all', 3);
    for (const type of Object.keys(arrays) as (keyof typeof arrays)[]) expect([...file[type](type)]).toEqual([1, 2, 3]);
    expect(file.u64('u64')[0]).toBe(2n ** 60n);
    expect(file.text('text')).toBe('ö\u{1F600}');
    expect([file.f32('none').length, file.u32('large').length, file.u32('large')[1_499_999]]).toEqual([0, 1_500_000, 4]);
    expect(() => file.f32('u8')).toThrow(/holds u8; expected f32/);
    expect(() => file.f32('nothing')).toThrow(/no section "nothing"/);
    await store.close();
  });

  it('of a newer version or another kind is refused by name', async () => {
    const store = await Store.open(folder, options);
    const name = await put(store.scope('a'), [1]);
    await expect(store.scope('a').open(name, 'numbers', 0)).rejects.toThrow(code('UNSUPPORTED_VERSION'));
    await expect(store.scope('a').open(name, 'letters', 1)).rejects.toThrow(/holds "numbers"; expected "letters"/);
    await store.close();
  });

  it('is refused, by name, with any byte flipped and with any end cut off', async () => {
    const store = await Store.open(folder, options);
    const scope = store.scope('a');
    const name = await put(scope, [1, 2, 3, 4, 5]);
    const path = join(folder, name);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 1 << (at % 8);
      writeFileSync(path, altered);
      const read = async () => (await scope.open(name, 'numbers', 1)).f32('values');
      // Zeros between sections carry nothing; everything else is covered by a checksum.
      const outcome = await read().then(
        (values) => [...values],
        (error: RankError) => error.message,
      );
      if (typeof outcome === 'string') expect(outcome).toContain(name);
      else expect(outcome).toEqual([1, 2, 3, 4, 5]);
    }
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(scope.open(name, 'numbers', 1)).rejects.toThrow(code('CORRUPT'));
    }
    await store.close();
  });

  it('is verified with the whole store, and a damaged one is reported', async () => {
    const store = await Store.open(folder, options);
    const scope = store.scope('a');
    const names = [await put(scope, [1]), await put(scope, [2])];
    scope.stage(1, names);
    await store.commit();
    expect((await store.verify()).damaged).toEqual([]);
    const path = join(folder, names[1]!);
    const bytes = readFileSync(path);
    bytes[64]! ^= 1;
    writeFileSync(path, bytes);
    const { files, damaged } = await store.verify();
    expect([files, damaged.length]).toEqual([2, 1]);
    expect(damaged[0]!.message).toContain(names[1]);
    await store.close();
  });
});

it('refuses a manifest with any byte flipped or any end cut off', async () => {
  const store = await Store.open(folder, options);
  store.scope('a').stage({ text: 'ä' }, []);
  await store.commit();
  await store.close();
  const path = join(folder, 'MANIFEST');
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    const altered = Buffer.from(whole);
    altered[at]! ^= 1;
    for (const bytes of [altered, whole.subarray(0, at)]) {
      writeFileSync(path, bytes);
      await expect(Store.open(folder, { kind: 'test' })).rejects.toThrow(/MANIFEST/);
    }
  }
});
