import type { Combination } from './lists/combination.ts';
import type { RankedLists } from './lists/ranked-lists.ts';
import type { NormalizationName } from './normalization/normalization.ts';
import type { TrainingRun } from './training.ts';

/** The parameters of a method, checked and with defaults filled in. */
export type Parameters = Readonly<Record<string, unknown>>;

/** One parameter of a method: enough to check a value, to parse it from a command line, to document it and to search over it. */
export interface Parameter {
  readonly type: 'number' | 'integer' | 'weights' | 'choice' | 'normalization' | 'model';
  readonly description: string;
  /** Absent where the parameter may stay away, or must be given (`required`). */
  readonly default?: unknown;
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** The values of a `choice`. */
  readonly choices?: readonly string[];
  /** What other libraries call it, and their default where it differs. */
  readonly peers?: string;
  /** The values a grid search tries. */
  readonly search?: readonly number[];
}

/**
 * A method of fusion: what it is, what it takes, and how it combines the rankings of one query.
 *
 * `combine` may rely on `parameters` having been checked, and on every list being in ranking order with unique ids and finite scores.
 * A run that is absent for the query has no list. What becomes of a document that a run did not retrieve is said in `missing`.
 */
export interface FusionMethod<P extends Parameters = Parameters> {
  readonly name: string;
  /** Names that other libraries use for it. */
  readonly aliases: readonly string[];
  readonly formula: string;
  readonly citation: string;
  /** What it reads of a hit. */
  readonly needs: 'ranks' | 'scores' | 'ranks and scores';
  /** What happens to a document that a run did not retrieve. */
  readonly missing: string;
  readonly parameters: { readonly [K in keyof P]: Parameter };
  /** Named sets of parameters, chosen with the option `preset`. */
  readonly presets?: Readonly<Record<string, Partial<P>>>;
  combine(lists: RankedLists, parameters: P): Combination;
  /** Learns one table of numbers per run from judged queries. Methods that have it need a model to fuse. */
  fit?(run: TrainingRun, parameters: P): Float64Array;
}

/** What a trained method learned: plain data that can be kept as JSON. */
export interface FusionModel {
  readonly method: string;
  readonly parameters: Parameters;
  /** The runs it was trained on, in order. Fusing needs the same number of runs, in the same order. */
  readonly runs: readonly string[];
  /** What was learned about each run. */
  readonly tables: readonly (readonly number[])[];
  /** How many judged queries it learned from. */
  readonly queries: number;
}

/** How results are asked for, whatever the method. */
export interface ResultOptions {
  /** How many hits come back; all by default. */
  readonly topK?: number;
}

/** The parameter that score-based methods share. */
export function normalizationParameter(standard: NormalizationName, peers = 'ranx: norm'): Parameter {
  return {
    type: 'normalization',
    description: 'How the scores of a run are brought to a common scale first.',
    default: standard,
    peers,
  };
}

/** The parameter that weighted methods share. */
export const weightsParameter: Parameter = {
  type: 'weights',
  description:
    'How much each run counts: numbers of at least 0 in the order of the runs, or an object from run name to weight. 1 each by default.',
  peers: 'ranx: weights, required',
};
