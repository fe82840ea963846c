import { checkInteger, checkOneOf, checkOptions, RankError, type RunInput, toRun } from '@rank-rank/core';
import { parseMeasures } from './grammar/parse-measure.ts';
import { type JudgedDocuments, judge, type TieOrder } from './judged-ranking.ts';
import { type JudgementsInput, prepareJudgements } from './judgements.ts';
import type { Aggregate, Measure } from './measure.ts';

export interface EvaluateOptions {
  /**
   * Which queries are averaged over. `judged` (the default): all that have judgements; one that the run does not answer counts as
   * an empty ranking, as with ir-measures and `trec_eval -c`. `answered`: those that the run answers too, as trec_eval without `-c`.
   */
  readonly queries?: 'judged' | 'answered';
  /** How equal scores are ordered; by default as trec_eval does, which published figures rest on. */
  readonly ties?: TieOrder;
  /** Documents beyond this many are not looked at (`trec_eval -M`). */
  readonly depth?: number;
}

/** The values of a run: plain data. */
export interface Evaluation {
  readonly measures: readonly string[];
  readonly queries: readonly string[];
  /** Measure → its value over all queries. */
  readonly values: Readonly<Record<string, number>>;
  /** Query → measure → value. */
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Measures a run.
 *
 * @example
 * const { values, perQuery } = evaluate(qrels, run, ['nDCG@10', 'AP', 'P.5,10']);
 * values['nDCG@10'];
 */
export function evaluate(
  qrels: JudgementsInput,
  run: RunInput,
  measures: string | Measure | readonly (string | Measure)[],
  options: EvaluateOptions = {},
): Evaluation {
  return new Evaluator(qrels, measures, options).evaluate(run);
}

/**
 * Judgements and measures made ready once, for any number of runs.
 *
 * @example
 * const evaluator = new Evaluator(qrels, ['nDCG@10', 'AP']);
 * for (const run of runs) console.log(evaluator.evaluate(run).values);
 */
export class Evaluator {
  readonly measures: readonly Measure[];
  readonly #documents: readonly JudgedDocuments[];
  readonly #options: Required<Omit<EvaluateOptions, 'depth'>> & { depth?: number };

  constructor(qrels: JudgementsInput, measures: string | Measure | readonly (string | Measure)[], options: EvaluateOptions = {}) {
    checkOptions('evaluate', options, ['queries', 'ties', 'depth']);
    this.#options = {
      queries: checkOneOf('evaluate: queries', options.queries ?? 'judged', ['judged', 'answered']),
      ties: checkOneOf('evaluate: ties', options.ties ?? 'trec_eval', ['trec_eval', 'ranking']),
      ...(options.depth === undefined ? {} : { depth: checkInteger('evaluate: depth', options.depth, { min: 1 }) }),
    };
    this.measures = parseMeasures(measures);
    this.#documents = prepareJudgements(qrels);
    const subtopics = this.measures.find(({ needs }) => needs === 'subtopics');
    if (subtopics !== undefined && this.#documents.every(({ groups }) => groups === undefined)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${subtopics.label} needs judgements by subtopic; read them with parseGroupedQrels, or readQrelsGroups of @rank-rank/core/files.`,
        { measure: subtopics.label },
      );
    }
  }

  evaluate(run: RunInput): Evaluation {
    const answered = toRun(run);
    const { queries: which, ties, depth } = this.#options;
    const documents = which === 'judged' ? this.#documents : this.#documents.filter(({ query }) => answered.has(query));
    const { measures } = this;
    const columns = measures.map(() => new Float64Array(documents.length));
    const perQuery: [string, Record<string, number>][] = [];
    documents.forEach((judged, at) => {
      const ranking = judge(answered.get(judged.query) ?? [], judged, { ties, ...(depth === undefined ? {} : { depth }) });
      const values: Record<string, number> = {};
      for (let m = 0; m < measures.length; m++) {
        const value = measures[m]!.score(ranking);
        columns[m]![at] = value;
        values[measures[m]!.label] = value;
      }
      perQuery.push([judged.query, values]);
    });
    const values: Record<string, number> = {};
    for (let m = 0; m < measures.length; m++) values[measures[m]!.label] = aggregate(columns[m]!, measures[m]!.aggregate);
    return {
      measures: measures.map(({ label }) => label),
      queries: documents.map(({ query }) => query),
      values,
      perQuery: Object.fromEntries(perQuery),
    };
  }
}

/** What the geometric mean takes 0 for. */
const least = 0.00001;

/** One value for all queries; 0 where there are none. Queries that a measure leaves undefined (NaN) do not count. */
export function aggregate(values: Float64Array, how: Aggregate): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += how === 'geometric' ? Math.log(Math.max(value, least)) : value;
  }
  if (how === 'sum') return sum;
  if (count === 0) return 0;
  return how === 'geometric' ? Math.exp(sum / count) : sum / count;
}

/** One measure's values, in the order of the evaluation's queries. */
export function valuesOf(evaluation: Evaluation, measure: string): Float64Array {
  return Float64Array.from(evaluation.queries, (query) => evaluation.perQuery[query]![measure]!);
}
