import { RankError } from '@rank-rank/core';
import type { Plan, PlannedTerm } from '../query/plan.ts';
import type { Segment } from '../segment/segment.ts';
import { Best } from './best.ts';
import { EagerScores, largestEager } from './eager.ts';
import { exhaustive } from './exhaustive.ts';
import { MeasuredCosts } from './measured-costs.ts';
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

/** `auto` takes what has cost least for such queries in this segment. */
export type Strategy = 'auto' | StrategyName;

export const strategies: readonly Strategy[] = ['auto', 'eager', 'maxscore', 'exhaustive', 'matching'];

/** Document numbers with their scores, best first. */
export interface Found {
  readonly documents: ArrayLike<number>;
  readonly scores: Float32Array | Float64Array;
}

/** Finds the best of one segment for queries that add up terms, with one way of scoring; keeps what queries have in common. */
export class FlatSearch {
  readonly #segment: Segment;
  readonly #scoring: Scoring;
  /** What searches have cost a posting, for queries whose costs compare: as many postings and results to a power of four, and a filter or none. */
  readonly #costs: (MeasuredCosts<StrategyName> | undefined)[] = [];
  #eager: EagerScores | undefined;
  #tables: SaturationTables | undefined;

  constructor(segment: Segment, scoring: Scoring) {
    this.#segment = segment;
    this.#scoring = scoring;
  }

  /** The best that score above `above`. */
  search(
    plan: Plan,
    terms: readonly PlannedTerm[],
    allow: Uint32Array | undefined,
    k: number,
    above: number,
    wanted: Strategy,
  ): Found & { readonly strategy: StrategyName } {
    if (wanted !== 'auto') return this.#searchBy(wanted, plan, terms, allow, k, above);
    const postings = postingsOf(terms);
    const kind = ((powerOfFour(postings) << 4) | powerOfFour(k)) * 2 + (allow === undefined ? 0 : 1);
    const costs = (this.#costs[kind] ??= new MeasuredCosts(this.#segment.size <= largestEager ? smallWays : largeWays));
    const strategy = costs.choose();
    if (!costs.timed) return this.#searchBy(strategy, plan, terms, allow, k, above);
    // What is kept for later queries is no cost of this one.
    if (strategy === 'eager' && this.#scoring.perDocument(plan, this.#segment) === undefined) this.#eagerScores.learn(terms);
    const started = performance.now();
    const found = this.#searchBy(strategy, plan, terms, allow, k, above);
    costs.took((performance.now() - started) / (postings + 1));
    return found;
  }

  get #eagerScores(): EagerScores {
    return (this.#eager ??= new EagerScores(this.#segment, this.#scoring));
  }

  #searchBy(
    strategy: StrategyName,
    plan: Plan,
    terms: readonly PlannedTerm[],
    allow: Uint32Array | undefined,
    k: number,
    above: number,
  ): Found & { readonly strategy: StrategyName } {
    const segment = this.#segment;
    const extra = this.#scoring.perDocument(plan, segment);
    if (strategy === 'eager' && extra === undefined) {
      const found = this.#eagerScores.search(terms, allow, k, above);
      if (found !== undefined) return { documents: found.indices, scores: found.scores, strategy };
    }
    if (extra === undefined && isSaturated(this.#scoring.model, terms)) {
      this.#tables ??= saturationTables(segment, this.#scoring.model, this.#scoring.collections);
      if (this.#tables.usable) {
        const pruned = strategy === 'maxscore';
        const found = saturated(segment, this.#scoring.model, terms, this.#tables, allow, k, above, pruned);
        return { documents: found.indices, scores: found.scores, strategy: pruned ? strategy : 'exhaustive' };
      }
    }
    const best = new Best(k, above);
    const found = [];
    for (const term of terms) {
      const entry = segment.fields[term.field]!.terms.find(term.term);
      if (entry !== undefined) found.push({ field: term.field, entry, score: this.#scoring.term(term) });
    }
    exhaustive(segment, found, allow, best, extra);
    return { ...best.take(), strategy: 'exhaustive' };
  }
}

/** From the one that is likely to be best. Scores are kept for small segments only, for the memory they take. */
const smallWays: readonly StrategyName[] = ['eager', 'maxscore', 'exhaustive'];
const largeWays: readonly StrategyName[] = ['maxscore', 'exhaustive'];

function postingsOf(terms: readonly PlannedTerm[]): number {
  let postings = 0;
  for (let i = 0; i < terms.length; i++) postings += terms[i]!.statistics.documentFrequency;
  return postings;
}

/** From 0 to 15. */
function powerOfFour(number: number): number {
  return Math.min(15, (33 - Math.clz32(number)) >> 1);
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
