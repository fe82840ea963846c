import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  type QrelsInput,
  type Query,
  Random,
  RankError,
  type Ranking,
  shown,
  throttleProgress,
  throwIfCancelled,
  type WorkOptions,
} from '@rank-rank/core';
import { Evaluator, parseMeasure } from '@rank-rank/eval';
import type { Pipeline } from '../run/pipeline.ts';

/** A value that a parameter may take. */
export type Choice = number | string | boolean;

/** Parameters and the values to try, in ascending order where they have one. */
export type SearchSpace = Readonly<Record<string, readonly Choice[]>>;

export type Parameters<S extends SearchSpace> = { readonly [K in keyof S]: S[K][number] };

export interface TuneOptions<S extends SearchSpace> extends WorkOptions {
  readonly space: S;
  /** A pipeline with these parameters. */
  readonly make: (parameters: Parameters<S>) => Pipeline<unknown> | Promise<Pipeline<unknown>>;
  readonly queries: readonly Query[];
  readonly qrels: QrelsInput;
  /** `nDCG@10` by default. */
  readonly measure?: string;
  /** The median time of a query may not be more than this. */
  readonly milliseconds?: number;
  /** Hits a query is evaluated on; 100 by default. */
  readonly k?: number;
  /** `grid` tries every combination; `coordinate` improves one parameter at a time until none helps. The smaller of the two by default. */
  readonly search?: 'grid' | 'coordinate';
  /** Parts for cross-validation, by query; 5 by default. */
  readonly folds?: number;
  readonly seed?: number;
}

/** One combination that was tried. */
export interface Trial<S extends SearchSpace> {
  readonly parameters: Parameters<S>;
  /** The measure's mean over the queries. */
  readonly quality: number;
  /** The median time of a query. */
  readonly milliseconds: number;
  /** Whether it is within the time allowed. */
  readonly allowed: boolean;
}

export interface TuneResult<S extends SearchSpace> {
  readonly measure: string;
  /** The best of those allowed; undefined where none is. */
  readonly best: Trial<S> | undefined;
  /**
   * What to expect on new queries: in each fold the best combination for the other folds' queries is measured on its own. The `best` above was
   * chosen on all queries, so its own figure flatters it.
   */
  readonly crossValidated: number | undefined;
  /** The first combination of the space: where the search began. */
  readonly start: Trial<S>;
  readonly trials: readonly Trial<S>[];
  /** Trials that no other beats in both quality and time, fastest first. */
  readonly front: readonly Trial<S>[];
}

interface Measured<S extends SearchSpace> extends Trial<S> {
  readonly perQuery: readonly number[];
}

const gridLimit = 200;

/**
 * Looks for the parameters of a pipeline (depths, weights, methods, shares) with the best quality within a time, on judged queries.
 *
 * @example
 * const { best, crossValidated, front } = await tune({
 *   space: { weight: [0.1, 0.2, 0.3], depth: [50, 100] },
 *   make: ({ weight, depth }) => pipeline(retrieve({ bm25, dense }), fuse({ method: 'weighted-sum', weights: { bm25: 1, dense: weight } }), rerank(late, { depth })),
 *   queries, qrels, milliseconds: 20,
 * });
 */
export async function tune<const S extends SearchSpace>(options: TuneOptions<S>): Promise<TuneResult<S>> {
  checkOptions('tune', options, [
    'space',
    'make',
    'queries',
    'qrels',
    'measure',
    'milliseconds',
    'k',
    'search',
    'folds',
    'seed',
    'signal',
    'onProgress',
  ]);
  const { space, make, qrels, measure = 'nDCG@10', milliseconds, signal } = options;
  const names = checkSpace(space);
  if (typeof make !== 'function')
    throw new RankError('INVALID_ARGUMENT', `tune: make is ${shown(make)}; expected a function from parameters to a pipeline.`);
  if (milliseconds !== undefined) checkNumber('tune: milliseconds', milliseconds, { above: 0 });
  const k = checkInteger('tune: k', options.k ?? 100, { min: 1 });
  const folds = checkInteger('tune: folds', options.folds ?? 5, { min: 2 });
  const size = names.reduce((product, name) => product * space[name]!.length, 1);
  const search = checkOneOf('tune: search', options.search ?? (size <= gridLimit ? 'grid' : 'coordinate'), ['grid', 'coordinate']);
  const evaluator = new Evaluator(qrels, [parseMeasure(measure)]);
  const judged = new Set(evaluator.evaluate(new Map()).queries);
  const queries = options.queries.filter(({ id }) => judged.has(id));
  if (queries.length < folds) {
    throw new RankError(
      'EMPTY_INPUT',
      `tune: ${queries.length} of ${options.queries.length} queries are judged; cross-validation in ${folds} parts needs at least ${folds}.`,
      { judged: queries.length },
    );
  }
  const report = throttleProgress(options.onProgress);
  const tried = new Map<string, Measured<S>>();

  const attempt = async (parameters: Parameters<S>): Promise<Measured<S>> => {
    const key = JSON.stringify(names.map((name) => parameters[name]));
    const known = tried.get(key);
    if (known !== undefined) return known;
    const made = await make(parameters);
    const times: number[] = [];
    const run = new Map<string, Ranking>();
    // The first queries warm caches that the timed ones then share.
    for (const query of queries.slice(0, 3)) await made.run(query, { k });
    for (const query of queries) {
      throwIfCancelled(signal, 'Tuning');
      const { hits, trace } = await made.run(query, { k, ...(signal && { signal }) });
      run.set(query.id, hits);
      times.push(trace.milliseconds);
    }
    times.sort((a, b) => a - b);
    const { perQuery } = evaluator.evaluate(run);
    const label = evaluator.measures[0]!.label;
    const values = queries.map(({ id }) => perQuery[id]![label]!);
    const median = times[times.length >> 1]!;
    const trial = {
      parameters,
      quality: mean(values),
      milliseconds: median,
      allowed: milliseconds === undefined || median <= milliseconds,
      perQuery: values,
    };
    tried.set(key, trial);
    report({ stage: 'tuning', done: tried.size, ...(search === 'grid' && { total: size }), unit: 'trials' });
    return trial;
  };

  const first = combination(
    space,
    names,
    names.map(() => 0),
  );
  const start = await attempt(first);
  if (search === 'grid') for (const parameters of combinations(space, names)) await attempt(parameters);
  else await climb(space, names, attempt);

  const all = [...tried.values()];
  const allowed = all.filter((trial) => trial.allowed);
  const bare = ({ perQuery: _, ...trial }: Measured<S>): Trial<S> => trial;
  const best = allowed.length === 0 ? undefined : bestOf(allowed, (trial) => trial.quality);
  return {
    measure,
    best: best && bare(best),
    crossValidated: allowed.length === 0 ? undefined : crossValidate(allowed, queries.length, folds, new Random(options.seed ?? 42)),
    start: bare(start),
    trials: all.map(bare),
    front: frontOf(all).map(bare),
  };
}

/** Trials that no other beats in both quality and time, fastest first. */
export function frontOf<T extends { readonly quality: number; readonly milliseconds: number }>(trials: readonly T[]): T[] {
  const front: T[] = [];
  for (const trial of [...trials].sort((a, b) => a.milliseconds - b.milliseconds || b.quality - a.quality)) {
    if (front.length === 0 || trial.quality > front.at(-1)!.quality) front.push(trial);
  }
  return front;
}

async function climb<S extends SearchSpace>(
  space: S,
  names: readonly (keyof S & string)[],
  attempt: (parameters: Parameters<S>) => Promise<Measured<S>>,
): Promise<void> {
  let places = names.map((name) => (space[name]!.length - 1) >> 1);
  let best = await attempt(combination(space, names, places));
  for (let improved = true; improved; ) {
    improved = false;
    for (const [at, name] of names.entries()) {
      for (let choice = 0; choice < space[name]!.length; choice++) {
        const moved = places.with(at, choice);
        const trial = await attempt(combination(space, names, moved));
        if (!better(trial, best)) continue;
        best = trial;
        places = moved;
        improved = true;
      }
    }
  }
}

/** An allowed trial beats one that is not; then quality decides. */
function better<S extends SearchSpace>(a: Measured<S>, b: Measured<S>): boolean {
  if (a.allowed !== b.allowed) return a.allowed;
  return a.quality > b.quality;
}

function crossValidate<S extends SearchSpace>(trials: readonly Measured<S>[], queries: number, folds: number, random: Random): number {
  const order = random.shuffle(Array.from({ length: queries }, (_, i) => i));
  const foldOf = new Map(order.map((query, i) => [query, i % folds]));
  const held: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const inFold = (i: number): boolean => foldOf.get(i) === fold;
    const chosen = bestOf(trials, ({ perQuery }) => mean(perQuery.filter((_, i) => !inFold(i))));
    held.push(...chosen.perQuery.filter((_, i) => inFold(i)));
  }
  return mean(held);
}

/** The first of the best, so that an earlier, simpler combination wins a tie. */
function bestOf<T>(items: readonly T[], value: (item: T) => number): T {
  return items.reduce((best, item) => (value(item) > value(best) ? item : best));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function combination<S extends SearchSpace>(space: S, names: readonly (keyof S & string)[], places: readonly number[]): Parameters<S> {
  return Object.fromEntries(names.map((name, i) => [name, space[name]![places[i]!]])) as Parameters<S>;
}

function* combinations<S extends SearchSpace>(space: S, names: readonly (keyof S & string)[]): Generator<Parameters<S>> {
  const places = names.map(() => 0);
  for (;;) {
    yield combination(space, names, places);
    let at = names.length - 1;
    while (at >= 0 && ++places[at]! === space[names[at]!]!.length) places[at--] = 0;
    if (at < 0) return;
  }
}

function checkSpace<S extends SearchSpace>(space: S): readonly (keyof S & string)[] {
  const names = typeof space === 'object' && space !== null ? (Object.keys(space) as (keyof S & string)[]) : [];
  if (names.length === 0)
    throw new RankError('INVALID_ARGUMENT', `tune: space is ${shown(space)}; expected an object from parameter to the values to try.`);
  for (const name of names) {
    if (!Array.isArray(space[name]) || space[name]!.length === 0)
      throw new RankError('INVALID_ARGUMENT', `tune: space.${name} is ${shown(space[name])}; expected an array of values to try.`);
  }
  return names;
}
