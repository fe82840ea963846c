import { RankError } from '@rank-rank/core';
import type { Plan, PlannedTerm } from '../query/plan.ts';
import type { Segment } from '../segment/segment.ts';
import { Best } from './best.ts';
import { EagerScores, largestEager } from './eager.ts';
import { exhaustive } from './exhaustive.ts';
import { isSaturated, type SaturationTables, saturated, saturationTables } from './saturated.ts';
import type { Scoring } from './scoring.ts';

/**
 * How the best documents are found; the ranking is the same.
 *
 * - `eager`: the scores of terms are kept from the first query on, and added up
 * - `maxscore`: documents that cannot be among the best are passed over, by what blocks of postings can score at most
 * - `exhaustive`: every document with any of the terms is scored
 * - `matching`: document after document, for queries of any form
 */
export type StrategyName = 'eager' | 'maxscore' | 'exhaustive' | 'matching';

/** `auto` takes what costs least. */
export type Strategy = 'auto' | StrategyName;

export const strategies: readonly Strategy[] = ['auto', 'eager', 'maxscore', 'exhaustive', 'matching'];

/** Below so many postings pruning is not worth its bounds. */
const fewPostings = 4096;

/** Document numbers with their scores, best first. */
export interface Found {
  readonly documents: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** Finds the best of one segment for queries that add up terms, with one way of scoring; keeps what queries have in common. */
export class FlatSearch {
  readonly #segment: Segment;
  readonly #scoring: Scoring;
  #eager: EagerScores | undefined;
  #tables: SaturationTables | undefined;

  constructor(segment: Segment, scoring: Scoring) {
    this.#segment = segment;
    this.#scoring = scoring;
  }

  search(
    plan: Plan,
    terms: readonly PlannedTerm[],
    allow: Uint32Array | undefined,
    k: number,
    wanted: Strategy,
  ): Found & { readonly strategy: StrategyName } {
    const segment = this.#segment;
    const extra = this.#scoring.perDocument(plan, segment);
    const strategy = wanted === 'auto' ? this.#choose(terms, k) : (wanted as StrategyName);
    if (strategy === 'eager' && extra === undefined) {
      this.#eager ??= new EagerScores(segment, this.#scoring);
      const found = this.#eager.search(terms, allow, k);
      if (found !== undefined) return { documents: found.indices, scores: found.scores, strategy };
    }
    if (extra === undefined && isSaturated(this.#scoring.model, terms)) {
      this.#tables ??= saturationTables(segment, this.#scoring.model, this.#scoring.collections);
      if (this.#tables.usable) {
        const pruned = strategy === 'maxscore';
        const found = saturated(segment, this.#scoring.model, terms, this.#tables, allow, k, pruned);
        return { documents: found.indices, scores: found.scores, strategy: pruned ? strategy : 'exhaustive' };
      }
    }
    const best = new Best(k);
    const found = [];
    for (const term of terms) {
      const entry = segment.fields[term.field]!.terms.find(term.term);
      if (entry !== undefined) found.push({ field: term.field, entry, score: this.#scoring.term(term) });
    }
    exhaustive(segment, found, allow, best, extra);
    return { ...best.take(), strategy: 'exhaustive' };
  }

  /**
   * By what was measured (Zen 5, AVX-512): in small segments known scores are added up fastest; in others pruning pays where there is much
   * to pass over.
   */
  #choose(terms: readonly PlannedTerm[], k: number): StrategyName {
    if (this.#segment.size <= largestEager) return 'eager';
    let postings = 0;
    for (const { statistics } of terms) postings += statistics.documentFrequency;
    return postings < fewPostings || 2 * k > postings ? 'exhaustive' : 'maxscore';
  }
}

/** The strategy may be any that finds what the query asks for; `maxscore` and `eager` need a sum of terms. */
export function refuseStrategy(wanted: Strategy): void {
  if (wanted !== 'auto' && wanted !== 'matching') {
    throw new RankError(
      'UNSUPPORTED',
      `search: the strategy "${wanted}" finds sums of terms only; this query is of another form. Use "auto" or "matching".`,
    );
  }
}
