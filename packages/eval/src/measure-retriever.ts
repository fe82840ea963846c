import {
  checkInteger,
  checkOptions,
  NamedRun,
  type OnProgress,
  type Query,
  RankError,
  type Retriever,
  throttleProgress,
  throwIfCancelled,
} from '@rank-rank/core';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.ts';
import type { JudgementsInput } from './judgements.ts';
import type { Measure } from './measure.ts';
import { mean } from './statistics/moments.ts';

export interface MeasureRetrieverOptions extends EvaluateOptions {
  /** How many documents are asked for; 1,000 by default. */
  readonly k?: number;
  /** nDCG@10, AP, RR@10, R@100 and R@1000 by default. */
  readonly measures?: string | Measure | readonly (string | Measure)[];
  /** Queries that are asked first and not counted: caches fill and code is compiled. 5 by default. */
  readonly warmUp?: number;
  /** How often each query is timed; the median of its times counts. 1 by default. */
  readonly repeats?: number;
  /** How many queries are under way at once; 1 by default. Throughput is over the whole, latency is each query's own. */
  readonly concurrency?: number;
  /** What the run is called; "run" by default. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** How long queries took, in milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Quality, time and memory of a retriever over the same queries. */
export interface Measured extends Evaluation {
  readonly name: string;
  /** What it answered. */
  readonly run: NamedRun;
  readonly latency: Latency;
  /** Queries a second. */
  readonly throughput: number;
  /** Bytes of the process, where the runtime tells: before the first query, and the most seen between queries. */
  readonly memory?: { readonly before: number; readonly peak: number };
}

const usual = ['nDCG@10', 'AP', 'RR@10', 'R@100', 'R@1000'];

/**
 * Asks a retriever every query that has judgements, and measures how good, how fast and how large it is at once.
 *
 * @example
 * const { values, latency, throughput } = await measure(retriever, queries, qrels);
 * console.log(values['nDCG@10'], latency.p95, throughput);
 */
export async function measure(
  retriever: Retriever,
  queries: readonly Query[],
  qrels: JudgementsInput,
  options: MeasureRetrieverOptions = {},
): Promise<Measured> {
  checkOptions('measure', options, [
    'k',
    'measures',
    'warmUp',
    'repeats',
    'concurrency',
    'name',
    'signal',
    'onProgress',
    'queries',
    'ties',
    'depth',
  ]);
  const k = checkInteger('measure: k', options.k ?? 1000, { min: 1 });
  const warmUp = checkInteger('measure: warmUp', options.warmUp ?? 5, { min: 0 });
  const repeats = checkInteger('measure: repeats', options.repeats ?? 1, { min: 1 });
  const concurrency = checkInteger('measure: concurrency', options.concurrency ?? 1, { min: 1 });
  const { measures = usual, name = 'run', signal, onProgress, queries: which, ties, depth } = options;
  const judged = qrels instanceof Map ? qrels : new Map(Object.entries(qrels));
  const asked = queries.filter(({ id }) => judged.has(id));
  if (asked.length === 0) {
    throw new RankError('EMPTY_INPUT', `measure: none of the ${queries.length} queries has judgements; expected the same ids in both.`);
  }
  const searchOptions = signal === undefined ? {} : { signal };
  for (let i = 0; i < warmUp; i++) {
    throwIfCancelled(signal, 'Measuring');
    await retriever.search(asked[i % asked.length]!.text, k, searchOptions);
  }

  const report = throttleProgress(onProgress);
  const run = new NamedRun(name);
  const times = asked.map(() => new Float64Array(repeats));
  const before = memoryInUse();
  let peak = before;
  let next = 0;
  let done = 0;
  const work = asked.length * repeats;
  const worker = async (): Promise<void> => {
    while (next < work) {
      throwIfCancelled(signal, 'Measuring');
      const at = next++;
      const { id, text } = asked[at % asked.length]!;
      const start = performance.now();
      const ranking = await retriever.search(text, k, searchOptions);
      times[at % asked.length]![Math.floor(at / asked.length)] = performance.now() - start;
      if (at < asked.length) run.set(id, ranking);
      const now = memoryInUse();
      if (now !== undefined && now > (peak ?? 0)) peak = now;
      report({ stage: 'measuring', done: ++done, total: work, unit: 'queries' });
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, work) }, worker));
  const seconds = (performance.now() - start) / 1000;
  const evaluateOptions = { ...(which && { queries: which }), ...(ties && { ties }), ...(depth === undefined ? {} : { depth }) };
  return {
    name,
    run,
    latency: latencyOf(times.map((repeated) => repeated.sort()[repeats >> 1]!)),
    throughput: work / seconds,
    ...(before === undefined || peak === undefined ? {} : { memory: { before, peak } }),
    ...evaluate(qrels, run, measures, evaluateOptions),
  };
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = Float64Array.from(times).sort();
  // Nearest rank: a latency that some query really had.
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
  return { mean: mean(sorted), p50: at(0.5), p95: at(0.95), p99: at(0.99), lowest: sorted[0]!, highest: sorted.at(-1)! };
}

/** What the process holds, where the runtime can say: Node, Bun and Deno can, browsers cannot. */
function memoryInUse(): number | undefined {
  const { process } = globalThis as { process?: { memoryUsage?: { rss?: () => number } } };
  return process?.memoryUsage?.rss?.();
}
