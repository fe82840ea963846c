/** What the dense and sparse parts share: workloads as the peers' scripts write them, and passes over queries. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Ranking } from '@rank-rank/core';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';

type NumberArray =
  | { new (buffer: ArrayBuffer): Float32Array }
  | { new (buffer: ArrayBuffer): Uint32Array }
  | { new (buffer: ArrayBuffer): BigUint64Array };

/** A file of raw little-endian numbers. */
export function readNumbers<T extends NumberArray>(path: string, type: T): InstanceType<T> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new type(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer) as InstanceType<T>;
}

export interface Asked {
  /** Queries a second of each pass that counts. */
  readonly rates: readonly number[];
  readonly median: number;
  readonly rankings: readonly Ranking[];
}

/** Asks all queries, one after another: one pass until the code is warm, then five that count. */
export async function ask<Q>(queries: readonly Q[], search: (query: Q) => Promise<Ranking>): Promise<Asked> {
  const rates: number[] = [];
  let rankings: Ranking[] = [];
  for (let pass = 0; pass < 6; pass++) {
    rankings = [];
    const at = performance.now();
    for (const query of queries) rankings.push(await search(query));
    if (pass > 0) rates.push((1000 * queries.length) / (performance.now() - at));
  }
  return { rates, median: quantile(rates, 0.5), rankings };
}

/** The part of the true best k that rankings have. Ids are the numbers of the rows. */
export function recall(rankings: readonly Ranking[], truth: (query: number) => ReadonlySet<number>): number {
  let common = 0;
  let wanted = 0;
  rankings.forEach((ranking, query) => {
    const best = truth(query);
    wanted += best.size;
    for (const { id } of ranking) if (best.has(Number(id))) common++;
  });
  return Number((common / Math.max(1, wanted)).toFixed(4));
}

/** Records a pass over queries. */
export function sayRate(context: Context, task: string, name: string, { median, rates }: Asked, recallAt10: number): void {
  context.say({
    task,
    case: name,
    metric: 'qps',
    value: median,
    spread: [Math.min(...rates), Math.max(...rates)],
    quality: { 'recall@10': recallAt10 },
  });
}

/** By how much memory rises in a process of its own that opens an index and asks it queries. */
export function sayMemory(context: Context, task: 'dense' | 'sparse', name: string, path: string, queries: readonly unknown[]): void {
  const script = fileURLToPath(new URL('./mapped-vectors.js', import.meta.url));
  const { anonymous, touched } = JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', script, task, path], { input: JSON.stringify(queries), encoding: 'utf8' }),
  ) as { anonymous: number; touched: number };
  const row = { task, metric: 'bytes' };
  context.say({ ...row, case: `${name}/memory while searching, without the touched pages of the file`, value: anonymous });
  context.say({ ...row, case: `${name}/touched pages of the file`, value: touched });
}
