/** Token indexes under writers that die, disks that are full, two writers, damaged files and files of a newer version. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, RankError } from '@rank-rank/core';
import { Store } from '@rank-rank/storage';
import { FaultyFileSystem } from '@rank-rank/storage/faults';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topicDocuments, topicTokens } from '../testing/topics.ts';
import { createTokenIndex, openTokenIndex, type TokenIndexOptions } from './create-index.ts';
import type { TokenIndex } from './token-index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-token-fault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const dim = 16;
const query = topicTokens(new Random(5), 4, dim);
const kinds: readonly (readonly [string, Omit<TokenIndexOptions, 'dim'>])[] = [
  ['exact', { kind: 'exact', type: 'f16' }],
  ['plaid', { kind: 'plaid', centroids: 8 }],
  ['warp', { kind: 'warp', centroids: 8 }],
  ['muvera', { kind: 'muvera', type: 'f16', encoding: { repetitions: 2, hyperplanes: 2 } }],
  ['bm25', { kind: 'bm25', type: 'f16' }],
];
const last = 3;

/** Each round removes, replaces and adds; the first documents are known by the round that wrote them. */
async function play(index: TokenIndex, round: number): Promise<void> {
  if (round > 1) await index.remove(['d0', `d${round}`]);
  const documents = topicDocuments(round, 12, dim).map((document, i) => ({
    ...document,
    id: `d${i + 3 * round}`,
    text: 'word',
    metadata: { round },
  }));
  await index.add([...documents, { id: `round${round}`, tokens: documents[0]!.tokens, text: 'word', metadata: { round } }]);
}

function expectedIds(rounds: number): string[] {
  const ids = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    if (round > 1) for (const id of ['d0', `d${round}`]) ids.delete(id);
    for (let i = 0; i < 12; i++) ids.add(`d${i + 3 * round}`);
    ids.add(`round${round}`);
  }
  return [...ids].sort();
}

async function write(
  options: Omit<TokenIndexOptions, 'dim'>,
  fileSystem: FaultyFileSystem,
  acknowledged: (round: number) => void,
): Promise<void> {
  const store = await Store.open(folder, { kind: 'test', write: true, fileSystem });
  const scope = store.scope('index');
  const index =
    scope.state() === undefined ? await createTokenIndex({ dim, scope, ...options }) : await openTokenIndex(scope, { write: true });
  const there = [1, 2, 3].filter((round) => index.store.has(`round${round}`)).length;
  for (let round = there + 1; round <= last; round++) {
    await play(index, round);
    await index.stage();
    await store.commit();
    await index.refresh();
    acknowledged(round);
  }
  await index.close();
  await store.close();
}

/** What the last commit finds; the number of its rounds. */
async function committed(): Promise<{ rounds: number; ids: string[] }> {
  const store = await Store.open(folder, { kind: 'test' }).catch((error: RankError) => {
    if (error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (store === undefined || store.scope('index').state() === undefined) return { rounds: 0, ids: [] };
  const index = await openTokenIndex(store.scope('index'));
  const hits = await index.search(query, 1000, { exact: true });
  const found = await index.search(query, 1000, { text: 'word' });
  expect(found.map(({ id }) => id).sort()).toEqual(hits.map(({ id }) => id).sort());
  await index.close();
  await store.close();
  return { rounds: hits.filter(({ id }) => id.startsWith('round')).length, ids: hits.map(({ id }) => id).sort() };
}

describe.each(kinds)('an index of kind %s', (_, options) => {
  it('holds the last commit or the one under way, whole, whichever step its writer dies at', async () => {
    const counting = new FaultyFileSystem(Number.POSITIVE_INFINITY);
    await write(options, counting, () => {});
    expect(await committed()).toEqual({ rounds: last, ids: expectedIds(last) });
    // Every third step, beginning elsewhere for each kind: together the kinds see all of what they share.
    for (let steps = options.kind!.length % 3; steps < counting.taken; steps += 3) {
      rmSync(folder, { recursive: true, force: true });
      let acknowledged = 0;
      await write(options, new FaultyFileSystem(steps), (round) => (acknowledged = round)).catch(() => {});
      const { rounds, ids } = await committed();
      expect([acknowledged, acknowledged + 1]).toContain(rounds);
      expect(ids).toEqual(expectedIds(rounds));
    }
    rmSync(join(folder, 'LOCK'), { force: true });
    await write(options, new FaultyFileSystem(Number.POSITIVE_INFINITY), () => {});
    expect(await committed()).toEqual({ rounds: last, ids: expectedIds(last) });
  }, 240_000);

  it('is an error that names the file where a byte is flipped or an end cut off', async () => {
    await write(options, new FaultyFileSystem(Number.POSITIVE_INFINITY), () => {});
    const right = await committed();
    const random = new Random(options.kind!);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.rank'))) {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      const damages = Array.from({ length: 8 }, () => random.integer(bytes.length)).map((at) => {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << random.integer(8);
        return flipped as Uint8Array;
      });
      damages.push(...[0, 63, bytes.length >> 1, bytes.length - 1].map((length) => bytes.subarray(0, length)));
      for (const damaged of damages) {
        writeFileSync(path, damaged);
        const answer = await committed().catch((error: RankError) => error);
        // A file of an earlier commit is not read; a flip in padding between sections changes nothing.
        if (!(answer instanceof Error)) expect(answer).toEqual(right);
        else {
          expect((answer as RankError).code).toMatch(/CORRUPT|UNSUPPORTED_VERSION/);
          expect(answer.message).toContain(name);
        }
      }
      writeFileSync(path, bytes);
    }
  }, 240_000);
});

it('a full disk is a named error, and the last commit stays', async () => {
  const options = kinds[1]![1];
  const counting = new FaultyFileSystem(Number.POSITIVE_INFINITY);
  await write(options, counting, () => {});
  rmSync(folder, { recursive: true, force: true });
  const full = () => new RankError('IO', 'No space is left on the device.');
  await expect(write(options, new FaultyFileSystem(counting.taken >> 1, full), () => {})).rejects.toThrow(code('IO'));
  const { rounds, ids } = await committed();
  expect(rounds).toBeGreaterThan(0);
  expect(ids).toEqual(expectedIds(rounds));
});

it('a second writer is refused, and told who the first is', async () => {
  const path = join(folder, 'i');
  const first = await createTokenIndex({ dim, path });
  await expect(openTokenIndex(path, { write: true })).rejects.toThrow(code('LOCKED'));
  await first.close();
  const next = await openTokenIndex(path, { write: true });
  await next.close();
});

it('an index of a kind that is not known yet, or of a newer version, is refused', async () => {
  for (const [change, expected] of [
    [{ index: { kind: 'galaxy', defaults: {} } }, /galaxy/],
    [{ version: 99 }, /newer|version/],
  ] as const) {
    rmSync(folder, { recursive: true, force: true });
    const store = await Store.open(folder, { kind: 'token-store', write: true });
    const scope = store.scope('index');
    const index = await createTokenIndex({ dim, scope });
    await index.stage();
    await store.commit();
    const state = scope.state() as { readonly about: object };
    scope.stage({ ...state, about: { ...state.about, ...change } }, scope.files());
    await store.commit();
    await expect(openTokenIndex(scope)).rejects.toThrow(expected);
    await index.close();
    await store.close();
  }
});

it('a build that is killed leaves the commit before it', async () => {
  const path = join(folder, 'i');
  const script = join(folder, 'writer.mjs');
  writeFileSync(
    script,
    `import { createTokenIndex, openTokenIndex } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
const path = ${JSON.stringify(path)};
const index = process.argv[2] === 'there' ? await openTokenIndex(path, { write: true }) : await createTokenIndex({ path, dim: 8, kind: 'plaid', centroids: 4 });
let n = Number(process.argv[3]);
for (;;) {
  n++;
  await index.add(Array.from({ length: 30 }, (_, i) => ({ id: 'd' + i, tokens: { data: Float32Array.from({ length: 24 }, (_, k) => Math.sin(i + n * k)), rows: 3, dim: 8 }, metadata: { round: n } })));
  await index.commit();
  process.send(n);
}
`,
  );
  let acknowledged = 0;
  for (let round = 0; round < 5; round++) {
    const child: ChildProcess = fork(script, [acknowledged > 0 ? 'there' : 'new', String(acknowledged)]);
    await new Promise<void>((resolve) => {
      let commits = 0;
      child.on('message', (n) => {
        acknowledged = n as number;
        if (++commits === 1) setTimeout(() => child.kill('SIGKILL'), 3 + ((round * 17) % 40));
      });
      child.on('exit', () => resolve());
    });
    const index = await openTokenIndex(path);
    expect(index.size).toBe(30);
    const rounds = new Set([...index.store.documents()].map(({ metadata }) => metadata?.['round']));
    expect(rounds.size).toBe(1);
    expect([...rounds][0]).toBeGreaterThanOrEqual(acknowledged);
    acknowledged = [...rounds][0] as number;
    await index.close();
  }
});
