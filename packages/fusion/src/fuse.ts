import { checkOptions, type Ranking, type Run } from '@rank-rank/core';
import { checkScored, resolveTopK } from './fuse-rankings.ts';
import { keptHits } from './lists/order.ts';
import { ListRoom, type RankedLists, toRankedLists } from './lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from './method.ts';
import { resolveParameters } from './parameters.ts';
import { type MethodOptions, toMethod } from './registry.ts';
import { allQueries, namedRuns, placeOfRun, type RunsInput, rankingOf } from './runs.ts';

/** What to fuse with: a method and its parameters, and how many hits are wanted. The method is `rrf` where none is named. */
export type FuseOptions = MethodOptions | (ResultOptions & { readonly method: FusionMethod; readonly [parameter: string]: unknown });

/**
 * Fuses runs, query by query. The result has every query that any run has; a run that does not have a query counts as no evidence
 * about it.
 *
 * @example
 * const fused = fuse([bm25, dense]); // reciprocal rank fusion
 * fuse({ bm25, dense }, { method: 'weighted-sum', weights: { bm25: 0.3, dense: 0.7 }, topK: 100 });
 */
export function fuse(runs: RunsInput, options?: FuseOptions): Run {
  const { method, parameters, topK, queries } = preparedFusion(runs, options, 'fuse', undefined, new ListRoom());
  const fused = new Map<string, Ranking>();
  for (const [query, lists] of queries) fused.set(query, keptHits(lists.ids, method.combine(lists, parameters).scores, topK));
  return fused;
}

/** Runs and options, checked: what fusing and explaining begin with. */
export interface PreparedFusion {
  readonly method: FusionMethod;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly topK: number | undefined;
  readonly names: readonly string[];
  /** Each query with its lists, numbered only when its turn comes; in room that was given, they are valid until the next. */
  readonly queries: Iterable<readonly [query: string, lists: RankedLists]>;
}

export function preparedFusion(
  runs: RunsInput,
  options: FuseOptions | undefined,
  where: string,
  only?: readonly string[],
  room?: ListRoom,
): PreparedFusion {
  const { inputs, names } = namedRuns(runs, where);
  checkOptions(where, options, Object.keys(options ?? {}));
  const method = toMethod(options?.method ?? 'rrf', `${where}: method`);
  const parameters = resolveParameters(
    method,
    options as Readonly<Record<string, unknown>> | undefined,
    { names, where: `${where}: ${method.name}` },
    ['method', 'topK'],
  );
  return {
    method,
    parameters,
    topK: resolveTopK(options, where),
    names,
    queries: numberedQueries(runs, inputs, names, method, only ?? allQueries(inputs), room),
  };
}

function* numberedQueries(
  runs: RunsInput,
  inputs: ReturnType<typeof namedRuns>['inputs'],
  names: readonly string[],
  method: FusionMethod,
  queries: readonly string[],
  room: ListRoom | undefined,
): Iterable<readonly [string, RankedLists]> {
  for (const query of queries) {
    const rankings = inputs.map((input) => rankingOf(input, query));
    const lists = toRankedLists(rankings, (run) => `${placeOfRun(runs, run)}[${JSON.stringify(query)}]`, room);
    checkScored(method, lists, names);
    yield [query, lists];
  }
}
