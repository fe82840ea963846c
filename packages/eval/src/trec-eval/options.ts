import type { References } from './z-scores.ts';

/** trec_eval's command line, by its long names; the letter of each option stands behind it. */
export interface TrecEvalOptions {
  /** Measures and nicknames, with parameters behind a dot (`-m`): `['map', 'P.5,10']`; `official` by default. */
  readonly measures?: readonly string[];
  /** Prints every query too (`-q`). */
  readonly perQuery?: boolean;
  /** Averages over all judged queries; those without results count as 0 (`-c`). */
  readonly complete?: boolean;
  /** The least grade of a relevant document (`-l`); 1 by default. */
  readonly level?: number;
  /** Documents beyond this many are not looked at (`-M`). */
  readonly depth?: number;
  /** `false` leaves the averages out (`-n`). */
  readonly summary?: boolean;
  /** Leaves unjudged documents out of the rankings (`-J`). */
  readonly judgedOnly?: boolean;
  /** Documents in the collection (`-N`). */
  readonly collection?: number;
  /**
   * What the judgements are (`-R`): grades, preferences (`parsePreferences`), or grades in groups (`parseGroupedQrels`) read as
   * preferences or as the judgements of several assessors.
   */
  readonly judgements?: 'qrels' | 'prefs' | 'qrels_prefs' | 'qrels_jg';
  /** Prints how many deviations each value lies from that of reference runs (`-Z`, see `parseZScores`). */
  readonly zScores?: References;
  /** Named in the output; the run's own name by default. */
  readonly runId?: string;
  /**
   * What changed with version 10: scores have double instead of single precision, and the cut-offs of `iprec_at_recall` and
   * `11pt_avg` are rounded to the nearest instead of up.
   */
  readonly version?: 9 | 10;
}
