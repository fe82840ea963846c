import type { Query, Ranking } from '@rank-rank/core';
import type { StageKind } from '../stage/stage.ts';

/** What happened in one stage of one request. */
export interface StageTrace {
  readonly name: string;
  readonly kind: StageKind | 'source';
  readonly milliseconds: number;
  /** How many documents came in and went out, over all lists. */
  readonly in: number;
  readonly out: number;
  /** Whether the result was kept from an earlier request. */
  readonly cached?: boolean;
  /** What stood in for the stage, and why. */
  readonly fallback?: { readonly to: string; readonly why: string };
  readonly notes: readonly string[];
  /** The sources of a stage that asks several. */
  readonly parts?: readonly StageTrace[];
  /** The list that the stage gave, where it gave one. */
  readonly hits?: Ranking;
}

/** What happened in one request, stage by stage. */
export interface Trace {
  readonly query: Query;
  readonly milliseconds: number;
  readonly stages: readonly StageTrace[];
}

/** A document's place (from 1) after each stage that gave one list; undefined where it was not in it. */
export interface RankChange {
  readonly id: string;
  readonly places: Readonly<Record<string, number | undefined>>;
}

/** How documents moved from stage to stage: those of the last list first, then those that were lost on the way. */
export function rankChanges({ stages }: Trace, k = 10): RankChange[] {
  const lists = stages.filter((stage) => stage.hits !== undefined);
  const places = lists.map(({ hits }) => new Map(hits!.map(({ id }, i) => [id, i + 1])));
  const ids = new Set<string>();
  for (const { hits } of [...lists].reverse()) for (const { id } of hits!.slice(0, k)) ids.add(id);
  return [...ids].map((id) => ({ id, places: Object.fromEntries(lists.map(({ name }, i) => [name, places[i]!.get(id)])) }));
}
