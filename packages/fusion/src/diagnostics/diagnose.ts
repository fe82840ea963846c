import { checkInteger, checkNumber, checkOptions, type QrelsInput, RankError, shown, toQrels, toRun } from '@rank-rank/core';
import { type FuseOptions, fuse } from '../fuse.ts';
import { type Measure, mean, measuredValues } from '../optimization/measure.ts';
import { allQueries, namedRuns, placeOfRun, type RunsInput } from '../runs.ts';
import { complementarity } from './complementarity.ts';
import { kendallTau } from './kendall-tau.ts';
import { overlap } from './overlap.ts';
import { rankBiasedOverlap } from './rank-biased-overlap.ts';
import { scoreStatistics } from './score-statistics.ts';
import { type FusionVerdict, verdictOf } from './verdict.ts';

export interface DiagnoseOptions {
  /** Judgements: with them the runs are compared by the relevant documents they find. */
  readonly qrels?: QrelsInput;
  /** With judgements: what makes a run good, to compare the fused run with the single ones. */
  readonly measure?: Measure;
  /** What the runs would be fused with: `rrf` by default. */
  readonly fusion?: FuseOptions;
  /** How many hits of each ranking are looked at: 100 by default. */
  readonly depth?: number;
  /** The least grade that is relevant: 1 by default. */
  readonly minimumGrade?: number;
}

/** How two runs relate, as means over the queries that both answer. */
export interface RunPair {
  readonly runs: readonly [string, string];
  readonly queries: number;
  /** Shared documents within the depth: common / union. */
  readonly jaccard: number;
  /** τ-b over the common documents, −1 to 1; over the queries where it is defined. */
  readonly kendallTau: number;
  /** RBO, extrapolated, p = 0.9. */
  readonly rankBiasedOverlap: number;
  /** With judgements: the share of the relevant documents found that only one of the two finds. */
  readonly complementarity?: number;
}

export interface RunDiagnosis {
  readonly run: string;
  readonly queries: number;
  /** Queries that other runs answer and this one does not. */
  readonly missingQueries: number;
  readonly meanHits: number;
  /** The share of hits whose score another hit of the query has too. */
  readonly tied: number;
  /** With a measure: the mean over the judged queries. */
  readonly value?: number;
}

/** Whether fusing some runs is worth it, and why. */
export interface FusionDiagnosis {
  readonly runs: readonly RunDiagnosis[];
  readonly pairs: readonly RunPair[];
  /** With a measure: the mean of the fused run, and of choosing the best run for each query, which no fusion can know. */
  readonly fused?: { readonly value: number; readonly oracle: number; readonly better: number; readonly worse: number };
  readonly verdict: FusionVerdict;
}

/**
 * How runs relate to one another, and a verdict in words on whether fusing them is worth it.
 *
 * Fusion gains where runs are about equally good and find different relevant documents; where one is much better than the rest, it
 * often loses unless weights are tuned (A. Louis et al., "Know When to Fuse", COLING 2025).
 *
 * @example
 * const { verdict, pairs } = diagnose({ bm25, dense }, { qrels, measure: nDCGAt10 });
 * console.log(verdict.advice, verdict.text);
 */
export function diagnose(runs: RunsInput, options: DiagnoseOptions = {}): FusionDiagnosis {
  checkOptions('diagnose', options, ['qrels', 'measure', 'fusion', 'depth', 'minimumGrade']);
  const depth = checkInteger('diagnose: depth', options.depth ?? 100, { min: 1 });
  const minimumGrade = checkNumber('diagnose: minimumGrade', options.minimumGrade ?? 1);
  const { inputs, names } = namedRuns(runs, 'diagnose');
  if (inputs.length < 2) throw new RankError('EMPTY_INPUT', 'diagnose: there is one run; expected at least two to compare.');
  if (options.measure !== undefined && options.qrels === undefined) {
    throw new RankError('INVALID_ARGUMENT', 'diagnose: there is a measure but no qrels; expected both or neither.');
  }
  const qrels = options.qrels === undefined ? undefined : toQrels(options.qrels);
  const ordered = inputs.map((input, run) => toRun(input, placeOfRun(runs, run)));
  const queries = allQueries(inputs);

  const pairs: RunPair[] = [];
  for (let a = 0; a < ordered.length; a++) {
    for (let b = a + 1; b < ordered.length; b++) {
      const jaccards: number[] = [];
      const taus: number[] = [];
      const overlaps: number[] = [];
      const complements: number[] = [];
      for (const query of queries) {
        const [first, second] = [ordered[a]!.get(query)?.slice(0, depth), ordered[b]!.get(query)?.slice(0, depth)];
        if (first === undefined || second === undefined) continue;
        jaccards.push(overlap(first, second).jaccard);
        taus.push(kendallTau(first, second));
        overlaps.push(rankBiasedOverlap(first, second).extrapolated);
        const grades = qrels?.get(query);
        if (grades) complements.push(complementarity(first, second, grades, { minimumGrade }).complementarity);
      }
      pairs.push({
        runs: [names[a]!, names[b]!],
        queries: jaccards.length,
        jaccard: mean(jaccards),
        kendallTau: mean(taus),
        rankBiasedOverlap: mean(overlaps),
        ...(qrels === undefined ? {} : { complementarity: mean(complements) }),
      });
    }
  }

  const judged =
    qrels === undefined ? [] : queries.filter((query) => [...(qrels.get(query)?.values() ?? [])].some((grade) => grade >= minimumGrade));
  if (qrels !== undefined && judged.length === 0) {
    throw new RankError('EMPTY_INPUT', `diagnose: no query of the runs has a judged document of grade ${shown(minimumGrade)} or more.`);
  }
  const values = options.measure === undefined ? undefined : ordered.map((run) => measuredValues(options.measure!, qrels!, run, judged));
  const runReports = ordered.map((run, i): RunDiagnosis => {
    const statistics = [...run.values()].map(scoreStatistics).filter((found) => found !== undefined);
    const hits = statistics.reduce((sum, { count }) => sum + count, 0);
    return {
      run: names[i]!,
      queries: run.size,
      missingQueries: queries.length - run.size,
      meanHits: run.size === 0 ? 0 : hits / run.size,
      tied: hits === 0 ? 0 : statistics.reduce((sum, { tied, count }) => sum + tied * count, 0) / hits,
      ...(values === undefined ? {} : { value: mean(values[i]!) }),
    };
  });
  const fused = values === undefined ? undefined : compareFused(runs, options, judged, values);
  return { runs: runReports, pairs, ...(fused === undefined ? {} : { fused }), verdict: verdictOf(runReports, pairs, fused) };
}

/** The fused run against the run that is best on average. */
function compareFused(
  runs: RunsInput,
  { fusion, measure, qrels }: DiagnoseOptions,
  judged: readonly string[],
  values: readonly Float64Array[],
): NonNullable<FusionDiagnosis['fused']> {
  const fused = measuredValues(measure!, toQrels(qrels!), fuse(runs, fusion), judged);
  const means = values.map(mean);
  const best = values[means.indexOf(Math.max(...means))]!;
  return {
    value: mean(fused),
    oracle: mean(judged.map((_, place) => Math.max(...values.map((run) => run[place]!)))),
    better: judged.filter((_, place) => fused[place]! > best[place]!).length,
    worse: judged.filter((_, place) => fused[place]! < best[place]!).length,
  };
}
