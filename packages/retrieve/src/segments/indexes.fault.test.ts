/** Writers that die, and files that are damaged, under dense and sparse indexes alike. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, type RankError } from '@rank-rank/core';
import { type Scope, Store } from '@rank-rank/storage';
import { FaultyFileSystem } from '@rank-rank/storage/faults';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DenseIndex } from '../dense/dense-index.ts';
import { SparseIndex } from '../sparse/sparse-index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rank-rank-fault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Index = DenseIndex | SparseIndex;

/** One kind of index under test. A document's metadata says in which round it was written. */
interface Kind {
  readonly name: string;
  create(scope: Scope): Promise<Index>;
  open(where: Scope | string): Promise<Index>;
  add(index: Index, numbers: readonly number[], round: number): Promise<void>;
  /** All documents that are found, with the round that wrote each. */
  found(index: Index): Promise<Record<string, number>>;
}

const dim = 8;
const vectorOf = (number: number, round: number): Float32Array => {
  const random = new Random(number * 1000 + round);
  return Float32Array.from({ length: dim }, () => random.next() + 0.1);
};

async function rounds(index: Index, ids: readonly string[]): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const known = new Set(ids);
  for (const { value } of index.facets('round')) {
    const query = { filter: { field: 'round', eq: value as number } };
    const hits =
      index instanceof DenseIndex
        ? await index.search(new Float32Array(dim).fill(1), 5000, query)
        : await index.search({ indices: [0], values: [1] }, 5000, query);
    for (const { id } of hits) {
      expect(known.has(id) && found[id] === undefined).toBe(true);
      found[id] = value as number;
    }
  }
  return found;
}

const everyId = Array.from({ length: 5000 }, (_, i) => `d${i}`);

function dense(description: string): Kind {
  return {
    name: `dense ${description}`,
    create: (scope) => DenseIndex.create({ scope, dim, metric: 'dot', index: description }),
    open: (where) => DenseIndex.open(where, { write: typeof where !== 'string' }),
    add: (index, numbers, round) =>
      (index as DenseIndex).add(numbers.map((n) => ({ id: `d${n}`, vector: vectorOf(n, round), metadata: { round } }))),
    found: (index) => rounds(index, everyId),
  };
}

const sparse: Kind = {
  name: 'sparse',
  create: (scope) => SparseIndex.create({ scope, weights: 'u8', approximate: true }),
  open: (where) => SparseIndex.open(where, { write: typeof where !== 'string' }),
  add: (index, numbers, round) =>
    (index as SparseIndex).add(
      numbers.map((n) => ({ id: `d${n}`, vector: { indices: [0, 1 + (n % 7)], values: [1, 1 + (n % 3)] }, metadata: { round } })),
    ),
  found: (index) => rounds(index, everyId),
};

/** What each round does: the first adds many; the others remove, replace, add, or merge. Each adds a document of its own, by which it is known. */
async function play(kind: Kind, index: Index, round: number, size: number): Promise<void> {
  if (round === 1) await kind.add(index, range(0, size), 1);
  else if (round % 3 === 0) {
    await index.merge({ all: true });
    await index.remove(`d${20 + round}`);
  } else {
    await index.remove(range(round, round + 3).map((n) => `d${n}`));
    await kind.add(index, [...range(round + 2, round + 9), ...range(size + 10 * round, size + 10 * round + 5)], round);
  }
  await kind.add(index, [4000 + round], round);
}

/** What is to be found after so many rounds. */
function expected(rounds: number, size: number): Record<string, number> {
  const all: Record<string, number> = {};
  for (let round = 1; round <= rounds; round++) {
    if (round === 1) for (const n of range(0, size)) all[`d${n}`] = 1;
    else if (round % 3 === 0) delete all[`d${20 + round}`];
    else {
      for (const n of range(round, round + 3)) delete all[`d${n}`];
      for (const n of [...range(round + 2, round + 9), ...range(size + 10 * round, size + 10 * round + 5)]) all[`d${n}`] = round;
    }
    all[`d${4000 + round}`] = round;
  }
  return all;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Plays rounds after those that are committed; tells of each that was acknowledged. */
async function write(
  kind: Kind,
  size: number,
  fileSystem: FaultyFileSystem,
  last: number,
  acknowledged: (round: number) => void,
): Promise<void> {
  const store = await Store.open(folder, { kind: 'test', write: true, fileSystem });
  const scope = store.scope('index');
  const index = scope.state() === undefined ? await kind.create(scope) : await kind.open(scope);
  const first = 1 + Math.max(0, ...Object.values(await kind.found(index)));
  for (let round = first; round <= last; round++) {
    await play(kind, index, round, size);
    await index.prepare();
    await store.commit();
    await index.refresh();
    acknowledged(round);
  }
  await index.close();
  await store.close();
}

async function committed(kind: Kind): Promise<Record<string, number>> {
  const store = await Store.open(folder, { kind: 'test' }).catch((error: RankError) => {
    if (error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (store === undefined || store.scope('index').state() === undefined) return {};
  const index = await kind.open(store.scope('index'));
  const found = await kind.found(index);
  await index.close();
  await store.close();
  return found;
}

describe.each<[Kind, number, number]>([
  [dense('Flat'), 60, 6],
  [dense('HNSW4_20'), 1000, 4],
  [dense('IVF4,PQ4,RFlat'), 60, 5],
  [sparse, 60, 6],
])('%o', (kind, size, last) => {
  it(`a writer that dies at any step leaves the last commit or the one under way, whole: ${kind.name}`, async () => {
    const counting = new FaultyFileSystem(Number.POSITIVE_INFINITY);
    await write(kind, size, counting, last, () => {});
    expect(await committed(kind)).toEqual(expected(last, size));
    expect(counting.taken).toBeGreaterThan(10 * last);
    for (let steps = 0; steps < counting.taken; steps++) {
      rmSync(folder, { recursive: true, force: true });
      let acknowledged = 0;
      await write(kind, size, new FaultyFileSystem(steps), last, (round) => (acknowledged = round)).catch(() => {});
      const found = await committed(kind);
      const round = Math.max(0, ...Object.values(found));
      expect([acknowledged, acknowledged + 1]).toContain(round);
      expect(found).toEqual(expected(round, size));
    }
    // The next writer goes on where the last one died.
    rmSync(join(folder, 'LOCK'), { force: true });
    await write(kind, size, new FaultyFileSystem(Number.POSITIVE_INFINITY), last, () => {});
    expect(await committed(kind)).toEqual(expected(last, size));
  }, 240_000);

  it(`a file with any byte flipped or any end cut off is an error that names it: ${kind.name}`, async () => {
    await write(kind, size, new FaultyFileSystem(Number.POSITIVE_INFINITY), 2, () => {});
    const right = await committed(kind);
    const random = new Random(kind.name);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.rank'))) {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      const damages = [
        ...Array.from({ length: 25 }, () => random.integer(bytes.length)).map((at) => {
          const flipped = Buffer.from(bytes);
          flipped[at]! ^= 1 << random.integer(8);
          return flipped;
        }),
        ...[0, 1, 63, 64, bytes.length >> 1, bytes.length - 64, bytes.length - 1].map((length) => bytes.subarray(0, length)),
      ];
      for (const damaged of damages) {
        writeFileSync(path, damaged);
        const answer = await committed(kind).catch((error: RankError) => error);
        // A file of the commit before is not read; and a flip in padding between sections changes nothing.
        if (!(answer instanceof Error)) expect(answer).toEqual(right);
        else {
          expect((answer as RankError).code).toMatch(/CORRUPT|UNSUPPORTED_VERSION/);
          expect(answer.message).toContain(name);
        }
      }
      writeFileSync(path, bytes);
    }
    expect(await committed(kind)).toEqual(right);
  });
});

describe('a writer killed by SIGKILL', () => {
  it.each(['dense', 'sparse'])('at a random moment leaves a commit that opens: %s', async (which) => {
    const path = join(folder, 'index');
    const script = join(folder, 'writer.mjs');
    writeFileSync(
      script,
      `import { DenseIndex, SparseIndex } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
import { existsSync } from 'node:fs';
const path = ${JSON.stringify(path)};
const dense = ${which === 'dense'};
const Kind = dense ? DenseIndex : SparseIndex;
const there = existsSync(path + '/MANIFEST') || process.argv[2] === 'there';
const index = there ? await Kind.open(path, { write: true }) : await Kind.create({ path, ...(dense && { dim: 4, metric: 'dot', index: 'HNSW4_16' }) });
let n = index.facets('round').length;
for (;;) {
  n++;
  // Each round replaces all documents: they must never be of two rounds.
  const ids = Array.from({ length: 40 }, (_, i) => 'd' + i);
  await index.add(ids.map((id, i) => ({ id, metadata: { round: n }, vector: dense ? [1, i, n, 1] : { indices: [0, 1 + i], values: [1, n] } })));
  if (n % 5 === 0) await index.merge({ all: true });
  await index.commit();
  process.send(n);
}
`,
    );
    let acknowledged = 0;
    for (let round = 0; round < 8; round++) {
      const child: ChildProcess = fork(script, [acknowledged > 0 ? 'there' : 'new']);
      let commits = 0;
      await new Promise<void>((resolve) => {
        child.on('message', (n) => {
          acknowledged = n as number;
          if (++commits === 1) setTimeout(() => child.kill('SIGKILL'), 5 + ((round * 13) % 60));
        });
        child.on('exit', () => resolve());
      });
      expect(commits).toBeGreaterThan(0);
      const index = which === 'dense' ? await DenseIndex.open(path) : await SparseIndex.open(path);
      expect(index.size).toBe(40);
      const values = index.facets('round');
      expect(values).toHaveLength(1);
      expect(values[0]!.value).toBeGreaterThanOrEqual(acknowledged);
      acknowledged = values[0]!.value as number;
      await index.close();
    }
  });
});
