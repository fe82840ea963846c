import { RankError, unknownName } from '@rank-rank/core';
import type { Evaluation } from '../evaluate.ts';
import { deviation, mean } from '../statistics/moments.ts';

/** How hard a query is for the systems that were measured. */
export interface QueryDifficulty {
  readonly query: string;
  /** The mean of the measure over systems. */
  readonly mean: number;
  /** How far systems differ on it: a hard query that some solve is an opportunity. */
  readonly deviation: number;
  readonly best: { readonly run: string; readonly value: number };
  readonly class: DifficultyClass;
}

export type DifficultyClass = 'hard' | 'medium' | 'easy';

export interface Difficulty {
  readonly measure: string;
  /** The hardest first. */
  readonly queries: readonly QueryDifficulty[];
  /** Class → run → the mean of its values over the queries of the class. */
  readonly byClass: Readonly<Record<DifficultyClass, Readonly<Record<string, number>>>>;
}

/**
 * Queries by difficulty: their mean over systems, in thirds. A system that wins on easy queries only is another system than one that
 * wins on hard ones.
 *
 * @example difficulty(comparison.runs, 'AP').queries[0] // the hardest query
 */
export function difficulty(runs: readonly (Evaluation & { readonly name: string })[], measure?: string): Difficulty {
  if (runs.length === 0) throw new RankError('EMPTY_INPUT', 'difficulty: there are no runs; expected at least one.');
  const { measures, queries } = runs[0]!;
  const wanted = measure ?? measures[0]!;
  for (const run of runs)
    if (!run.measures.includes(wanted)) throw unknownName(`difficulty: measure of run ${run.name}`, wanted, run.measures, 'NOT_FOUND');
  const valuesOf = (query: string): number[] => runs.map(({ perQuery }) => perQuery[query]?.[wanted] ?? 0);
  const sorted = queries
    .map((query) => ({ query, values: valuesOf(query) }))
    .map(({ query, values }) => ({ query, values, mean: mean(values) }))
    .sort((a, b) => a.mean - b.mean || (a.query < b.query ? -1 : 1));
  const classOf = (at: number): DifficultyClass => {
    const third = (3 * at) / sorted.length;
    return third < 1 ? 'hard' : third < 2 ? 'medium' : 'easy';
  };
  const rated = sorted.map(({ query, values, mean }, at): QueryDifficulty => {
    const best = values.indexOf(Math.max(...values));
    return { query, mean, deviation: deviation(values), best: { run: runs[best]!.name, value: values[best]! }, class: classOf(at) };
  });
  const classMeans = (wantedClass: DifficultyClass): Record<string, number> => {
    const members = rated.filter(({ class: own }) => own === wantedClass).map(({ query }) => query);
    return Object.fromEntries(runs.map(({ name, perQuery }) => [name, mean(members.map((query) => perQuery[query]![wanted]!))]));
  };
  return { measure: wanted, queries: rated, byClass: { hard: classMeans('hard'), medium: classMeans('medium'), easy: classMeans('easy') } };
}
