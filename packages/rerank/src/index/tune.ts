import {
  checkInteger,
  checkNumber,
  checkOptions,
  Random,
  RankError,
  type Tokens,
  throttleProgress,
  throwIfCancelled,
  type WorkOptions,
} from '@rank-rank/core';
import { selectRows } from '../tokens/select-rows.ts';
import type { SearchDefaults, TokenIndex } from './token-index.ts';

export interface TuneOptions extends WorkOptions {
  /** Queries as they will be asked; by default rows of stored documents, drawn at random. */
  readonly queries?: readonly Tokens[];
  /** How deep results are looked at. 10 */
  readonly k?: number;
  /** The share of the best k, by scoring every document, that searches are to find. 0.99 */
  readonly recall?: number;
  /** The time that a search may take, in milliseconds; where the recall cannot be had within it, the best recall that can. */
  readonly milliseconds?: number;
}

/** What one setting gave. */
export interface TunePoint extends SearchDefaults {
  readonly recall: number;
  readonly milliseconds: number;
}

export interface TuneResult {
  readonly chosen: TunePoint;
  readonly points: readonly TunePoint[];
  readonly why: string;
}

/** Pseudo-queries by default, and rows they have. */
const pseudoQueries = 64;
const pseudoRows = 16;

/**
 * Fits the settings of searches to a target: measures recall (against scoring every document's rows as they are kept) and time for growing settings, takes
 * the first that reaches the target, and makes it the index's default.
 *
 * @example
 * const { chosen, why } = await tune(index, { queries, recall: 0.98, milliseconds: 5 });
 */
export async function tune(index: TokenIndex, options: TuneOptions = {}): Promise<TuneResult> {
  checkOptions('tune', options, ['queries', 'k', 'recall', 'milliseconds', 'signal', 'onProgress']);
  const k = checkInteger('tune: k', options.k ?? 10, { min: 1 });
  const target = checkNumber('tune: recall', options.recall ?? 0.99, { above: 0, max: 1 });
  const budget = checkNumber('tune: milliseconds', options.milliseconds ?? 1e9, { above: 0 });
  if (index.size === 0) throw new RankError('EMPTY_INPUT', 'tune: the index is empty. Add and commit documents first.');
  if (index.kind === 'bm25')
    throw new RankError(
      'UNSUPPORTED',
      'tune: an index of kind bm25 finds by words, so its recall depends on the queries alone; measure it with judgements.',
    );
  const queries = options.queries ?? drawn(index, k);
  if (queries.length === 0) throw new RankError('EMPTY_INPUT', 'tune: no queries.');
  const report = throttleProgress(options.onProgress);
  const truth: Set<string>[] = [];
  for (const query of queries) {
    throwIfCancelled(options.signal, 'Tuning');
    truth.push(new Set((await index.search(query, k, { exact: true })).map(({ id }) => id)));
    report({ stage: 'scoring every document', done: truth.length, total: queries.length, unit: 'queries' });
  }
  const settings = candidatesToTry(index, k);
  const points: TunePoint[] = [];
  for (const setting of settings) {
    throwIfCancelled(options.signal, 'Tuning');
    let found = 0;
    let wanted = 0;
    const times: number[] = [];
    for (let i = 0; i < queries.length; i++) {
      const start = performance.now();
      const hits = await index.search(queries[i]!, k, setting);
      times.push(performance.now() - start);
      wanted += truth[i]!.size;
      for (const { id } of hits) if (truth[i]!.has(id)) found++;
    }
    times.sort((a, b) => a - b);
    points.push({ ...setting, recall: wanted === 0 ? 1 : found / wanted, milliseconds: times[times.length >> 1]! });
    report({ stage: 'measuring', done: points.length, total: settings.length, unit: 'settings' });
    if (points.at(-1)!.recall >= target) break;
  }
  const within = points.filter(({ milliseconds }) => milliseconds <= budget);
  const reached = within.find(({ recall }) => recall >= target);
  const chosen =
    reached ??
    (within.length > 0
      ? within.reduce((a, b) => (b.recall > a.recall ? b : a))
      : points.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a)));
  const { recall: _recall, milliseconds: _milliseconds, ...defaults } = chosen;
  index.defaults = defaults;
  const figures = `recall@${k} ${chosen.recall.toFixed(3)} in ${chosen.milliseconds.toFixed(2)} ms`;
  const why =
    reached !== undefined
      ? `The least that reaches a recall of ${target}: ${figures}.`
      : within.length > 0
        ? `Nothing tried reaches a recall of ${target}${budget < 1e9 ? ` within ${budget} ms` : ''}; this comes nearest: ${figures}.`
        : `Nothing tried takes at most ${budget} ms; this is the fastest: ${figures}.`;
  return { chosen, points, why };
}

/** Settings in growing order: candidates, and for lists also probes. */
function candidatesToTry(index: TokenIndex, k: number): SearchDefaults[] {
  const steps: number[] = [];
  for (let n = k; n < index.size; n = Math.ceil(n * 1.5)) steps.push(n);
  steps.push(index.size);
  if (index.describe().segments.some(({ search }) => search === 'warp')) {
    const { centroids } = index.describe().codec!;
    return [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
      .filter((probes) => probes < centroids)
      .concat(centroids)
      .map((probes) => ({ probes }));
  }
  return steps.map((candidates) => ({ candidates }));
}

/** Rows of stored documents, as if they were asked for. */
function drawn(index: TokenIndex, k: number): Tokens[] {
  const random = new Random(k);
  const segments = index.store.reader.segments;
  const total = segments.reduce((sum, { segment }) => sum + segment.size, 0);
  const queries: Tokens[] = [];
  for (const place of random.sample(total, pseudoQueries)) {
    let at = place;
    let s = 0;
    while (at >= segments[s]!.segment.size) at -= segments[s++]!.segment.size;
    const live = segments[s]!;
    if (live.deleted?.has(at) || live.segment.rowsOf(at) === 0) continue;
    const tokens = live.segment.tokensOf(at);
    queries.push(selectRows(tokens, random.sample(tokens.rows, pseudoRows)));
  }
  return queries;
}
