import { checkInteger, type Hit, RankError, shown } from '@rank-rank/core';
import { orderedHits } from './lists/order.ts';
import { ListRoom, type RankedLists, type RankingInput, type Rankings, toRankedLists } from './lists/ranked-lists.ts';
import type { FusionMethod, Parameters, ResultOptions } from './method.ts';
import { resolveParameters } from './parameters.ts';

/** Fuses the rankings of one query with a method: what each method's own function does. */
export function fuseRankings<P extends Parameters>(
  method: FusionMethod<P>,
  rankings: Rankings,
  options: (Partial<Record<keyof P, unknown>> & ResultOptions) | undefined,
): Hit[] {
  const { inputs, names } = namedRankings(rankings, method.name);
  const parameters = resolveParameters(method, options, { names, where: method.name });
  const topK = resolveTopK(options, method.name);
  // A method may fuse on its own account while it combines, so that room in use is not there for it.
  const room = spareRoom ?? new ListRoom();
  spareRoom = undefined;
  const lists = toRankedLists(inputs, (run) => placeOfRanking(rankings, names, run), room);
  checkScored(method, lists, names);
  const hits = orderedHits(lists.ids, method.combine(lists, parameters).scores, topK);
  spareRoom = room;
  return hits;
}

let spareRoom: ListRoom | undefined;

/** The rankings in order, and what the runs they came from are called. */
export function namedRankings(
  rankings: Rankings,
  where: string,
): { inputs: readonly (RankingInput | undefined)[]; names: readonly string[] } {
  if (typeof rankings !== 'object' || rankings === null || rankings instanceof Map) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: rankings are ${rankings instanceof Map ? 'a map' : shown(rankings)}; expected an array of rankings, or an object from run name to ranking.`,
    );
  }
  const isArray = Array.isArray(rankings);
  const inputs: readonly (RankingInput | undefined)[] = isArray ? rankings : Object.values(rankings);
  if (inputs.length === 0) throw new RankError('EMPTY_INPUT', `${where}: there are no rankings; expected at least one.`);
  return { inputs, names: isArray ? runNames(inputs.length) : Object.keys(rankings) };
}

const numbered: string[][] = [];

/** What runs are called that have no names: "run 1", "run 2", … */
export function runNames(count: number): readonly string[] {
  return (numbered[count] ??= Array.from({ length: count }, (_, run) => `run ${run + 1}`));
}

function placeOfRanking(rankings: Rankings, names: readonly string[], run: number): string {
  return Array.isArray(rankings) ? `rankings[${run}]` : `rankings[${shown(names[run])}]`;
}

export function resolveTopK(options: ResultOptions | undefined, where: string): number | undefined {
  return options?.topK === undefined ? undefined : checkInteger(`${where}: topK`, options.topK, { min: 1 });
}

/** Refuses ids without scores where the method computes on scores. */
export function checkScored(method: FusionMethod, lists: RankedLists, names: readonly string[]): void {
  if (lists.unscored.length === 0 || method.needs === 'ranks' || 'normalization' in method.parameters) return;
  throw new RankError(
    'INVALID_ARGUMENT',
    `${method.name} needs scores, and ${names[lists.unscored[0]!]} has ids only. Give hits { id, score }, or use a method that needs only ranks, such as rrf.`,
    { method: method.name, run: names[lists.unscored[0]!] },
  );
}
