import type { PhraseRule } from '../matching/phrase-matches.ts';
import type { CollectionStatistics, TermStatistics } from '../scoring/model.ts';

/** A query with its text analysed, its patterns expanded and its statistics looked up: what every segment is then asked. */
export type Plan =
  | PlannedTerm
  | PlannedFieldsTerm
  | PlannedPhrase
  | PlannedBoolean
  | PlannedLargest
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'all' }
  | PlannedNothing;

/** Finds nothing. */
export interface PlannedNothing {
  readonly kind: 'none';
  /** Because its text has no terms (stop words alone, say): a boolean query goes on without it, as Lucene's does. */
  readonly textless?: boolean;
}

export interface PlannedTerm {
  readonly kind: 'term';
  readonly field: number;
  readonly term: string;
  readonly weight: number;
  readonly statistics: TermStatistics;
  readonly collection: CollectionStatistics;
}

/** One term in several fields that are scored as one (BM25F). */
export interface PlannedFieldsTerm {
  readonly kind: 'fieldsTerm';
  readonly terms: readonly { readonly field: number; readonly term: string }[];
  readonly weight: number;
  /** Documents that have the term in any of the fields, and documents in all. */
  readonly documentFrequency: number;
  readonly documents: number;
}

export interface PlannedPhrase {
  readonly kind: 'phrase';
  readonly field: number;
  readonly words: readonly { readonly term: string; readonly place: number; readonly statistics: TermStatistics }[];
  readonly rule: PhraseRule;
  readonly weight: number;
  readonly collection: CollectionStatistics;
}

export interface PlannedBoolean {
  readonly kind: 'boolean';
  readonly must: readonly Plan[];
  readonly should: readonly Plan[];
  readonly mustNot: readonly Plan[];
  /** How many of `should` have to match. */
  readonly least: number;
}

/** The best of several, such as the terms that a prefix stands for. */
export interface PlannedLargest {
  readonly kind: 'largest';
  readonly parts: readonly Plan[];
}

/** Plans whose scores are summed and of which one is enough. */
export function anyOf(parts: readonly Plan[]): Plan {
  const some = parts.filter((part) => part.kind !== 'none');
  if (some.length === 0) return { kind: 'none' };
  return some.length === 1 ? some[0]! : { kind: 'boolean', must: [], should: some, mustNot: [], least: 1 };
}

/** Plans of which the best counts. */
export function bestOf(parts: readonly Plan[]): Plan {
  if (parts.length === 0) return { kind: 'none' };
  return parts.length === 1 ? parts[0]! : { kind: 'largest', parts };
}

/** The terms of a plan that only adds up terms; undefined of any other. */
export function flatTerms(plan: Plan): PlannedTerm[] | undefined {
  if (plan.kind === 'none') return [];
  if (plan.kind === 'term') return [plan];
  if (plan.kind !== 'boolean' || plan.must.length > 0 || plan.mustNot.length > 0 || plan.least > 1) return undefined;
  const terms: PlannedTerm[] = [];
  for (const part of plan.should) {
    const more = flatTerms(part);
    if (more === undefined) return undefined;
    for (const term of more) terms.push(term);
  }
  return terms;
}

/** The terms that can add to a score. */
export function* scoringTerms(plan: Plan): Generator<PlannedTerm> {
  switch (plan.kind) {
    case 'term':
      yield plan;
      break;
    case 'boolean':
      for (const part of plan.must) yield* scoringTerms(part);
      for (const part of plan.should) yield* scoringTerms(part);
      break;
    case 'largest':
      for (const part of plan.parts) yield* scoringTerms(part);
      break;
  }
}
