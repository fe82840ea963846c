import { checkInteger, checkOptions } from '@rank-rank/core';
import type { ExplainedHit } from './explain.ts';

/** On which documents runs agree, and on which they do not. */
export interface ConsensusReport {
  /** Documents that every run has. */
  readonly everywhere: readonly string[];
  /** Documents that one run only has. */
  readonly singleSource: readonly { readonly id: string; readonly run: string }[];
  /** Documents whose ranks in two runs differ by more than `disagreement`, the furthest apart first. */
  readonly disagreements: readonly { readonly id: string; readonly difference: number; readonly ranks: Readonly<Record<string, number>> }[];
  /** The mean share of runs that have a document. */
  readonly meanConsensus: number;
}

export interface ConsensusOptions {
  /** Ranks further apart than this disagree: 10 by default. */
  readonly disagreement?: number;
}

/**
 * Where the runs behind a fused ranking agree.
 *
 * @example consensus(explain(runs, 'q1', { topK: 20 })).singleSource
 */
export function consensus(hits: readonly ExplainedHit[], options: ConsensusOptions = {}): ConsensusReport {
  checkOptions('consensus', options, ['disagreement']);
  const allowed = checkInteger('consensus: disagreement', options.disagreement ?? 10, { min: 0 });
  const everywhere: string[] = [];
  const singleSource: { id: string; run: string }[] = [];
  const disagreements: { id: string; difference: number; ranks: Record<string, number> }[] = [];
  for (const hit of hits) {
    const having = hit.sources.filter((source): source is typeof source & { rank: number } => source.rank !== undefined);
    if (having.length === hit.sources.length) everywhere.push(hit.id);
    if (having.length === 1) singleSource.push({ id: hit.id, run: having[0]!.run });
    const ranks = having.map(({ rank }) => rank);
    const difference = Math.max(...ranks) - Math.min(...ranks);
    if (difference > allowed) {
      disagreements.push({ id: hit.id, difference, ranks: Object.fromEntries(having.map(({ run, rank }) => [run, rank])) });
    }
  }
  disagreements.sort((a, b) => b.difference - a.difference);
  const meanConsensus = hits.length === 0 ? Number.NaN : hits.reduce((sum, hit) => sum + hit.consensus, 0) / hits.length;
  return { everywhere, singleSource, disagreements, meanConsensus };
}
