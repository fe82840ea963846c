import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import {
  checkInteger,
  checkOptions,
  checkString,
  type Filter,
  type Query,
  RankError,
  shown,
  throttleProgress,
  throwIfCancelled,
  trecRunText,
  type WorkOptions,
} from '@rank-rank/core';
import type { Pipeline } from '../run/pipeline.ts';

export interface RunQueriesOptions extends WorkOptions {
  /** The run to write, in TREC format. What is not finished lies beside it, as `.partial` with a `.journal`. */
  readonly output: string;
  /** Hits a query; 1,000 by default. */
  readonly k?: number;
  readonly filter?: Filter;
  /** The last field of every line; the pipeline's name by default. */
  readonly tag?: string;
  /** Go on with a `.partial` file of the same queries, if there is one; true by default. */
  readonly resume?: boolean;
  /** Milliseconds a query may take. */
  readonly budget?: number;
}

/** What a batch did. */
export interface RunReport {
  readonly queries: number;
  readonly hits: number;
  /** Queries that were answered by an earlier, interrupted batch. */
  readonly resumed: number;
  readonly milliseconds: { readonly p50: number; readonly p95: number; readonly p99: number };
}

/**
 * Answers any number of queries, one after the other, into a run file. Interrupted, it goes on where it stopped when it is called again: answers are
 * written as they come, and the file gets its name when it is whole.
 *
 * @example await runQueries(search, queries, { output: 'full.run', k: 1000 });
 */
export async function runQueries(pipeline: Pipeline<unknown>, queries: readonly Query[], options: RunQueriesOptions): Promise<RunReport> {
  checkOptions('runQueries', options, ['output', 'k', 'filter', 'tag', 'resume', 'budget', 'signal', 'onProgress']);
  const { output, filter, tag = pipeline.name, resume = true, budget, signal } = options;
  checkString('runQueries: output', output);
  const k = checkInteger('runQueries: k', options.k ?? 1000, { min: 1 });
  checkQueries(queries);
  const partial = `${output}.partial`;
  const journal = `${output}.journal`;
  const known = resume ? await answered(partial, journal) : { bytes: 0, lines: [], hits: new Map<string, number>() };
  const asked = new Set(queries.map(({ id }) => id));
  for (const query of known.hits.keys()) {
    if (asked.has(query)) continue;
    throw new RankError(
      'INVALID_ARGUMENT',
      `${partial} has answers to query ${shown(query)}, which is not asked now: it belongs to another batch. Remove it, or say resume: false.`,
      { file: partial, query },
    );
  }
  const report = throttleProgress(options.onProgress);
  const times: number[] = [];
  let hits = [...known.hits.values()].reduce((sum, count) => sum + count, 0);
  const run = await open(partial, known.bytes > 0 ? 'r+' : 'w');
  const progress = await open(journal, 'w');
  try {
    // What an interrupted batch left half written is cut off.
    await run.truncate(known.bytes);
    let at = known.bytes;
    await progress.writeFile(known.lines.map((line) => `${line}\n`).join(''));
    for (const [done, query] of queries.entries()) {
      if (!known.hits.has(query.id)) {
        throwIfCancelled(signal, 'The batch');
        const { hits: ranking, trace } = await pipeline.run(query, {
          k,
          ...(filter && { filter }),
          ...(signal && { signal }),
          ...(budget !== undefined && { budget }),
        });
        times.push(trace.milliseconds);
        hits += ranking.length;
        const bytes = Buffer.from([...trecRunText([{ query: query.id, ranking }], { tag })].join(''));
        await run.write(bytes, 0, bytes.length, at);
        at += bytes.length;
        await progress.writeFile(`${at} ${ranking.length} ${query.id}\n`);
      }
      report({ stage: 'searching', done: done + 1, total: queries.length, unit: 'queries' });
    }
    await run.sync();
  } finally {
    await run.close();
    await progress.close();
  }
  await rename(partial, output);
  await unlink(journal);
  times.sort((a, b) => a - b);
  const quantile = (q: number): number => times[Math.min(times.length - 1, Math.max(0, Math.ceil(q * times.length) - 1))] ?? 0;
  return {
    queries: queries.length,
    hits,
    resumed: known.hits.size,
    milliseconds: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
  };
}

/** A line of the journal beside a partial run: where the answer to a query ends, how many hits it has, and its id. */
const journalLine = /^(\d+) (\d+) (\S+)$/;

/** What an earlier batch finished: whole journal lines whose answers lie within the partial run. */
async function answered(partial: string, journal: string): Promise<{ bytes: number; lines: string[]; hits: Map<string, number> }> {
  const hits = new Map<string, number>();
  const lines: string[] = [];
  const written = (await stat(partial).catch(() => undefined))?.size ?? 0;
  const text = written === 0 ? '' : await readFile(journal, 'utf8').catch(() => '');
  let bytes = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const entry = journalLine.exec(line);
    if (entry === null || Number(entry[1]) > written) break;
    bytes = Number(entry[1]);
    hits.set(entry[3]!, Number(entry[2]));
    lines.push(line);
  }
  return { bytes, lines, hits };
}

function checkQueries(queries: readonly Query[]): void {
  if (!Array.isArray(queries))
    throw new RankError('INVALID_ARGUMENT', `runQueries: queries are ${shown(queries)}; expected an array of { id, text }.`);
  const seen = new Set<string>();
  for (const { id } of queries) {
    if (typeof id !== 'string' || !/^\S+$/.test(id))
      throw new RankError('INVALID_ARGUMENT', `runQueries: a query has the id ${shown(id)}; a run needs ids without spaces.`, { id });
    if (seen.has(id)) throw new RankError('DUPLICATE_ID', `runQueries: query ${shown(id)} stands twice.`, { id });
    seen.add(id);
  }
}
