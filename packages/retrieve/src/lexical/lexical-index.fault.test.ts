import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRankError, Random, RankError } from '@rank-rank/core';
import { type FileSystem, nodeFileSystem, Store } from '@rank-rank/storage';
import { FaultyFileSystem } from '@rank-rank/storage/faults';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LexicalIndex } from './lexical-index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-lexical-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Commit n: document n, a new text for the one before, and the removal of the one three before; at the end a merge. */
async function commitUpTo(last: number, fileSystem: FileSystem, report: (commit: number) => void): Promise<void> {
  const store = await Store.open(folder, { kind: 'lexical', write: true, fileSystem });
  const scope = store.scope('lexical');
  const index =
    scope.state() === undefined
      ? await LexicalIndex.create({ scope, analysis: 'whitespace', positions: true })
      : await LexicalIndex.open(scope, { write: true });
  let from = 1;
  while (index.reader.has(`d${from}`) || index.reader.has(`d${from + 1}`)) from++;
  while (index.reader.has(`d${from}`)) from++;
  for (let n = from; n <= last; n++) {
    await index.add({ id: `d${n}`, text: `fresh commit${n}`, metadata: { n } });
    if (n > 1) await index.add({ id: `d${n - 1}`, text: `stale commit${n}` });
    if (n > 3) await index.remove(`d${n - 3}`);
    await index.commit();
    report(n);
    if (n % 4 === 0) {
      await index.merge();
      await store.commit();
    }
  }
  await index.close();
  await store.close();
}

/** Which commit is there, having looked that it is whole. */
async function committed(): Promise<number> {
  let index: LexicalIndex;
  try {
    index = await LexicalIndex.open(folder);
  } catch (error) {
    if (isRankError(error) && error.code === 'NOT_FOUND') return 0;
    throw error;
  }
  const fresh = await index.search('fresh', 10);
  const found = fresh.length === 0 ? 0 : Number(fresh[0]!.id.slice(1));
  expect(fresh).toHaveLength(found === 0 ? 0 : 1);
  const stale = (await index.search('stale', 10)).map((hit) => hit.id).sort();
  expect(stale).toEqual(
    [found - 1, found - 2]
      .filter((n) => n > 0)
      .map((n) => `d${n}`)
      .sort(),
  );
  expect((await index.search({ phrase: `fresh commit${found}` }, 10)).map((hit) => hit.id)).toEqual(found === 0 ? [] : [`d${found}`]);
  await index.close();
  return found;
}

describe('an index whose writer dies', () => {
  it('at any step is the last commit, whole, and the next writer goes on', async () => {
    const counting = new FaultyFileSystem(Number.POSITIVE_INFINITY);
    await commitUpTo(9, counting, () => {});
    expect(counting.taken).toBeGreaterThan(200);
    for (let steps = 0; steps < counting.taken; steps++) {
      rmSync(folder, { recursive: true, force: true });
      let acknowledged = 0;
      await commitUpTo(9, new FaultyFileSystem(steps), (n) => (acknowledged = n)).catch((error) => {
        if (!isRankError(error)) throw error;
      });
      const found = await committed();
      expect([acknowledged, acknowledged + 1]).toContain(found);
      if (steps % 10 === 0) {
        await commitUpTo(found + 2, nodeFileSystem, () => {});
        expect(await committed()).toBe(found + 2);
      }
    }
  }, 240_000);

  it('by SIGKILL at a random moment is a commit that opens', async () => {
    const script = join(folder, '..', `${folder.split('/').at(-1)}.mjs`);
    writeFileSync(
      script,
      `import { LexicalIndex } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
const path = ${JSON.stringify(folder)};
const index = await LexicalIndex.open(path, { write: true }).catch(() => LexicalIndex.create({ path, analysis: 'whitespace' }));
for (let n = index.size; ; n += 50) {
  await index.add(Array.from({ length: 50 }, (_, i) => ({ id: 'd' + (n + i), text: 'word w' + (n + i) })));
  await index.commit();
  process.send(n + 50);
}
`,
    );
    let acknowledged = 0;
    try {
      for (let round = 0; round < 12; round++) {
        const child: ChildProcess = fork(script);
        let commits = 0;
        await new Promise<void>((resolve) => {
          child.on('message', (n) => {
            acknowledged = n as number;
            if (++commits === 3) setTimeout(() => child.kill('SIGKILL'), (round * 7) % 23);
          });
          child.on('exit', () => resolve());
        });
        const index = await LexicalIndex.open(folder);
        expect(index.size).toBeGreaterThanOrEqual(acknowledged);
        expect(index.size % 50).toBe(0);
        expect(await index.search(`w${acknowledged - 1}`, 1)).toMatchObject([{ id: `d${acknowledged - 1}` }]);
        acknowledged = index.size;
        await index.close();
      }
    } finally {
      rmSync(script, { force: true });
    }
  });

  it('of a full disk rolls back and goes on', async () => {
    const full = (): RankError => new RankError('IO', 'The disk is full.');
    const store = await Store.open(folder, { kind: 'lexical', write: true, fileSystem: new FaultyFileSystem(30, full) });
    const index = await LexicalIndex.create({ scope: store.scope('lexical'), analysis: 'whitespace' });
    await store.commit();
    await expect(
      (async () => {
        for (let n = 0; n < 100; n++) {
          await index.add({ id: `d${n}`, text: 'word' });
          await index.commit();
        }
      })(),
    ).rejects.toThrow('The disk is full.');
    const before = index.size;
    expect(before).toBeGreaterThan(0);
    expect((await index.search('word', 100)).length).toBe(before);
  });
});

describe('a damaged index', () => {
  const documents = Array.from({ length: 300 }, (_, i) => ({
    id: `d${i}`,
    text: `word w${i % 7} x${i}`,
    metadata: { even: i % 2 === 0 },
  }));

  /** Opens and uses everything; gives the error, which has to name the file. */
  async function use(): Promise<RankError | undefined> {
    try {
      const index = await LexicalIndex.open(folder);
      await index.search('word w1 x200', 300, { filter: { field: 'even', eq: true } });
      await index.search({ phrase: 'word w1' }, 300);
      await index.close();
      return undefined;
    } catch (error) {
      expect(isRankError(error)).toBe(true);
      return error as RankError;
    }
  }

  it('says which file is cut short, wherever it is cut', async () => {
    const index = await LexicalIndex.build(documents, { path: folder, positions: true });
    await index.remove(['d1', 'd2']);
    await index.commit();
    await index.close();
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const whole = readFileSync(path);
      for (const length of [0, 1, 63, 64, 100, Math.floor(whole.length / 2), whole.length - 65, whole.length - 1]) {
        if (length < 0 || length >= whole.length) continue;
        truncateSync(path, length);
        const error = await use();
        expect(error, `${name} cut to ${length}`).toMatchObject({ code: 'CORRUPT' });
        expect(error!.message).toContain(name);
        writeFileSync(path, whole);
      }
    }
    expect(await use()).toBeUndefined();
  });

  it('says which file has a flipped bit, wherever it is', async () => {
    const index = await LexicalIndex.build(documents, { path: folder, positions: true });
    await index.close();
    const random = new Random(7);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const whole = readFileSync(path);
      for (let n = 0; n < 60; n++) {
        const altered = Buffer.from(whole);
        altered[random.integer(whole.length)]! ^= 1 << random.integer(8);
        writeFileSync(path, altered);
        const error = await use();
        // Padding between sections is not covered: nobody reads it.
        if (error !== undefined) expect(error.message).toContain(name);
      }
      writeFileSync(path, whole);
    }
    expect(await use()).toBeUndefined();
  });

  it('written by a newer version is refused', async () => {
    const store = await Store.open(folder, { kind: 'lexical', write: true });
    store.scope('lexical').stage({ version: 99, fields: [], segments: [] }, []);
    await store.commit();
    await store.close();
    await expect(LexicalIndex.open(folder)).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' });
  });
});
