import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  type OnProgress,
  type QrelsInput,
  Random,
  RankError,
  throttleProgress,
  unknownName,
} from '@rank-rank/core';
import type { FusionMethod, FusionModel, Parameter } from '../method.ts';
import { type FusionMethodName, toMethod } from '../registry.ts';
import type { RunsInput } from '../runs.ts';
import { type CrossValidation, crossValidate } from './cross-validation.ts';
import { type Measure, mean } from './measure.ts';
import { bestTrial, coordinateSearch, gridSearch, type Search, type SearchSpace, simplexSearch, type Trial } from './search.ts';
import { latticeSize } from './simplex-lattice.ts';
import { type PlainParameters, TrialEvaluator } from './trial-evaluator.ts';

export interface OptimizeOptions {
  /** The method whose parameters are searched. */
  readonly method: FusionMethodName | FusionMethod;
  /** What is made as large as it gets: values per query, from qrels and a run. */
  readonly measure: Measure;
  /** `grid`: every combination. `coordinate`: one parameter after the other. `simplex`: Nelder–Mead over the weights. By default the grid, or, where it has more than 400 points, the simplex. */
  readonly search?: 'grid' | 'coordinate' | 'simplex';
  /** The values to try, by parameter. By default the weights where the method has them, otherwise every parameter at its own values. */
  readonly grid?: Readonly<Record<string, readonly unknown[]>>;
  /** The step between weights on a grid: 0.1 by default. */
  readonly weightStep?: number;
  /** Parameters that stay as they are. */
  readonly parameters?: PlainParameters;
  /** Into how many parts queries are divided for cross-validation: 5 by default (fewer where there are fewer queries); `false` goes without. */
  readonly folds?: number | false;
  /** Decides the folds and the random starts: 42 by default. */
  readonly seed?: number | string;
  /** How many fused hits are measured: 1,000 by default. */
  readonly depth?: number;
  /** The least grade that is relevant, for training: 1 by default. */
  readonly minimumGrade?: number;
  /** The most points of a grid: 20,000 by default. */
  readonly maxTrials?: number;
  /** How many random starts the simplex search makes beside equal weights: 2 by default. */
  readonly restarts?: number;
  /** How many evaluations each start of the simplex search may take: 100 by default. */
  readonly maxEvaluations?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const known = [
  'method',
  'measure',
  'search',
  'grid',
  'weightStep',
  'parameters',
  'folds',
  'seed',
  'depth',
  'minimumGrade',
  'maxTrials',
  'restarts',
  'maxEvaluations',
  'signal',
  'onProgress',
];

/** What was found, and how far it can be trusted. */
export interface OptimizationReport {
  readonly method: string;
  readonly search: 'grid' | 'coordinate' | 'simplex';
  /** How many judged queries were searched over. */
  readonly queries: number;
  /** The best parameters on all queries. Their value is optimistic: they were chosen by it. */
  readonly best: Trial;
  /** For trained methods, the model of the best parameters, trained on all queries. */
  readonly model?: FusionModel;
  /** Every trial, in order. */
  readonly trials: readonly Trial[];
  /** The method with its defaults. */
  readonly baseline: Trial;
  /** Each run by itself. */
  readonly runs: readonly { readonly run: string; readonly value: number }[];
  /** What tuning is worth on queries it has not seen. */
  readonly crossValidation?: CrossValidation;
}

/**
 * Searches the parameters and weights of a method that make a measure largest, and says by cross-validation over queries what that is
 * worth on new ones. The same seed gives the same report.
 *
 * @example
 * const report = await optimize({ bm25, dense }, qrels, { method: 'weighted-sum', measure: nDCGAt10 });
 * report.best.parameters; // { weights: [0.3, 0.7] }
 * report.crossValidation.value; // the mean over queries, each with weights found without it
 */
export async function optimize(runs: RunsInput, qrels: QrelsInput, options: OptimizeOptions): Promise<OptimizationReport> {
  checkOptions('optimize', options, known);
  const method = toMethod(options?.method, 'optimize: method');
  if (typeof options.measure !== 'function') {
    throw new RankError('INVALID_ARGUMENT', 'optimize: measure is missing; expected a function from qrels and a run to a value per query.');
  }
  const seed = options.seed ?? 42;
  const foldCount = options.folds === false ? 0 : checkInteger('optimize: folds', options.folds ?? 5, { min: 2 });
  const evaluator = new TrialEvaluator(
    runs,
    qrels,
    {
      measure: options.measure,
      depth: checkInteger('optimize: depth', options.depth ?? 1000, { min: 1 }),
      minimumGrade: checkNumber('optimize: minimumGrade', options.minimumGrade ?? 1),
      foldCount: Math.max(2, foldCount),
      seed,
      signal: options.signal,
    },
    'optimize',
  );
  const count = evaluator.queries.length;
  if (count < 2 && (foldCount > 0 || method.fit !== undefined)) {
    throw new RankError(
      'OUT_OF_RANGE',
      'optimize: there is one judged query, and validation needs at least two. Say folds: false to search without it.',
    );
  }
  const fixed = options.parameters ?? {};
  const space = searchSpace(method, options, fixed, evaluator.names.length);
  const { name, search } = chooseSearch(options, space, seed);

  const all = Int32Array.from({ length: count }, (_, place) => place);
  // Trials come back for other folds: on a grid all of them do. The values of all queries answer for any part of them.
  const cache = new Map<string, Promise<Float64Array>>();
  const valuesOf = async (parameters: PlainParameters, places: Int32Array): Promise<Float64Array> => {
    const merged = { ...fixed, ...parameters };
    if (name === 'simplex' || method.fit !== undefined) return evaluator.evaluate(method, merged, places);
    const key = JSON.stringify(parameters);
    let values = cache.get(key);
    if (values === undefined) cache.set(key, (values = evaluator.evaluate(method, merged, all)));
    const known = await values;
    return Float64Array.from(places, (place) => known[place]!);
  };
  const onProgress = throttleProgress(options.onProgress);
  const total = name === 'grid' ? gridSize(space) : undefined;
  const searchOver = (places: Int32Array, stage: string): Promise<readonly Trial[]> => {
    let done = 0;
    return search(async (parameters) => {
      const value = mean(await valuesOf(parameters, places));
      onProgress({ stage, done: ++done, ...(total === undefined ? {} : { total }), unit: 'trials' });
      return value;
    }, space);
  };

  const trials = await searchOver(all, 'searching');
  const found = bestTrial(trials);
  const best = { parameters: { ...fixed, ...found.parameters }, value: found.value };
  const defaults = await evaluator.evaluate(method, fixed, all);
  const singles = evaluator.names.map((_, run) => evaluator.evaluateRun(run));
  const model = evaluator.train(method, best.parameters, all);
  const crossValidation =
    foldCount === 0
      ? undefined
      : await crossValidate(count, Math.min(foldCount, count), new Random(`${seed}/folds`), {
          names: evaluator.names,
          defaults,
          singles,
          choose: async (training, fold) => ({ ...fixed, ...bestTrial(await searchOver(training, `fold ${fold + 1}`)).parameters }),
          test: (parameters, training, testing) => evaluator.evaluateTrained(method, parameters, training, testing),
        });
  return {
    method: method.name,
    search: name,
    queries: count,
    best,
    ...(model === undefined ? {} : { model }),
    trials: trials.map(({ parameters, value }) => ({ parameters: { ...fixed, ...parameters }, value })),
    baseline: { parameters: fixed, value: mean(defaults) },
    runs: singles.map((values, run) => ({ run: evaluator.names[run]!, value: mean(values) })),
    ...(crossValidation === undefined ? {} : { crossValidation }),
  };
}

function searchSpace(method: FusionMethod, options: OptimizeOptions, fixed: PlainParameters, runCount: number): SearchSpace {
  const specifications = method.parameters as Readonly<Record<string, Parameter>>;
  const step = checkNumber('optimize: weightStep', options.weightStep ?? 0.1, { above: 0, max: 1 });
  const varies = (name: string): boolean => !(name in fixed);
  if (options.grid !== undefined) {
    checkOptions('optimize: grid', options.grid, Object.keys(specifications));
    for (const [name, values] of Object.entries(options.grid)) {
      if (!Array.isArray(values) || values.length === 0) {
        throw new RankError('INVALID_ARGUMENT', `optimize: grid.${name} has no values; expected an array of what to try.`);
      }
    }
    return { grid: options.grid, weightParts: undefined, runCount };
  }
  for (const name of Object.keys(fixed))
    if (!(name in specifications)) throw unknownName('optimize: parameters', name, Object.keys(specifications));
  if ('weights' in specifications && varies('weights') && runCount > 1) return { grid: {}, weightParts: Math.round(1 / step), runCount };
  const grid = Object.fromEntries(
    Object.entries(specifications)
      .filter(([name, { search }]) => search !== undefined && varies(name))
      .map(([name, { search }]) => [name, search!]),
  );
  if (Object.keys(grid).length === 0 && method.fit === undefined) {
    throw new RankError(
      'UNSUPPORTED',
      `${method.name} has no parameter to search. Say what to try: grid: { normalization: ["min-max", "z-score"] }.`,
    );
  }
  return { grid, weightParts: undefined, runCount };
}

function gridSize({ grid, weightParts, runCount }: SearchSpace): number {
  const combinations = Object.values(grid).reduce((product, values) => product * values.length, 1);
  return combinations * (weightParts === undefined ? 1 : latticeSize(runCount, weightParts));
}

function chooseSearch(
  options: OptimizeOptions,
  space: SearchSpace,
  seed: number | string,
): { name: OptimizationReport['search']; search: Search } {
  const size = gridSize(space);
  const hasWeights = space.weightParts !== undefined;
  const name =
    options.search === undefined
      ? hasWeights && size > 400
        ? 'simplex'
        : 'grid'
      : checkOneOf('optimize: search', options.search, ['grid', 'coordinate', 'simplex']);
  if (name === 'simplex') {
    if (!hasWeights)
      throw new RankError(
        'UNSUPPORTED',
        'optimize: the simplex search is for weights, and none are searched here. Use "grid" or "coordinate".',
      );
    const restarts = checkInteger('optimize: restarts', options.restarts ?? 2, { min: 0 });
    const maxEvaluations = checkInteger('optimize: maxEvaluations', options.maxEvaluations ?? 100, { min: 1 });
    return { name, search: simplexSearch(new Random(`${seed}/starts`), restarts, maxEvaluations) };
  }
  const maxTrials = checkInteger('optimize: maxTrials', options.maxTrials ?? 20_000, { min: 1 });
  if (name === 'grid' && size > maxTrials) {
    throw new RankError(
      'OUT_OF_RANGE',
      `optimize: the grid has ${size} points, more than ${maxTrials}. Use a larger weightStep, or search: "simplex".`,
      { size },
    );
  }
  return { name, search: name === 'grid' ? gridSearch : coordinateSearch };
}
