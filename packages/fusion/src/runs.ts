import { checkId, RankError, type RunInput, shown } from '@rank-rank/core';
import { runNames } from './fuse-rankings.ts';
import type { RankingInput } from './lists/ranked-lists.ts';

/** Several runs: in an array, or by name. */
export type RunsInput = readonly RunInput[] | Readonly<Record<string, RunInput>>;

/** The runs in order, and what they are called. */
export function namedRuns(runs: RunsInput, where: string): { inputs: readonly RunInput[]; names: readonly string[] } {
  if (typeof runs !== 'object' || runs === null || runs instanceof Map) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: runs are ${runs instanceof Map ? 'one run' : shown(runs)}; expected an array of runs, or an object from name to run.`,
    );
  }
  const isArray = Array.isArray(runs);
  const inputs: readonly RunInput[] = isArray ? runs : Object.values(runs);
  if (inputs.length === 0) throw new RankError('EMPTY_INPUT', `${where}: there are no runs; expected at least one.`);
  inputs.forEach((input, run) => {
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return;
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: ${placeOfRun(runs, run)} is ${shown(input)}; expected a run, which is a map or an object from query id to hits.`,
    );
  });
  return { inputs, names: isArray ? runNames(inputs.length) : Object.keys(runs) };
}

export function placeOfRun(runs: RunsInput, run: number): string {
  return Array.isArray(runs) ? `runs[${run}]` : `runs[${shown(Object.keys(runs)[run])}]`;
}

/** The ranking that a run gives a query; undefined where it has none. */
export function rankingOf(run: RunInput, query: string): RankingInput | undefined {
  if (run instanceof Map) return run.get(query) as RankingInput | undefined;
  return Object.hasOwn(run, query) ? (run as Readonly<Record<string, RankingInput>>)[query] : undefined;
}

/** The queries of all runs, in the order of first appearance. */
export function allQueries(inputs: readonly RunInput[]): string[] {
  const queries = new Set<string>();
  for (const input of inputs) {
    for (const query of input instanceof Map ? input.keys() : Object.keys(input)) queries.add(checkId('A query id', query));
  }
  return [...queries];
}
