/** Opens a dense or sparse index in a process of its own, asks it what comes on standard input, and prints by how much its memory rose at most. */
import { readFileSync } from 'node:fs';
import { DenseIndex, SparseIndex } from '@rank-rank/retrieve';

const queries = JSON.parse(readFileSync(0, 'utf8')) as unknown[];

/** Bytes that the process holds, in memory of its own and in mapped files. */
function held(): { anonymous: number; touched: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]);
  return { anonymous: of('RssAnon'), touched: of('RssFile') };
}

const [kind, path] = process.argv.slice(2) as [string, string];
globalThis.gc?.();
const before = held();
const index = kind === 'dense' ? await DenseIndex.open(path) : await SparseIndex.open(path);
let anonymous = 0;
for (const [i, query] of queries.entries()) {
  await index.search(query as never, 10);
  if (i % 50 === 0 || i === queries.length - 1) anonymous = Math.max(anonymous, held().anonymous - before.anonymous);
}
process.stdout.write(JSON.stringify({ anonymous, touched: held().touched - before.touched }));
await index.close();
