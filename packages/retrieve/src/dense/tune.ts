import { checkInteger, checkNumber, checkOptions, type Matrix, RankError, type Ranking, throwIfCancelled } from '@rank-rank/core';
import type { DenseReader, DenseSearchOptions } from './dense-reader.ts';

export interface TuneOptions {
  /** The part of the k nearest that searches are to find. 0.95 */
  readonly recall?: number;
  /** 10 */
  readonly k?: number;
  /** Queries like those to come. Without them documents stand in, each without itself. */
  readonly queries?: Matrix;
  /** How many queries (of those given, or documents) are asked. 200 */
  readonly sample?: number;
  /** When to stop trying. 10 */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** A setting that was tried. */
export interface TuneTrial {
  readonly settings: Pick<DenseSearchOptions, 'ef' | 'probes' | 'rescore'>;
  readonly recall: number;
  readonly queriesPerSecond: number;
}

export interface TuneResult extends TuneTrial {
  /** Whether the recall wanted was reached; if not, what came nearest to it. */
  readonly reached: boolean;
  readonly trials: readonly TuneTrial[];
}

export const tuneNames = ['recall', 'k', 'queries', 'sample', 'seconds', 'signal'] as const;

/** Values tried for each setting: what a structure has no use for is not varied. */
const steps = {
  ef: [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024],
  probes: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  rescore: [2, 5, 10, 20, 50, 100],
} as const;

/**
 * Finds settings that reach a recall in the least time, by trying them on queries whose exact answers it computes first.
 *
 * One setting is raised until the recall is reached; with two (lists, and candidates scored again) that is done for each value of the second, as
 * each may be the cheaper way.
 */
export async function tune(reader: DenseReader, options: TuneOptions = {}): Promise<TuneResult> {
  checkOptions('tune', options, tuneNames);
  const target = checkNumber('tune: recall', options.recall ?? 0.95, { above: 0, max: 1 });
  const k = checkInteger('tune: k', options.k ?? 10, { min: 1 });
  const sample = checkInteger('tune: sample', options.sample ?? 200, { min: 1 });
  const seconds = checkNumber('tune: seconds', options.seconds ?? 10, { above: 0 });
  const { signal } = options;
  if (reader.size === 0) throw new RankError('EMPTY_INPUT', 'tune: the index has no documents. Add some and commit.');
  const deadline = performance.now() + seconds * 1000;
  const asked = options.queries === undefined ? documentsAsQueries(reader, sample) : givenQueries(options.queries, sample);
  const search = async ({ query, self }: Asked, settings: DenseSearchOptions): Promise<Ranking> => {
    const found = await reader.search(query, k + (self === undefined ? 0 : 1), settings);
    return self === undefined ? found : found.filter(({ id }) => id !== self).slice(0, k);
  };
  const truth: Set<string>[] = [];
  for (const one of asked) {
    throwIfCancelled(signal, 'Tuning');
    truth.push(new Set((await search(one, { exact: true })).map(({ id }) => id)));
    // A third of the time for the answers: fewer queries are better than no trials.
    if (performance.now() > deadline - seconds * 667 && truth.length >= 10) break;
  }
  const queries = asked.slice(0, truth.length);
  const trials: TuneTrial[] = [];
  const attempt = async (settings: TuneTrial['settings']): Promise<TuneTrial> => {
    throwIfCancelled(signal, 'Tuning');
    let common = 0;
    let wanted = 0;
    const start = performance.now();
    for (const [i, one] of queries.entries()) {
      for (const { id } of await search(one, settings)) if (truth[i]!.has(id)) common++;
      wanted += truth[i]!.size;
    }
    const queriesPerSecond = (1000 * queries.length) / (performance.now() - start);
    const trial = { settings, recall: wanted === 0 ? 1 : common / wanted, queriesPerSecond };
    trials.push(trial);
    return trial;
  };
  const { first, second } = whatVaries(reader);
  for (const value of second === undefined ? [undefined] : steps[second]) {
    for (const step of first === undefined ? [undefined] : steps[first]) {
      if (performance.now() > deadline && trials.length > 0) break;
      const trial = await attempt({ ...(first && { [first]: step! }), ...(second && value !== undefined && { rescore: value }) });
      if (trial.recall >= target) break;
    }
  }
  const good = trials.filter(({ recall }) => recall >= target);
  const best = good.length > 0 ? good.reduce(faster) : trials.reduce((a, b) => (b.recall > a.recall ? b : a));
  return { ...best, reached: good.length > 0, trials };
}

function faster(a: TuneTrial, b: TuneTrial): TuneTrial {
  return b.queriesPerSecond > a.queriesPerSecond ? b : a;
}

interface Asked {
  readonly query: Float32Array;
  /** The document that the query is, which it would find first. */
  readonly self?: string;
}

function documentsAsQueries(reader: DenseReader, count: number): Asked[] {
  const asked: Asked[] = [];
  const step = Math.max(1, reader.size / count);
  let next = 0;
  let seen = 0;
  for (const { segment, deleted } of reader.segments) {
    for (let row = 0; row < segment.size; row++) {
      if (deleted?.has(row) || seen++ < next) continue;
      next += step;
      const self = segment.ids.id(row);
      const query = reader.vector(self);
      if (query !== undefined) asked.push({ query, self });
    }
  }
  return asked;
}

function givenQueries({ data, rows, dim }: Matrix, count: number): Asked[] {
  if (rows === 0) throw new RankError('EMPTY_INPUT', 'tune: there are no queries.');
  const step = Math.max(1, rows / count);
  return Array.from({ length: Math.min(rows, count) }, (_, i) => {
    const row = Math.floor(i * step);
    return { query: data.subarray(row * dim, (row + 1) * dim) };
  });
}

/** The settings that the segments' structures heed. */
function whatVaries(reader: DenseReader): { first: 'ef' | 'probes' | undefined; second: 'rescore' | undefined } {
  const plans = reader.segments.map(({ segment }) => segment.about.plan);
  const has = (kind: string): boolean => plans.some(({ structure }) => structure.kind === kind);
  const coarse = plans.some(({ codes, keep }) => keep !== 'none' && (codes.type === 'bits' || codes.type === 'pq'));
  const flatCodes = plans.some(({ structure, codes, keep }) => structure.kind === 'flat' && keep !== 'none' && codes.type !== keep);
  return { first: has('hnsw') ? 'ef' : has('ivf') ? 'probes' : undefined, second: coarse || flatCodes ? 'rescore' : undefined };
}
