import { checkInteger, checkNumber, checkOptions, type OnProgress, type QrelsInput, RankError, throttleProgress } from '@rank-rank/core';
import type { FusionMethod } from '../method.ts';
import { type FusionMethodName, fusionMethods, toMethod } from '../registry.ts';
import type { RunsInput } from '../runs.ts';
import { type Measure, mean } from './measure.ts';
import { type PlainParameters, TrialEvaluator } from './trial-evaluator.ts';

export interface CompareOptions {
  readonly measure: Measure;
  /** The methods to compare, each with parameters where not the defaults; all by default. */
  readonly methods?: readonly (
    | FusionMethodName
    | FusionMethod
    | { readonly method: FusionMethodName | FusionMethod; readonly parameters?: PlainParameters }
  )[];
  /** How many fused hits are measured: 1,000 by default. */
  readonly depth?: number;
  /** The least grade that is relevant, for training: 1 by default. */
  readonly minimumGrade?: number;
  /** Trained methods are trained on the other parts of the queries: 5 parts by default, divided by the seed. */
  readonly folds?: number;
  readonly seed?: number | string;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** How well a method, or a run by itself, does. */
export interface ComparedMethod {
  /** The method's name, or the run's. */
  readonly name: string;
  readonly kind: 'method' | 'run';
  readonly parameters: PlainParameters;
  /** The mean of the measure over the queries. */
  readonly value: number;
  readonly perQuery: ReadonlyMap<string, number>;
}

/**
 * Methods and single runs side by side, best first. Trained methods are measured on queries that they were not trained on.
 *
 * @example (await compareMethods({ bm25, dense }, qrels, { measure: nDCGAt10 }))[0].name
 */
export async function compareMethods(runs: RunsInput, qrels: QrelsInput, options: CompareOptions): Promise<ComparedMethod[]> {
  checkOptions('compareMethods', options, ['measure', 'methods', 'depth', 'minimumGrade', 'folds', 'seed', 'signal', 'onProgress']);
  if (typeof options?.measure !== 'function') {
    throw new RankError(
      'INVALID_ARGUMENT',
      'compareMethods: measure is missing; expected a function from qrels and a run to a value per query.',
    );
  }
  const evaluator = new TrialEvaluator(
    runs,
    qrels,
    {
      measure: options.measure,
      depth: checkInteger('compareMethods: depth', options.depth ?? 1000, { min: 1 }),
      minimumGrade: checkNumber('compareMethods: minimumGrade', options.minimumGrade ?? 1),
      foldCount: checkInteger('compareMethods: folds', options.folds ?? 5, { min: 2 }),
      seed: options.seed ?? 42,
      signal: options.signal,
    },
    'compareMethods',
  );
  const { queries, names } = evaluator;
  const chosen = (options.methods ?? fusionMethods).map((entry) => {
    const { method, parameters = {} } = typeof entry === 'object' && 'method' in entry ? entry : { method: entry };
    return { method: toMethod(method, 'compareMethods: methods'), parameters };
  });
  const onProgress = throttleProgress(options.onProgress);
  const everything = Int32Array.from(queries.keys());
  const compared: ComparedMethod[] = [];
  const add = (name: string, kind: ComparedMethod['kind'], parameters: PlainParameters, values: Float64Array): void => {
    compared.push({
      name,
      kind,
      parameters,
      value: mean(values),
      perQuery: new Map(queries.map((query, place) => [query, values[place]!])),
    });
  };
  for (const { method, parameters } of chosen) {
    if (method.fit !== undefined && queries.length < 2) {
      throw new RankError(
        'OUT_OF_RANGE',
        `compareMethods: ${method.name} is trained, and there is one judged query only. Leave trained methods out.`,
      );
    }
    add(method.name, 'method', parameters, await evaluator.evaluate(method, parameters, everything));
    onProgress({ stage: 'comparing', done: compared.length, total: chosen.length, unit: 'methods' });
  }
  names.forEach((name, run) => {
    add(name, 'run', {}, evaluator.evaluateRun(run));
  });
  return compared.sort((a, b) => b.value - a.value);
}
