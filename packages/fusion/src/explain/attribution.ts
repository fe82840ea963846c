import { checkInteger, checkOptions } from '@rank-rank/core';
import type { ExplainedHit } from './explain.ts';

/** What one run did for the top of a fused ranking. */
export interface RunAttribution {
  readonly run: string;
  /** How many of the top documents it has. */
  readonly found: number;
  /** How many of them no other run has. */
  readonly unique: number;
  /** The mean of what it contributed to a top document that it has. */
  readonly meanContribution: number;
  /** What it contributed to all of them, as a share of all contributions in absolute value. */
  readonly share: number;
}

export interface AttributionOptions {
  /** How many of the fused hits are looked at: 10 by default. */
  readonly topK?: number;
}

/**
 * Which run the top of a fused ranking is owed to.
 *
 * @example attribution(explain(runs, 'q1'), { topK: 10 }) // [{ run: 'bm25', found: 7, unique: 2, … }, …]
 */
export function attribution(hits: readonly ExplainedHit[], options: AttributionOptions = {}): RunAttribution[] {
  checkOptions('attribution', options, ['topK']);
  const top = hits.slice(0, checkInteger('attribution: topK', options.topK ?? 10, { min: 1 }));
  const all = top.flatMap(({ sources }) => sources).reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
  const runs = new Set(top.flatMap(({ sources }) => sources.map(({ run }) => run)));
  return [...runs].map((run) => {
    const given = top.flatMap((hit) => hit.sources.filter((source) => source.run === run).map((source) => ({ hit, source })));
    const having = given.filter(({ source }) => source.rank !== undefined);
    const unique = having.filter(({ hit }) => hit.sources.filter(({ rank }) => rank !== undefined).length === 1);
    const weight = given.reduce((sum, { source }) => sum + Math.abs(source.contribution), 0);
    return {
      run,
      found: having.length,
      unique: unique.length,
      meanContribution: having.length === 0 ? 0 : having.reduce((sum, { source }) => sum + source.contribution, 0) / having.length,
      share: all === 0 ? 0 : weight / all,
    };
  });
}
