import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyFileSystem } from './faults.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { Store } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-fault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Commits 1 … last, each with two files that say the commit's number. Gives the number of the last commit that returned. */
async function commitUpTo(last: number, fileSystem: FileSystem, report: (commit: number) => void): Promise<void> {
  const store = await Store.open(folder, { kind: 'test', write: true, fileSystem });
  const scope = store.scope('a');
  for (let n = store.generation + 1; n <= last; n++) {
    const names: string[] = [];
    for (const label of ['x', 'y']) {
      const writer = await scope.create(label, 'numbers', 1);
      await writer.write('values', new Uint32Array(1000).fill(n));
      await writer.finish();
      names.push(writer.name);
    }
    scope.stage(n, names);
    await store.commit();
    report(n);
  }
  await store.close();
}

/** The number that state and files agree on. */
async function committed(): Promise<number> {
  const store = await Store.open(folder, { kind: 'test' }).catch((error: RankError) => {
    if (error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (store === undefined) return 0;
  const scope = store.scope('a');
  const state = scope.state() as number;
  for (const name of scope.files()) {
    const values = (await scope.open(name, 'numbers', 1)).u32('values');
    expect(values.length === 1000 && values.every((value) => value === state)).toBe(true);
  }
  expect(scope.files()).toHaveLength(2);
  await store.close();
  return state;
}

describe('a writer that dies', () => {
  it('at any step leaves the last commit it acknowledged, or the one under way, whole; and the next writer goes on', async () => {
    const counting = new FaultyFileSystem(Number.POSITIVE_INFINITY);
    await commitUpTo(12, counting, () => {});
    expect(counting.taken).toBeGreaterThan(150);
    for (let steps = 0; steps < counting.taken; steps++) {
      rmSync(folder, { recursive: true, force: true });
      let acknowledged = 0;
      await commitUpTo(12, new FaultyFileSystem(steps), (n) => (acknowledged = n)).catch(() => {});
      const found = await committed();
      expect([acknowledged, acknowledged + 1]).toContain(found);
      await commitUpTo(found + 1, nodeFileSystem, () => {});
      expect(await committed()).toBe(found + 1);
    }
  });

  it('of a full disk can roll back, and commits once there is space', async () => {
    const full = () => new RankError('IO', 'The disk is full.');
    for (let steps = 3; steps < 40; steps += 3) {
      rmSync(folder, { recursive: true, force: true });
      await commitUpTo(1, nodeFileSystem, () => {});
      const failed = await commitUpTo(5, new FaultyFileSystem(steps, full), () => {}).catch((error: RankError) => error.message);
      expect(failed).toBe('The disk is full.');
      const before = await committed();
      // The writer above could not even remove its lock; a person, or the end of its process, does.
      rmSync(join(folder, 'LOCK'), { force: true });
      await commitUpTo(before + 1, nodeFileSystem, () => {});
      expect(await committed()).toBe(before + 1);
    }
  });

  it('by SIGKILL at a random moment leaves a commit that opens', async () => {
    const script = join(folder, '..', `${folder.split('/').at(-1)}.mjs`);
    writeFileSync(
      script,
      `import { Store } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
const store = await Store.open(${JSON.stringify(folder)}, { kind: 'test', write: true });
const scope = store.scope('a');
for (let n = store.generation + 1; ; n++) {
  const names = [];
  for (const label of ['x', 'y']) {
    const writer = await scope.create(label, 'numbers', 1);
    await writer.write('values', new Uint32Array(1000).fill(n));
    await writer.finish();
    names.push(writer.name);
  }
  scope.stage(n, names);
  await store.commit();
  process.send(n);
}
`,
    );
    let acknowledged = 0;
    try {
      for (let round = 0; round < 12; round++) {
        const child: ChildProcess = fork(script);
        const floor = acknowledged;
        await new Promise<void>((resolve) => {
          child.on('message', (n) => {
            acknowledged = n as number;
            if (acknowledged === floor + 1) setTimeout(() => child.kill('SIGKILL'), (round * 7) % 23);
          });
          child.on('exit', () => resolve());
        });
        expect(await committed()).toBeGreaterThanOrEqual(acknowledged);
        acknowledged = await committed();
      }
    } finally {
      rmSync(script, { force: true });
    }
  });
});
