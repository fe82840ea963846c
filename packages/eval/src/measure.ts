import type { JudgedRanking } from './judged-ranking.ts';

/** What a measure says of one ranking. */
export type Score = (ranking: JudgedRanking) => number;

/** How the values of queries become one: their mean, their sum, or the geometric mean of values of at least 0.00001. */
export type Aggregate = 'mean' | 'sum' | 'geometric';

/** A measure with its parameters filled in, ready to be computed. */
export interface Measure {
  /** Its name in the grammar of ir-measures, or in trec_eval's where only that has it. */
  readonly name: string;
  /** The key of its values in results: the name as it was asked for. */
  readonly label: string;
  readonly aggregate: Aggregate;
  /** What judgements it needs beyond grades. */
  readonly needs?: 'subtopics';
  readonly score: Score;
}

/** A parameter that a measure takes, as its grammar has it. */
export type Parameter = (
  | { readonly kind: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number; readonly above?: number; readonly below?: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'gains' }
) & { readonly default?: ParameterValue; readonly required?: boolean; readonly about: string };

/** Grade → gain; a grade that is not named is its own gain. */
export type Gains = Readonly<Record<string, number>>;

export type ParameterValue = number | string | boolean | Gains;

/** A kind of measure: a name, the parameters it takes, and what it computes with them. */
export interface MeasureFamily {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One sentence. */
  readonly about: string;
  /** The parameter that `@` sets; `cutoff` unless said otherwise. */
  readonly at?: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly aggregate?: Aggregate;
  readonly needs?: 'subtopics';
  // biome-ignore lint/suspicious/noExplicitAny: the parser gives exactly the parameters that are declared beside it
  score(parameters: any): Score;
}

/** Parameters that many measures share. */
export const cutoff: Parameter = { kind: 'integer', min: 1, about: 'only the first so many documents count' };
export const requiredCutoff: Parameter = { ...cutoff, required: true };
export const rel: Parameter = { kind: 'number', min: 0, default: 1, about: 'the least grade of a relevant document' };
export const judgedOnly: Parameter = { kind: 'flag', default: false, about: 'documents without judgement are left out of the ranking' };

/** Wraps a score so that it looks at the judged documents only, where that is asked for. */
export function condensedIf(judged_only: boolean, score: Score): Score {
  return judged_only ? (ranking) => score(ranking.condensed()) : score;
}
