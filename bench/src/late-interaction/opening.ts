import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenDocument } from '@rank-rank/rerank';
import { TokenStore } from '@rank-rank/rerank';
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

/** Opening a store of a gigabyte: Vaswani's rows in f32, four times under other ids. */
export async function opening(context: Context): Promise<void> {
  const { dim, documents } = await readTokenSet(context, 'vaswani');
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-opening-'));
  try {
    const path = join(folder, 'store');
    const copies = function* (): Generator<TokenDocument> {
      for (let copy = 0; copy < 4; copy++) for (const { id, tokens } of documents) yield { id: `${copy}/${id}`, tokens };
    };
    const store = await TokenStore.build(copies(), { dim, path, type: 'f32', memory: 2 ** 28 });
    await store.settle();
    await store.close();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script, import.meta.resolve('@rank-rank/rerank'), path],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    const { opened, reranked, bytes, grown, touched } = JSON.parse(stdout) as Record<string, number>;
    const name = `${(bytes! / 1e9).toFixed(2)} GB of f32 rows`;
    context.say({ task: 'open', case: `${name}/open`, metric: 'ms', value: opened!, quality: { 'resident MB': Math.round(grown! / 1e6) } });
    context.say({
      task: 'open',
      case: `${name}/rerank 100`,
      metric: 'ms',
      value: reranked!,
      quality: { 'resident MB': Math.round(touched! / 1e6) },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
