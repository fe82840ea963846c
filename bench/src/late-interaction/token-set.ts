import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Qrels, Ranking } from '@rank-rank/core';
import type { IndexDocument, TokenIndex, TokenSearchOptions } from '@rank-rank/rerank';
import { openTokens } from '@rank-rank/rerank/files';
import { quantile } from '../measure.ts';
import type { Context } from '../question.ts';

/** Token matrices of a collection and its queries, the best 100 of each query by exact MaxSim, and judgements where there are any. */
export interface TokenSet {
  readonly name: string;
  readonly dim: number;
  readonly documents: IndexDocument[];
  readonly queries: readonly IndexDocument[];
  readonly exact: ReadonlyMap<string, readonly string[]>;
  readonly qrels?: Qrels;
}

export function isTokenSet({ workloads }: Context, name: string): boolean {
  return existsSync(join(workloads, 'tokens', name, 'exact.json'));
}

/** A set that `make_tokens.py` wrote. */
export async function readTokenSet(context: Context, name: string): Promise<TokenSet> {
  const folder = join(context.workloads, 'tokens', name);
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const documents = await readTokenMatrices(context, name, 'document');
  const qrels = json('qrels.json') as Qrels;
  const exact = json('exact.json') as Record<string, [string, number][]>;
  return {
    name,
    dim: documents[0]!.tokens.dim,
    documents,
    queries: await readTokenMatrices(context, name, 'query'),
    exact: new Map(Object.entries(exact).map(([id, hits]) => [id, hits.map(([document]) => document)])),
    ...(Object.keys(qrels).length > 0 && { qrels }),
  };
}

/** The documents or the queries of a set. */
export async function readTokenMatrices({ workloads }: Context, name: string, as: 'document' | 'query'): Promise<IndexDocument[]> {
  const list: IndexDocument[] = [];
  for await (const document of (await openTokens(join(workloads, 'tokens', name), { as })).documents()) list.push(document);
  return list;
}

export function tokensIn(documents: readonly IndexDocument[]): number {
  return documents.reduce((sum, { tokens }) => sum + tokens.rows, 0);
}

/** The share of the best k by exact MaxSim that is among the first k, over all queries. */
export function recallOf(set: TokenSet, found: ReadonlyMap<string, Ranking>, k: number): number {
  let sum = 0;
  for (const [id, ranking] of found) {
    const truth = new Set(set.exact.get(id)!.slice(0, k));
    sum += ranking.slice(0, k).filter((hit) => truth.has(hit.id)).length / truth.size;
  }
  return sum / found.size;
}

export interface SearchTiming {
  readonly qps: number;
  readonly found: ReadonlyMap<string, Ranking>;
  readonly p50: number;
  readonly p95: number;
}

/** Passes over the queries: at least, and at most within so many milliseconds. */
const [fewestPasses, mostPasses, enoughMilliseconds] = [4, 12, 8000];

/**
 * Searches the queries one after another, several times over, and takes each one's median time: what another process interrupts does not
 * count. The rate is what these times allow, one query after another.
 */
export async function timeSearches(
  index: TokenIndex,
  queries: readonly IndexDocument[],
  k: number,
  options: TokenSearchOptions,
): Promise<SearchTiming> {
  const times = queries.map((): number[] => []);
  const found = new Map<string, Ranking>();
  for (const { tokens } of queries.slice(0, 10)) await index.search(tokens, k, options);
  const until = performance.now() + enoughMilliseconds;
  for (let pass = 0; pass < fewestPasses || (pass < mostPasses && performance.now() < until); pass++) {
    for (const [i, { id, tokens }] of queries.entries()) {
      const start = performance.now();
      const ranking = await index.search(tokens, k, options);
      times[i]!.push(performance.now() - start);
      found.set(id, ranking);
    }
  }
  const usual = times.map((each) => quantile(each, 0.5));
  const total = usual.reduce((sum, time) => sum + time, 0);
  return { qps: (1000 * usual.length) / total, found, p50: quantile(usual, 0.5), p95: quantile(usual, 0.95) };
}
