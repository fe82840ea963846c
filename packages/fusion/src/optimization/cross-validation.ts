import type { Random } from '@rank-rank/core';
import { folds } from './folds.ts';
import { mean, standardDeviation } from './measure.ts';
import type { PlainParameters } from './trial-evaluator.ts';

/** One part of the queries, measured with what was found on the others. */
export interface FoldReport {
  /** How many queries it was found on, and how many it was measured on. */
  readonly training: number;
  readonly testing: number;
  readonly parameters: PlainParameters;
  /** The mean over the held-out queries. */
  readonly value: number;
  /** The same with the defaults. */
  readonly baseline: number;
  /** The same of the run that was best on the training queries. */
  readonly bestRun: { readonly run: string; readonly value: number };
}

/** What tuning is worth on queries that it has not seen. */
export interface CrossValidation {
  readonly folds: readonly FoldReport[];
  /** The mean over all queries, each measured with parameters found without it. */
  readonly value: number;
  /** The sample standard deviation of the folds' values. */
  readonly standardDeviation: number;
  /** The means over all queries of the defaults, and of the run that was best on the training queries. */
  readonly baseline: number;
  readonly bestRun: number;
  /** On how many queries tuning was better than the defaults, and worse. */
  readonly better: number;
  readonly worse: number;
  /** What follows, in words. */
  readonly verdict: string;
}

export interface Candidates {
  readonly names: readonly string[];
  /** The values of all queries with the defaults, and of each run. */
  readonly defaults: Float64Array;
  readonly singles: readonly Float64Array[];
  /** The parameters found on some queries. */
  readonly choose: (training: Int32Array, fold: number) => Promise<PlainParameters>;
  /** The values of other queries with them. */
  readonly test: (parameters: PlainParameters, training: Int32Array, testing: Int32Array) => Promise<Float64Array>;
}

/** k-fold cross-validation by query: each part in turn is measured with parameters that were found on the others. */
export async function crossValidate(count: number, foldCount: number, random: Random, candidates: Candidates): Promise<CrossValidation> {
  const { names, defaults, singles, choose, test } = candidates;
  const reports: FoldReport[] = [];
  const tuned = new Float64Array(count);
  const chosenRun = new Float64Array(count);
  for (const [fold, testing] of folds(count, foldCount, random).entries()) {
    const held = new Set(testing);
    const training = Int32Array.from({ length: count }, (_, place) => place).filter((place) => !held.has(place));
    const parameters = await choose(training, fold);
    const values = await test(parameters, training, testing);
    const means = singles.map((single) => mean(Array.from(training, (place) => single[place]!)));
    const run = means.indexOf(Math.max(...means));
    testing.forEach((place, at) => {
      tuned[place] = values[at]!;
      chosenRun[place] = singles[run]![place]!;
    });
    reports.push({
      training: training.length,
      testing: testing.length,
      parameters,
      value: mean(values),
      baseline: mean(Array.from(testing, (place) => defaults[place]!)),
      bestRun: { run: names[run]!, value: mean(Array.from(testing, (place) => singles[run]![place]!)) },
    });
  }
  const summary = {
    folds: reports,
    value: mean(tuned),
    standardDeviation: standardDeviation(reports.map(({ value }) => value)),
    baseline: mean(defaults),
    bestRun: mean(chosenRun),
    better: tuned.filter((value, place) => value > defaults[place]!).length,
    worse: tuned.filter((value, place) => value < defaults[place]!).length,
  };
  return { ...summary, verdict: verdictOf(summary) };
}

function verdictOf({ value, baseline, bestRun, better, worse, folds: reports }: Omit<CrossValidation, 'verdict'>): string {
  const figures = `${value.toFixed(4)} on held-out queries, ${baseline.toFixed(4)} with the defaults, ${bestRun.toFixed(4)} with the best run alone`;
  const winning = reports.filter((fold) => fold.value > fold.baseline).length;
  const record = `better than the defaults in ${winning} of ${reports.length} folds, on ${better} queries, worse on ${worse}`;
  if (bestRun >= value && bestRun >= baseline)
    return `Do not fuse with this method: the best run alone does as well or better (${figures}).`;
  if (value <= baseline) return `Keep the defaults: tuning does not carry over to new queries (${figures}; ${record}).`;
  if (2 * winning <= reports.length)
    return `Keep the defaults unless you have more queries: the gain rests on a few folds (${figures}; ${record}).`;
  return `Use the tuned parameters (${figures}; ${record}).`;
}
