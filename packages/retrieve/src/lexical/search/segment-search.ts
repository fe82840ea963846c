import type { Explanation } from '@rank-rank/core';
import { FieldsMatches } from '../matching/fields-matches.ts';
import {
  AllMatches,
  ExclusionMatches,
  IntersectionMatches,
  type Matches,
  OneMatch,
  OptionalMatches,
  TermMatches,
  UnionMatches,
} from '../matching/matches.ts';
import { PhraseMatches } from '../matching/phrase-matches.ts';
import { noMore, PostingsCursor } from '../postings/postings-cursor.ts';
import type { Plan, PlannedBoolean, PlannedFieldsTerm, PlannedPhrase, PlannedTerm } from '../query/plan.ts';
import type { Field } from '../segment/fields.ts';
import type { Segment } from '../segment/segment.ts';
import type { Best } from './best.ts';
import type { Scoring } from './scoring.ts';

/** Asks one segment a planned query of any form. */
export class SegmentSearch {
  readonly #segment: Segment;
  readonly #fields: readonly Field[];
  readonly #scoring: Scoring;

  constructor(segment: Segment, fields: readonly Field[], scoring: Scoring) {
    this.#segment = segment;
    this.#fields = fields;
    this.#scoring = scoring;
  }

  /** Offers every matching, allowed document with its score. */
  search(plan: Plan, allowed: Uint32Array | undefined, best: Best): void {
    const matches = this.matches(plan);
    const extra = this.#scoring.perDocument(plan, this.#segment);
    for (let document = matches?.document ?? noMore; document !== noMore; document = matches!.next()) {
      if (allowed !== undefined && ((allowed[document >>> 5]! >>> (document & 31)) & 1) === 0) continue;
      const sum = matches!.score();
      best.push(document, Math.fround(extra === undefined ? sum : sum + extra(document)));
    }
  }

  /** The matching documents; undefined where there can be none. */
  matches(plan: Plan): Matches | undefined {
    switch (plan.kind) {
      case 'none':
        return undefined;
      case 'all':
        return new AllMatches(this.#segment.size);
      case 'id': {
        const document = this.#segment.ids.numberOf(plan.id);
        return document < 0 ? undefined : new OneMatch(document);
      }
      case 'term':
        return this.#term(plan);
      case 'fieldsTerm':
        return this.#fieldsTerm(plan);
      case 'phrase':
        return this.#phrase(plan);
      case 'largest': {
        const parts = plan.parts.map((part) => this.matches(part)).filter((part) => part !== undefined);
        return parts.length === 0 ? undefined : new UnionMatches(parts, 1, true);
      }
      case 'boolean':
        return this.#boolean(plan);
    }
  }

  /** Why a document scores what it does; undefined where it does not match. The root's value is the score. */
  explain(plan: Plan, document: number): Explanation | undefined {
    const found = this.#explain(plan, document);
    if (found === undefined) return undefined;
    const extra = this.#scoring.perDocument(plan, this.#segment)?.(document);
    const parts = found.combine === undefined && found.parts !== undefined && found.name === 'any of' ? [...found.parts] : [found];
    if (extra !== undefined)
      parts.push({ name: 'document', value: extra, description: 'what every matching document gets once: its length, or absent terms' });
    const sum = parts.reduce((total, part) => total + part.value, 0);
    const value = Math.fround(sum);
    if (value !== sum) parts.push({ name: 'rounding', value: value - sum, description: 'scores are numbers of single precision' });
    return {
      name: this.#scoring.model.name,
      value,
      space: this.#scoring.model.name.startsWith('bm25') ? 'bm25' : 'relative',
      combine: 'sum',
      parts,
    };
  }

  #cursor(field: number, term: string): PostingsCursor | undefined {
    const entry = this.#segment.fields[field]!.terms.find(term);
    return entry === undefined ? undefined : new PostingsCursor(this.#segment.postings, entry);
  }

  #lengthOf(field: number, document: number): number {
    const { lengthCodes, lengths } = this.#segment.fields[field]!;
    return lengths[lengthCodes[document]!]!;
  }

  #term(plan: PlannedTerm): Matches | undefined {
    const cursor = this.#cursor(plan.field, plan.term);
    if (cursor === undefined) return undefined;
    const score = this.#scoring.term(plan);
    return new TermMatches(cursor, (document, frequency) => score(frequency, this.#lengthOf(plan.field, document)));
  }

  #fieldsTerm(plan: PlannedFieldsTerm): Matches | undefined {
    const cursors = plan.terms.map(({ field, term }) => this.#cursor(field, term));
    if (cursors.every((cursor) => cursor === undefined)) return undefined;
    return new FieldsMatches(cursors, (document, frequencies) => this.#scoring.fieldsTerm(plan, this.#segment, document, frequencies));
  }

  #phrase(plan: PlannedPhrase): PhraseMatches | undefined {
    const { terms } = this.#segment.fields[plan.field]!;
    const words = [];
    for (const { term, place } of plan.words) {
      const entry = terms.find(term);
      if (entry === undefined) return undefined;
      words.push({ cursor: new PostingsCursor(this.#segment.postings, entry), entry, place });
    }
    const score = this.#scoring.phrase(plan);
    return new PhraseMatches(words, this.#segment.positions, plan.rule, (document, frequency) =>
      score(frequency, this.#lengthOf(plan.field, document)),
    );
  }

  #boolean({ must, should, mustNot, least }: PlannedBoolean): Matches | undefined {
    const required: Matches[] = [];
    for (const part of must) {
      const matches = this.matches(part);
      if (matches === undefined) return undefined;
      required.push(matches);
    }
    const optional = should.map((part) => this.matches(part)).filter((part) => part !== undefined);
    if (optional.length < least) return undefined;
    let found: Matches | undefined;
    if (required.length > 0) found = required.length === 1 ? required[0]! : new IntersectionMatches(required);
    if (optional.length > 0) {
      const union = optional.length === 1 ? optional[0]! : new UnionMatches(optional, least);
      if (found === undefined) found = union;
      else found = least > 0 ? new IntersectionMatches([found, union]) : new OptionalMatches(found, union);
    }
    if (found === undefined) return undefined;
    const unwanted = mustNot.map((part) => this.matches(part)).filter((part) => part !== undefined);
    if (unwanted.length === 0) return found;
    return new ExclusionMatches(found, unwanted.length === 1 ? unwanted[0]! : new UnionMatches(unwanted, 1));
  }

  #explain(plan: Plan, document: number): Explanation | undefined {
    const matches = this.matches(plan);
    if (matches === undefined || matches.seek(document) !== document) return undefined;
    const value = matches.score();
    switch (plan.kind) {
      case 'all':
        return { name: 'every document', value: 0 };
      case 'id':
        return { name: `the document ${plan.id}`, value: 0 };
      case 'term': {
        const frequency = (matches as TermMatches).cursor.frequency;
        const length = this.#lengthOf(plan.field, document);
        const factors = this.#scoring.model.factors(plan.statistics, plan.collection, plan.weight, frequency, length);
        return { name: `${this.#fields[plan.field]!.name}:${plan.term}`, value, combine: 'product', parts: factors };
      }
      case 'fieldsTerm': {
        const frequencies = plan.terms.map(({ field, term }) => {
          const cursor = this.#cursor(field, term);
          return cursor?.seek(document) === document ? cursor.frequency : 0;
        });
        const factors = this.#scoring.fieldsTermFactors(plan, this.#segment, document, frequencies);
        return { name: [...new Set(plan.terms.map(({ term }) => term))].join(' / '), value, combine: 'product', parts: factors };
      }
      case 'phrase':
        return this.#explainPhrase(plan, (matches as PhraseMatches).frequency, document, value);
      case 'largest':
        return { name: 'best of', value, combine: 'max', parts: this.#explainAll(plan.parts, document) };
      case 'boolean':
        return { name: 'any of', value, parts: [...this.#explainAll(plan.must, document), ...this.#explainAll(plan.should, document)] };
      default:
        return undefined;
    }
  }

  #explainAll(plans: readonly Plan[], document: number): Explanation[] {
    return plans.map((part) => this.#explain(part, document)).filter((part) => part !== undefined);
  }

  #explainPhrase(plan: PlannedPhrase, frequency: number, document: number, value: number): Explanation {
    const length = this.#lengthOf(plan.field, document);
    const parts = plan.words.map(({ term, statistics }): Explanation => {
      const factors = this.#scoring.model.factors(statistics, plan.collection, plan.weight, frequency, length);
      return { name: term, value: factors.reduce((product, factor) => product * factor.value, 1), combine: 'product', parts: factors };
    });
    const words = plan.words.map(({ term }) => term).join(' ');
    return { name: `${this.#fields[plan.field]!.name}:"${words}"`, value, parts, description: `the phrase counts ${frequency} times` };
  }
}
