import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, RankError } from '@rank-rank/core';
import { nodeFileSystem, Store } from '@rank-rank/storage';
import { FaultyFileSystem } from '@rank-rank/storage/faults';
import { afterAll, describe, expect, it } from 'vitest';
import { wordWeights } from '../testing/fakes.ts';
import { Collection } from './collection.ts';
import { repairCollection } from './repair.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-collection-fault-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

const notes = (count: number, from = 0): Document[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `n${from + i}`,
    text: `note ${from + i} on ${['rivers', 'dough', 'violins'][i % 3]} and weather`,
  }));

/** Encoders by which a collection has all that collections have. */
const words = { encoder: { name: 'words', sparse: wordWeights() } };

async function madeOf(count: number, options: typeof words | object = {}): Promise<string> {
  const path = join(folder, String(made++));
  const collection = await Collection.open(path, { ...options, write: true });
  await collection.add(notes(count));
  await collection.commit();
  await collection.close();
  return path;
}

const filesOf = (path: string, label: string) => readdirSync(path).filter((name) => name.startsWith(label));

describe('a collection under faults', () => {
  it('goes on where adding stopped: nothing is done twice, nothing is lost', async () => {
    const path = join(folder, String(made++));
    const first = await Collection.open(path, { write: true });
    const stop = new AbortController();
    const work = {
      signal: stop.signal,
      onProgress: ({ done }: { readonly done: number }) => {
        if (done >= 1024) stop.abort();
      },
    };
    const slow = async function* (): AsyncGenerator<Document> {
      for (const note of notes(4000)) {
        if (note.id === 'n1500') await new Promise((resolve) => setTimeout(resolve, 300));
        yield note;
      }
    };
    await expect(first.add(slow(), work)).rejects.toMatchObject({ code: 'CANCELLED' });
    await first.close();
    const second = await Collection.open(path, { write: true });
    expect(second.size).toBe(0);
    await second.add(notes(4000));
    // Encoding is interrupted as well: the documents are there already.
    const cancelled = new AbortController();
    await expect(
      second.commit({
        signal: cancelled.signal,
        onProgress: ({ stage }) => {
          if (stage === 'encoding') cancelled.abort();
        },
      }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    await second.close();
    const third = await Collection.open(path, { write: true });
    expect(third.size).toBe(4000);
    expect((await third.search('violins weather', 3)).length).toBe(3);
    expect(await third.add(notes(4000))).toEqual({ added: 0, updated: 0, unchanged: 4000 });
    await third.commit();
    expect(third.statistics()).toMatchObject({ dense: { vectors: 4000 }, tokens: { matrices: 4000 } });
    await third.close();
  });

  it('names the damaged file, and makes anew what can be derived', async () => {
    for (const label of ['lexical', 'dense', 'encoder', 'token', 'sparse']) {
      const path = await madeOf(60, words);
      const before = await Collection.open(path, words);
      const expected = await before.search('violins weather', 10);
      const bySparse = await before.run('violins weather', { pipeline: 'sparse' });
      await before.close();
      const file = filesOf(path, label)[0]!;
      const bytes = readFileSync(join(path, file));
      bytes[bytes.length - 40]! ^= 0x55;
      writeFileSync(join(path, file), bytes);
      const { damaged, rebuilt } = await repairCollection(path, words);
      expect(damaged[0]!.message).toContain(file);
      expect(rebuilt.length).toBeGreaterThan(0);
      const after = await Collection.open(path, words);
      expect((await after.verify()).damaged).toEqual([]);
      expect((await after.search('violins weather', 10)).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      expect((await after.run('violins weather', { pipeline: 'sparse' })).hits).toEqual(bySparse.hits);
      await after.close();
      expect(await repairCollection(path, words)).toEqual({ damaged: [], rebuilt: [] });
    }
  });

  it('says that damaged documents cannot be derived, and changes nothing', async () => {
    const path = await madeOf(60);
    const file = filesOf(path, 'documents')[0]!;
    truncateSync(join(path, file), statSync(join(path, file)).size - 10);
    const before = readdirSync(path).sort();
    await expect(repairCollection(path)).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining(file) });
    expect(
      readdirSync(path)
        .filter((name) => name !== 'LOCK')
        .sort(),
    ).toEqual(before.filter((name) => name !== 'LOCK'));
    await expect(Collection.open(path)).rejects.toMatchObject({ message: expect.stringContaining(file) });
  });

  it('refuses a collection of a newer version, and a folder that is none', async () => {
    const path = await madeOf(3);
    const manifest = readdirSync(path).find((name) => name.startsWith('MANIFEST'))!;
    writeFileSync(join(path, manifest), 'not a manifest at all');
    await expect(Collection.open(path)).rejects.toMatchObject({ message: expect.stringContaining(manifest) });
    const foreign = mkdtempSync(join(folder, 'foreign-'));
    writeFileSync(join(foreign, 'diary.txt'), 'mine');
    await expect(Collection.open(foreign, { write: true })).rejects.toThrow(/diary.txt/);
  });

  it('refuses a cut file of sparse vectors by its name', async () => {
    const path = await madeOf(60, words);
    const file = filesOf(path, 'sparse')[0]!;
    const { size } = statSync(join(path, file));
    for (const length of [0, 7, size >> 1, size - 1]) {
      const whole = readFileSync(join(path, file));
      truncateSync(join(path, file), length);
      await expect(Collection.open(path, words)).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining(file) });
      writeFileSync(join(path, file), whole);
    }
    truncateSync(join(path, file), size >> 1);
    expect((await repairCollection(path, words)).rebuilt).toEqual(['sparse']);
    const after = await Collection.open(path, words);
    expect(after.statistics().sparse!.vectors).toBe(60);
    await after.close();
  });

  it.each([
    ['static', {}],
    ['sparse', words],
  ])('dies at any step of a writer and opens at a commit, with all its parts in step (%s)', async (name, options) => {
    const path = join(folder, `steps-${name}`);
    const write = async (fileSystem: FaultyFileSystem): Promise<void> => {
      rmSync(path, { recursive: true, force: true });
      const collection = await Collection.open(path, { ...options, write: true, fileSystem });
      await collection.add(notes(12));
      await collection.commit();
      await collection.add([...notes(3, 12), { id: 'n0', text: 'changed to rivers and lighthouses' }]);
      await collection.remove(['n1']);
      await collection.commit();
      await collection.close();
    };
    const whole = new FaultyFileSystem(Number.POSITIVE_INFINITY);
    await write(whole);
    for (let steps = 1; steps < whole.taken; steps += 3) {
      await expect(write(new FaultyFileSystem(steps))).rejects.toThrow();
      const collection = await Collection.open(path, { ...options, write: true });
      expect([0, 12, 14]).toContain(collection.size);
      // What was interrupted is done again, and all is as it should be.
      await collection.commit();
      if (collection.size > 0) expect(await collection.search('violins weather', 20)).not.toHaveLength(0);
      const { dense, sparse, tokens } = collection.statistics();
      expect([dense?.vectors ?? 0, tokens?.matrices ?? 0]).toEqual([collection.size, collection.size]);
      expect(sparse?.vectors ?? 0).toBe(name === 'sparse' ? collection.size : 0);
      await collection.close();
    }
  });

  it('says that the disk is full, and keeps the last commit', async () => {
    const path = await madeOf(60);
    const full = (): RankError => new RankError('IO', 'The disk is full.', { reason: 'ENOSPC' });
    const collection = await Collection.open(path, { write: true, fileSystem: new FaultyFileSystem(6, full) });
    await expect(
      (async () => {
        await collection.add(notes(200, 100));
        await collection.commit();
      })(),
    ).rejects.toMatchObject({ code: 'IO', message: 'The disk is full.' });
    await collection.close().catch(() => {});
    const after = await Collection.open(path);
    expect(after.size).toBe(60);
    expect((await after.verify()).damaged).toEqual([]);
    await after.close();
  });

  it('refuses settings of another version by their number', async () => {
    const path = await madeOf(2);
    const store = await Store.open(path, { kind: 'collection', write: true, fileSystem: nodeFileSystem });
    store.scope('settings').stage({ version: 99, analysis: 'english', encoder: 'static' }, []);
    await store.commit();
    await store.close();
    await expect(Collection.open(path)).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringContaining('version 99'),
    });
  });
});
