import { expect, it } from 'vitest';
import { memoryFileSystem } from './memory-file-system.ts';
import { Store } from './store.ts';

it('holds a store in memory: commits, replaced files, a second look', async () => {
  const fileSystem = memoryFileSystem();
  const store = await Store.open('somewhere', { kind: 'test', write: true, fileSystem });
  const scope = store.scope('a');
  for (let n = 1; n <= 3; n++) {
    const writer = await scope.create('x', 'numbers', 1);
    await writer.write('values', new Uint32Array(600_000).fill(n));
    await writer.finish();
    scope.stage(n, [writer.name]);
    await store.commit();
  }
  const reader = await Store.open('somewhere', { kind: 'test', fileSystem });
  expect(reader.scope('a').state()).toBe(3);
  const [name] = reader.scope('a').files();
  const values = (await reader.scope('a').open(name!, 'numbers', 1)).u32('values');
  expect(values.length).toBe(600_000);
  expect(values.every((value) => value === 3)).toBe(true);
  await expect(reader.scope('a').open('x-000001.rank', 'numbers', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(Store.open('somewhere', { kind: 'test', write: true, fileSystem })).rejects.toMatchObject({ code: 'LOCKED' });
  await store.close();
});
