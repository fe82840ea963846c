import {
  checkNumber,
  checkOptions,
  type Qrels,
  type QrelsInput,
  RankError,
  type Ranking,
  type RunInput,
  toQrels,
  toRun,
} from '@rank-rank/core';
import type { FusionMethod, FusionModel, Parameter } from './method.ts';
import { resolveParameters } from './parameters.ts';
import { toMethod } from './registry.ts';
import { namedRuns, type RunsInput } from './runs.ts';

/** The judged queries of one run, as training sees them. */
export interface TrainingRun {
  /** For each query that has relevant documents and that the run answered: which of its documents are relevant, best first. */
  readonly hits: readonly Uint8Array[];
  /** For each of those queries: how many relevant documents there are in all. */
  readonly relevant: readonly number[];
}

/** What to train, and on what. */
export type FitOptions = {
  /** The least grade that is relevant: 1 by default. A grade of ½ is thus not relevant, nor is one below 0. */
  readonly minimumGrade?: number;
} & (
  | { readonly method: 'posfuse' | 'segfuse' | 'mapfuse' | 'bayesfuse' }
  | { readonly method: 'slidefuse'; readonly window?: number }
  | { readonly method: 'probfuse'; readonly segments?: number }
  | { readonly method: FusionMethod; readonly [parameter: string]: unknown }
);

/**
 * Trains a method on judged queries: what {@link fuse} then takes as `model`.
 *
 * A query counts where it has relevant documents; a run that does not answer it is not counted on it.
 *
 * @example
 * const model = fit(runs, qrels, { method: 'slidefuse', window: 5 });
 * const fused = fuse(otherRuns, { method: 'slidefuse', model });
 */
export function fit(runs: RunsInput, qrels: QrelsInput, options: FitOptions): FusionModel {
  const { inputs, names } = namedRuns(runs, 'fit');
  checkOptions('fit', options, Object.keys(options ?? {}));
  const { method, minimumGrade = 1, ...parameters } = (options ?? {}) as FitOptions & Readonly<Record<string, unknown>>;
  return fitMethod(
    toMethod(method, 'fit: method'),
    inputs,
    names,
    toQrels(qrels),
    parameters,
    checkNumber('fit: minimumGrade', minimumGrade),
  );
}

/** Trains on runs that may have been checked before. */
export function fitMethod(
  method: FusionMethod,
  inputs: readonly RunInput[],
  names: readonly string[],
  qrels: Qrels,
  options: Readonly<Record<string, unknown>>,
  minimumGrade = 1,
): FusionModel {
  if (method.fit === undefined) {
    throw new RankError('UNSUPPORTED', `${method.name} has nothing to train; fuse with it as it is.`, { method: method.name });
  }
  const trained = withoutModel(method);
  const parameters = resolveParameters(trained, options, { names, where: method.name }, []);
  const relevant = relevantDocuments(qrels, minimumGrade);
  if (relevant.size === 0) {
    throw new RankError('EMPTY_INPUT', `No judged query has a document of grade ${minimumGrade} or more; there is nothing to learn from.`, {
      queries: qrels.size,
    });
  }
  const answered = new Set<string>();
  const tables = inputs.map((input, run) => {
    const training = trainingRun(toRun(input, `run ${JSON.stringify(names[run])}`), relevant, answered);
    if (training.hits.length === 0) {
      throw new RankError(
        'EMPTY_INPUT',
        `Run ${JSON.stringify(names[run])} answers no judged query that has relevant documents; there is nothing to learn from.`,
        {
          run: names[run],
        },
      );
    }
    return [...method.fit!(training, parameters)];
  });
  return { method: method.name, parameters: asGiven(trained, options), runs: names, tables, queries: answered.size };
}

function withoutModel(method: FusionMethod): FusionMethod {
  const { model: _, ...parameters } = method.parameters as Record<string, FusionMethod['parameters'][string]>;
  return { ...method, parameters };
}

/** The parameters as plain data, for the model to keep: fusing uses them where it is not told otherwise. */
function asGiven(method: FusionMethod, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const specifications: Readonly<Record<string, Parameter>> = method.parameters;
  return Object.fromEntries(Object.keys(specifications).map((name) => [name, options[name] ?? specifications[name]!.default]));
}

function relevantDocuments(qrels: Qrels, minimumGrade: number): Map<string, Set<string>> {
  const relevant = new Map<string, Set<string>>();
  for (const [query, grades] of qrels) {
    const documents = new Set<string>();
    for (const [id, grade] of grades) if (grade >= minimumGrade) documents.add(id);
    if (documents.size > 0) relevant.set(query, documents);
  }
  return relevant;
}

function trainingRun(
  run: ReadonlyMap<string, Ranking>,
  relevant: ReadonlyMap<string, ReadonlySet<string>>,
  answered: Set<string>,
): TrainingRun {
  const hits: Uint8Array[] = [];
  const counts: number[] = [];
  for (const [query, documents] of relevant) {
    const ranking = run.get(query);
    if (ranking === undefined) continue;
    answered.add(query);
    hits.push(Uint8Array.from(ranking, ({ id }) => (documents.has(id) ? 1 : 0)));
    counts.push(documents.size);
  }
  return { hits, relevant: counts };
}
