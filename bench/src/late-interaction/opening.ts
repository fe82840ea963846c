import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenDocument } from '@rank-rank/rerank';
import { TokenStore } from '@rank-rank/rerank';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';
import { readTokenSet } from './token-set.ts';

/** Opens a store in a process of its own, reranks a hundred documents, and says how long and how much memory it took. */
const script = `
const { TokenStore } = await import(process.argv[1]);
const memory = () => process.memoryUsage().rss;
await (await TokenStore.build([{ id: 'a', tokens: { data: new Float32Array(128), rows: 1, dim: 128 } }], { dim: 128 })).close();
const before = memory();
let start = performance.now();
const store = await TokenStore.open(process.argv[2]);
const opened = performance.now() - start;
const after = memory();
const query = { data: new Float32Array(32 * 128).fill(0.1), rows: 32, dim: 128 };
const ids = Array.from({ length: 100 }, (_, i) => '0/' + (1 + i * 7));
start = performance.now();
store.scores(query, ids);
const reranked = performance.now() - start;
console.log(JSON.stringify({ opened, reranked, bytes: store.reader.bytes, grown: after - before, touched: memory() - after }));
await store.close();
`;

/** Processes that open the store, one after another. */
const processes = 7;

/** Opening a store of a gigabyte: Vaswani's rows in f32, four times under other ids. */
export async function opening(context: Context): Promise<void> {
  const { dim, documents } = await readTokenSet(context, 'vaswani');
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-opening-'));
  try {
    const path = join(folder, 'store');
    const copies = function* (): Generator<TokenDocument> {
      for (let copy = 0; copy < 4; copy++) for (const { id, tokens } of documents) yield { id: `${copy}/${id}`, tokens };
    };
    const store = await TokenStore.build(copies(), { dim, path, type: 'f32' });
    await store.settle();
    await store.close();
    const runs = Array.from({ length: processes }, () => openedOnce(path));
    const median = (name: keyof Opening): number =>
      quantile(
        runs.map((run) => run[name]),
        0.5,
      );
    const spread = (name: keyof Opening): [number, number] => [
      Math.min(...runs.map((run) => run[name])),
      Math.max(...runs.map((run) => run[name])),
    ];
    const name = `${(median('bytes') / 1e9).toFixed(2)} GB of f32 rows`;
    const megabytes = (value: number): Record<string, number> => ({ 'resident MB': Math.round(value / 1e6) });
    context.say({
      task: 'open',
      case: `${name}/open`,
      metric: 'ms',
      value: median('opened'),
      spread: spread('opened'),
      quality: megabytes(median('grown')),
    });
    context.say({
      task: 'open',
      case: `${name}/rerank 100`,
      metric: 'ms',
      value: median('reranked'),
      spread: spread('reranked'),
      quality: megabytes(median('touched')),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Opening {
  readonly opened: number;
  readonly reranked: number;
  readonly bytes: number;
  readonly grown: number;
  readonly touched: number;
}

function openedOnce(path: string): Opening {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, import.meta.resolve('@rank-rank/rerank'), path],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Opening;
}
