import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  NamedRun,
  RankError,
  type RunInput,
  shown,
  unknownName,
} from '@rank-rank/core';
import { type Curves, curvesOf } from './curves.ts';
import { type EvaluateOptions, type Evaluation, Evaluator, valuesOf } from './evaluate.ts';
import type { JudgementsInput } from './judgements.ts';
import type { Measure } from './measure.ts';
import { bayesianT, type Posterior } from './statistics/bayes.ts';
import { bootstrapTest } from './statistics/bootstrap.ts';
import { type Correction, corrections, correctPValues } from './statistics/corrections.ts';
import { type EffectSize, effectSize } from './statistics/effect-size.ts';
import { fisherRandomizations } from './statistics/fisher-randomization.ts';
import { mean } from './statistics/moments.ts';
import { pairedTTest } from './statistics/paired-t-test.ts';
import { signTest } from './statistics/sign-test.ts';
import type { TestResult } from './statistics/test-result.ts';
import { tukeyHsd } from './statistics/tukey-hsd.ts';
import { wilcoxonSignedRank } from './statistics/wilcoxon.ts';
import { type Summary, summarize } from './summary.ts';

/** A test of significance: Student's t, Fisher's randomisation, the bootstrap, Wilcoxon's signed ranks, signs, or Tukey's HSD. */
export type TestName = 't' | 'fisher' | 'bootstrap' | 'wilcoxon' | 'sign' | 'tukey';

export const tests: readonly TestName[] = ['t', 'fisher', 'bootstrap', 'wilcoxon', 'sign', 'tukey'];

/** What a run cost, for plots of cost against quality. */
export interface Cost {
  readonly value: number;
  readonly unit: string;
}

export interface CompareOptions extends EvaluateOptions {
  /** `fisher` by default. */
  readonly test?: TestName;
  /** How p-values are corrected over the pairs of one measure; `holm` by default. Tukey's need none. */
  readonly correction?: Correction;
  /** Below this a corrected p-value is called significant; 0.05 by default. */
  readonly alpha?: number;
  /** Random samples of the randomisation test and the bootstrap. */
  readonly samples?: number;
  readonly seed?: number;
  /** Compares every other run with this one only, instead of all with all. */
  readonly baseline?: string;
  /** Differences up to this are practically none, in the Bayesian comparison; 0.01 by default. */
  readonly rope?: number;
  /** Values that differ by no more than this are a tie; 1e-9 by default. */
  readonly tie?: number;
  /** Run → what it cost. */
  readonly costs?: Readonly<Record<string, Cost>>;
  /** Also computes precision–recall curves and measures by depth, which reports plot. */
  readonly curves?: boolean;
}

/** One run of a comparison. */
export interface ComparedRun extends Evaluation {
  readonly name: string;
  readonly summaries: Readonly<Record<string, Summary>>;
  readonly cost?: Cost;
  readonly curves?: Curves;
}

/** Two runs by one measure. Differences are b − a. */
export interface PairComparison {
  readonly measure: string;
  readonly a: string;
  readonly b: string;
  readonly meanA: number;
  readonly meanB: number;
  readonly difference: number;
  /** The difference in relation to a; absent where a is 0. */
  readonly relative?: number;
  /** Queries where b is better, equal, worse. */
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  readonly test: TestName;
  readonly result: TestResult;
  /** After correction for the number of pairs. */
  readonly pValue: number;
  readonly significant: boolean;
  readonly effect: EffectSize;
  /** The Bayesian t-test: how probable it is that b is worse, practically equal, better. */
  readonly posterior: Posterior;
}

/** Runs side by side: plain data, which reports print and `--json` writes as it is. */
export interface Comparison {
  readonly measures: readonly string[];
  readonly queries: readonly string[];
  readonly runs: readonly ComparedRun[];
  readonly comparisons: readonly PairComparison[];
  readonly settings: {
    readonly test: TestName;
    readonly correction: Correction;
    readonly alpha: number;
    readonly rope: number;
    readonly seed: number;
  };
}

/** Runs with their names. */
export type RunsInput = Readonly<Record<string, RunInput>> | ReadonlyMap<string, RunInput> | readonly NamedRun[];

const known = [
  'queries',
  'ties',
  'depth',
  'test',
  'correction',
  'alpha',
  'samples',
  'seed',
  'baseline',
  'rope',
  'tie',
  'costs',
  'curves',
] as const;

/**
 * Measures runs and tests whether they differ.
 *
 * @example
 * const comparison = compare(qrels, { bm25, hybrid }, ['nDCG@10', 'AP']);
 * console.log(reportText(comparison));
 */
export function compare(
  qrels: JudgementsInput,
  runs: RunsInput,
  measures: string | Measure | readonly (string | Measure)[],
  options: CompareOptions = {},
): Comparison {
  checkOptions('compare', options, known);
  const named = namesOf(runs);
  const { queries, ties, depth } = options;
  const evaluateOptions = { ...(queries && { queries }), ...(ties && { ties }), ...(depth === undefined ? {} : { depth }) };
  const evaluator = new Evaluator(qrels, measures, evaluateOptions);
  const evaluations = named.map(([, run]) => evaluator.evaluate(run));
  const settings = settingsOf(options);
  const { queries: asked, measures: labels } = shared(named, evaluations);
  const compared = named.map(([name, run], at): ComparedRun => {
    const evaluation = evaluations[at]!;
    const summaries = Object.fromEntries(
      labels.map((measure) => [measure, summarize(valuesOf(evaluation, measure), { seed: settings.seed })]),
    );
    const cost = options.costs?.[name];
    return {
      name,
      ...evaluation,
      summaries,
      ...(cost === undefined ? {} : { cost }),
      ...(options.curves === true ? { curves: curvesOf(qrels, run, evaluateOptions) } : {}),
    };
  });
  return { measures: labels, queries: asked, runs: compared, comparisons: compareEvaluations(compared, options), settings };
}

/**
 * Tests whether runs that were measured already differ.
 *
 * @example compareEvaluations([{ name: 'bm25', ...evaluate(qrels, bm25, 'AP') }, { name: 'hybrid', ...evaluate(qrels, hybrid, 'AP') }])
 */
export function compareEvaluations(
  runs: readonly (Evaluation & { readonly name: string })[],
  options: Omit<CompareOptions, keyof EvaluateOptions | 'costs' | 'curves'> = {},
): PairComparison[] {
  checkOptions('compareEvaluations', options, known);
  const settings = settingsOf(options);
  const { test, correction, alpha, rope } = settings;
  const tie = checkNumber('compare: tie', options.tie ?? 1e-9, { min: 0 });
  if (runs.length === 0) throw new RankError('EMPTY_INPUT', 'compare: there are no runs; expected at least one.');
  const { measures } = shared(
    runs.map(({ name }) => [name]),
    runs,
  );
  const pairs = pairsOf(
    runs.map(({ name }) => name),
    options.baseline,
  );
  return measures.flatMap((measure) => {
    const values = runs.map((run) => defined(valuesOf(run, measure)));
    const results = testPairs(values, pairs, test, options, settings.seed);
    const corrected = correctPValues(
      results.map(({ pValue }) => pValue),
      test === 'tukey' ? 'none' : correction,
    );
    return pairs.map(([i, j], at): PairComparison => {
      const a = values[i]!;
      const b = values[j]!;
      const meanA = mean(a);
      const meanB = mean(b);
      let wins = 0;
      let losses = 0;
      for (let q = 0; q < a.length; q++) {
        if (b[q]! > a[q]! + tie) wins++;
        else if (b[q]! < a[q]! - tie) losses++;
      }
      return {
        measure,
        a: runs[i]!.name,
        b: runs[j]!.name,
        meanA,
        meanB,
        difference: meanB - meanA,
        ...(meanA === 0 ? {} : { relative: (meanB - meanA) / meanA }),
        wins,
        ties: a.length - wins - losses,
        losses,
        test,
        result: results[at]!,
        pValue: corrected[at]!,
        significant: corrected[at]! < alpha,
        effect: effectSize(a, b),
        posterior: bayesianT(a, b, { rope }),
      };
    });
  });
}

/** A measure that a query leaves undefined is 0 there, so that systems are compared over the same queries. */
function defined(values: Float64Array): Float64Array {
  return values.map((value) => (Number.isNaN(value) ? 0 : value));
}

function settingsOf(options: CompareOptions): Comparison['settings'] {
  return {
    test: checkOneOf('compare: test', options.test ?? 'fisher', tests),
    correction: checkOneOf('compare: correction', options.correction ?? 'holm', corrections),
    alpha: checkNumber('compare: alpha', options.alpha ?? 0.05, { above: 0, below: 1 }),
    rope: checkNumber('compare: rope', options.rope ?? 0.01, { min: 0 }),
    seed: checkInteger('compare: seed', options.seed ?? 42),
  };
}

function testPairs(
  values: readonly Float64Array[],
  pairs: readonly (readonly [number, number])[],
  test: TestName,
  { samples }: CompareOptions,
  seed: number,
): readonly TestResult[] {
  if (pairs.length === 0) return [];
  const both = pairs.map(([i, j]) => [values[i]!, values[j]!] as const);
  switch (test) {
    case 't':
      return both.map(([a, b]) => pairedTTest(a, b));
    case 'fisher':
      return fisherRandomizations(both, { seed, ...(samples === undefined ? {} : { permutations: samples }) });
    case 'bootstrap':
      return both.map(([a, b]) => bootstrapTest(a, b, { seed, ...(samples === undefined ? {} : { samples }) }));
    case 'wilcoxon':
      return both.map(([a, b]) => wilcoxonSignedRank(a, b));
    case 'sign':
      return both.map(([a, b]) => signTest(a, b));
    case 'tukey': {
      const all = tukeyHsd(values);
      return pairs.map(([i, j]) => {
        const { i: _, j: __, ...result } = all.find((pair) => pair.i === Math.min(i, j) && pair.j === Math.max(i, j))!;
        return result;
      });
    }
  }
}

function pairsOf(names: readonly string[], baseline: string | undefined): (readonly [number, number])[] {
  if (baseline !== undefined) {
    const at = names.indexOf(baseline);
    if (at < 0) throw unknownName('compare: baseline', baseline, names, 'NOT_FOUND');
    return names.flatMap((_, other) => (other === at ? [] : [[at, other] as const]));
  }
  return names.flatMap((_, i) => names.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
}

/** What all runs were measured by. A run that was measured over other queries cannot be compared query by query. */
function shared(
  named: readonly (readonly [string, ...unknown[]])[],
  evaluations: readonly Evaluation[],
): { queries: readonly string[]; measures: readonly string[] } {
  const { queries, measures } = evaluations[0]!;
  evaluations.forEach((evaluation, at) => {
    if (evaluation.queries.length === queries.length && evaluation.queries.every((query, i) => query === queries[i])) return;
    throw new RankError(
      'DIMENSION_MISMATCH',
      `Runs ${shown(named[0]![0])} and ${shown(named[at]![0])} were measured over different queries (${queries.length} and ${evaluation.queries.length}); compare them over all judged queries (queries: 'judged').`,
      { a: named[0]![0], b: named[at]![0] },
    );
  });
  return { queries, measures };
}

function namesOf(runs: RunsInput): [name: string, run: RunInput][] {
  let entries: [string, RunInput][];
  if (Array.isArray(runs))
    entries = (runs as readonly NamedRun[]).map((run, at) => [
      run instanceof NamedRun && run.name !== '' ? run.name : `run ${at + 1}`,
      run,
    ]);
  else if (runs instanceof Map && !(runs instanceof NamedRun)) entries = [...(runs as ReadonlyMap<string, RunInput>)];
  else if (typeof runs === 'object' && runs !== null && !(runs instanceof Map)) entries = Object.entries(runs);
  else
    throw new RankError(
      'INVALID_ARGUMENT',
      `compare: runs are ${shown(runs)}; expected an object or a map from name to run, or an array of named runs.`,
    );
  if (entries.length === 0) throw new RankError('EMPTY_INPUT', 'compare: there are no runs; expected at least one.');
  const seen = new Map<string, number>();
  // Two files may carry the same tag.
  return entries.map(([name, run]) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return [times === 1 ? name : `${name} (${times})`, run];
  });
}
