/**
 * BM25 beside bm25s (numba), tantivy and JavaScript packages: documents indexed a second with analysis, bytes on disk, queries a second for
 * the best 10 and 1,000 (analysis of the query included in ours and the JavaScript packages', not in the peers called from Python), nDCG@10
 * where there are judgements, and the memory that a fresh process takes while it searches the files in place.
 *
 * Words narrow it: names of collections, and `no-javascript`, `no-python`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, fullText, type Qrels, type Query, type Run } from '@rank-rank/core';
import { openBeir } from '@rank-rank/core/files';
import { evaluate, valuesOf } from '@rank-rank/eval';
import { LexicalIndex } from '@rank-rank/retrieve';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';
import { javascriptPeers } from './javascript-peers.ts';

const depths = [10, 1000];

export interface LexicalWorkload {
  readonly name: string;
  readonly documents: readonly Document[];
  readonly queries: readonly Query[];
  readonly qrels: Qrels | undefined;
}

export async function lexical(context: Context): Promise<void> {
  const folders = [
    ...['cranfield', 'vaswani'].map((name) => join(context.data, 'collections', name)),
    ...['zipf-200000', 'zipf-1000000'].map((name) => join(context.workloads, name)),
  ];
  const flags = ['no-javascript', 'no-python'];
  const names = context.only.filter((word) => !flags.includes(word));
  for (const folder of folders) {
    const name = folder.split('/').at(-1)!;
    if (names.length > 0 ? !names.includes(name) : name === 'zipf-1000000') continue;
    if (!existsSync(folder)) {
      context.note(`${folder} is not here: ${name} is left out`);
      continue;
    }
    await ours(context, folder, name);
    if (!context.only.includes('no-python')) await context.peer('retrieve/lexical.py', { args: [folder] });
    if (!context.only.includes('no-javascript')) await javascriptPeers(context, await read(folder, name));
  }
}

async function read(folder: string, name: string): Promise<LexicalWorkload> {
  const beir = await openBeir(folder);
  const documents: Document[] = [];
  for await (const document of beir.documents()) documents.push(document);
  const qrels = existsSync(join(folder, 'qrels')) ? await beir.qrels() : undefined;
  return { name, documents, queries: await beir.queries(), qrels };
}

async function ours(context: Context, folder: string, name: string): Promise<void> {
  let { documents, queries, qrels } = await read(folder, name);
  const path = mkdtempSync(join(tmpdir(), 'rank-bench-'));
  try {
    // What is long runs once, as the peers' indexing does; what is short is repeated until the code is warm.
    const repeats = documents.length > 50_000 ? 1 : 7;
    const seconds: number[] = [];
    for (let i = 0; i < repeats; i++) {
      const at = performance.now();
      const options = { path: join(path, String(i)), analysis: qrels === undefined ? 'standard' : 'english' };
      const index = await LexicalIndex.build(documents, options);
      await index.settled();
      seconds.push((performance.now() - at) / 1000);
      await index.close();
    }
    const last = join(path, String(repeats - 1));
    context.say({ task: 'lexical', case: `${name}/index`, metric: 'docs_per_s', value: documents.length / quantile(seconds, 0.5) });
    context.say({ task: 'lexical', case: `${name}/index`, metric: 'bytes', value: bytesOf(last) });
    if (documents.length > 50_000 && availableParallelism() > 1) {
      const at = performance.now();
      const parallel = await LexicalIndex.build(documents, { path: join(path, 'threads'), analysis: 'standard', threads: 2 });
      await parallel.settled();
      const value = (1000 * documents.length) / (performance.now() - at);
      context.say({ task: 'lexical', case: `${name}/index`, metric: 'docs_per_s', value, threads: 2 });
      await parallel.close();
    }
    // Whoever searches an index does not hold the collection in memory.
    documents = [];
    const index = await LexicalIndex.open(last);
    for (const k of depths) {
      const search = (text: string) => index.search(text, k);
      const { first, rates, run } = await queriesPerSecond(queries, search);
      const row = { task: 'lexical', case: `${name}/top${k}`, metric: 'qps' };
      const quality = k === 10 && qrels !== undefined ? { 'ndcg@10': ndcg(qrels, run) } : undefined;
      const { strategy } = index.searchDetailed(queries[0]!.text, k);
      context.say({ ...row, value: quantile(rates, 0.5), spread: [Math.min(...rates), Math.max(...rates)], ...(quality && { quality }) });
      context.say({ ...row, peer: `rank-rank, first time each (${strategy})`, value: first });
    }
    await index.close();
    const found = JSON.parse(
      execFileSync(process.execPath, ['--expose-gc', fileURLToPath(new URL('./mapped-memory.js', import.meta.url)), last], {
        input: JSON.stringify(queries.map(({ text }) => text)),
        encoding: 'utf8',
      }),
    ) as { anonymous: number; touched: number };
    const row = { task: 'lexical', metric: 'bytes' };
    context.say({ ...row, case: `${name}/memory while searching, without the touched pages of the file`, value: found.anonymous });
    context.say({ ...row, case: `${name}/touched pages of the file`, value: found.touched });
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** Passes over all queries: the first, some until the code is warm, then those that count, each of at least a quarter of a second. */
export async function queriesPerSecond(
  queries: readonly Query[],
  search: (text: string) => Promise<readonly { id: string; score: number }[]>,
): Promise<{ first: number; rates: number[]; run: Run }> {
  const run = new Map<string, readonly { id: string; score: number }[]>();
  // What is found is kept once: to keep it all from pass to pass would measure the collector, not the search.
  const pass = async (keep = false): Promise<number> => {
    const at = performance.now();
    for (const { id, text } of queries) {
      const found = await search(text);
      if (keep) run.set(id, found.slice(0, 10));
    }
    return (1000 * queries.length) / (performance.now() - at);
  };
  const first = await pass(true);
  const warm = performance.now() + 1000;
  let rate = 0;
  while (performance.now() < warm) rate = await pass();
  const rounds = Math.ceil((rate || first) / (4 * queries.length));
  const rates: number[] = [];
  for (let i = 0; i < 7; i++) {
    const at = performance.now();
    for (let round = 0; round < rounds; round++) await pass();
    rates.push((1000 * rounds * queries.length) / (performance.now() - at));
  }
  return { first, rates, run };
}

export function ndcg(qrels: Qrels, run: Run): number {
  const values = valuesOf(evaluate(qrels, run, 'nDCG@10'), 'nDCG@10');
  return Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4));
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesOf(path) : statSync(path).size);
  }, 0);
}

/** The texts that all index: title and text, as the peers' script joins them. */
export function textsOf(documents: readonly Document[]): string[] {
  return documents.map((document) => fullText(document));
}
