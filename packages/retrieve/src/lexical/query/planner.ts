import { checkInteger, checkNumber, checkOneOf, checkOptions, checkString, RankError, shown, unknownName } from '@rank-rank/core';
import type { Token } from '../../analysis/analysis.ts';
import type { PhraseRule } from '../matching/phrase-matches.ts';
import { noMore, PostingsCursor } from '../postings/postings-cursor.ts';
import type { CollectionStatistics, TermStatistics } from '../scoring/model.ts';
import type { Field } from '../segment/fields.ts';
import type { SegmentView } from '../segment/segment.ts';
import type { Warning } from '../warning.ts';
import { Expansion, expandFuzzy, expandPrefix, expandWildcard } from './expansion.ts';
import type { BooleanQuery, LexicalQuery } from './lexical-query.ts';
import { anyOf, bestOf, type Plan } from './plan.ts';

/** What a query is planned against: the fields and the commit's statistics. */
export interface Planned {
  readonly fields: readonly Field[];
  readonly segments: readonly SegmentView[];
  statistics(field: number): CollectionStatistics;
  termStatistics(field: number, term: string): TermStatistics;
}

const deepest = 64;
const longestPattern = 256;
const defaultLimit = 128;
const known = {
  text: ['minimumShouldMatch'],
  term: [],
  phrase: ['slop'],
  near: ['distance'],
  prefix: ['limit'],
  wildcard: ['limit'],
  fuzzy: ['edits', 'prefixLength', 'limit'],
} as const;
type Kind = keyof typeof known;
const kinds = Object.keys(known) as Kind[];

/** A word of a query: its term in each field that has one for it, and how often it comes. */
interface Word {
  readonly weight: number;
  readonly terms: readonly { readonly field: number; readonly term: string }[];
}

/** Turns queries into {@link Plan}s. */
export class Planner {
  readonly warnings: Warning[] = [];
  readonly #index: Planned;
  readonly #defaultFields: readonly number[];
  /** Whether fields are scored together (BM25F). */
  readonly #together: boolean;

  constructor(index: Planned, fields: readonly string[] | undefined, together: boolean) {
    this.#index = index;
    this.#together = together;
    this.#defaultFields = fields === undefined ? index.fields.map((_, number) => number) : fields.map((name) => this.#fieldNumber(name));
  }

  plan(query: LexicalQuery, boost = 1, where = 'query', depth = 0): Plan {
    if (typeof query === 'string') return this.#text(query, this.#defaultFields, boost, undefined);
    if (depth > deepest) throw new RankError('OUT_OF_RANGE', `${where} is nested more than ${deepest} deep. Flatten it.`);
    if (typeof query !== 'object' || query === null || Array.isArray(query)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${where} is ${shown(query)}; expected a string, or an object such as { text }, { phrase } or { must }.`,
      );
    }
    const given = query as unknown as Record<string, unknown>;
    if ('all' in given) {
      checkOptions(where, given, ['all']);
      return { kind: 'all' };
    }
    if ('id' in given) {
      checkOptions(where, given, ['id']);
      return { kind: 'id', id: checkString(`${where}.id`, given['id']) };
    }
    if ('must' in given || 'should' in given || 'mustNot' in given) return this.#boolean(query as BooleanQuery, boost, where, depth);
    const kind = kinds.find((name) => name in given);
    if (kind === undefined) {
      const [first] = Object.keys(given);
      const all = [...kinds, 'must', 'should', 'mustNot', 'id', 'all'];
      if (first !== undefined) throw unknownName(`${where}: key`, first, all);
      throw new RankError('INVALID_ARGUMENT', `${where} is an empty object; expected one of ${all.join(', ')}.`);
    }
    checkOptions(where, given, [kind, 'field', 'fields', 'boost', ...known[kind]]);
    const text = checkString(`${where}.${kind}`, given[kind]);
    const weight = boost * checkNumber(`${where}.boost`, given['boost'] ?? 1, { above: 0 });
    const fields = this.#fieldsOf(given, where);
    const limit = checkInteger(`${where}.limit`, given['limit'] ?? defaultLimit, { min: 1, max: 65_536 });
    switch (kind) {
      case 'text':
        return this.#text(text, fields, weight, given['minimumShouldMatch'] as number | string | undefined, where);
      case 'term':
        return anyOf(fields.map((field) => this.#term(field, text, weight * this.#index.fields[field]!.boost)));
      case 'phrase':
        return this.#phrase(text, fields, { kind, slop: checkInteger(`${where}.slop`, given['slop'] ?? 0, { min: 0 }) }, weight);
      case 'near':
        return this.#phrase(text, fields, { kind, slop: checkInteger(`${where}.distance`, given['distance'] ?? 5, { min: 0 }) }, weight);
      case 'prefix':
        return this.#expand(text, fields, weight, limit, (field, word, into) => {
          for (const { segment } of this.#index.segments) expandPrefix(segment.fields[field]!.terms, word, into);
        });
      case 'wildcard':
        if (text.length > longestPattern)
          throw new RankError('OUT_OF_RANGE', `${where}.wildcard has ${text.length} characters; at most ${longestPattern}.`);
        return this.#expand(text, fields, weight, limit, (field, word, into) => {
          for (const { segment } of this.#index.segments) expandWildcard(segment.fields[field]!.terms, word, into);
        });
      case 'fuzzy':
        return this.#fuzzy(text, fields, weight, limit, given, where);
    }
  }

  #fieldNumber(name: unknown): number {
    const { fields } = this.#index;
    const number = fields.findIndex((field) => field.name === name);
    if (number < 0)
      throw unknownName(
        'Field',
        String(name),
        fields.map((field) => field.name),
        'NOT_FOUND',
      );
    return number;
  }

  #fieldsOf(query: Record<string, unknown>, where: string): readonly number[] {
    const { field, fields } = query;
    if (field !== undefined && fields !== undefined)
      throw new RankError('INVALID_ARGUMENT', `${where} has both field and fields; give one.`);
    if (field !== undefined) return [this.#fieldNumber(field)];
    if (fields === undefined) return this.#defaultFields;
    if (!Array.isArray(fields) || fields.length === 0) {
      throw new RankError('INVALID_ARGUMENT', `${where}.fields is ${shown(fields)}; expected an array of names.`);
    }
    return fields.map((name) => this.#fieldNumber(name));
  }

  #term(field: number, term: string, weight: number): Plan {
    const statistics = this.#index.termStatistics(field, term);
    if (statistics.documentFrequency === 0) return { kind: 'none' };
    if (this.#together) return this.#word([{ field, term }], weight / this.#index.fields[field]!.boost);
    return { kind: 'term', field, term, weight, statistics, collection: this.#index.statistics(field) };
  }

  #text(text: string, fields: readonly number[], boost: number, minimum: number | string | undefined, where = 'query'): Plan {
    const words = fields.length === 1 ? this.#wordsOf(text, fields[0]!) : this.#wordsOfFields(text, fields);
    if (words.length === 0) {
      const { queryAnalyzer } = this.#index.fields[fields[0]!]!;
      this.warnings.push({
        code: 'EMPTY_QUERY',
        message: `${where} ${shown(text)} has no terms: ${queryAnalyzer.whyEmpty(text) ?? 'nothing is left of it'}. It finds nothing.`,
      });
      return textless;
    }
    const parts = words.map(({ weight, terms }) => this.#word(terms, weight * boost));
    const least = minimum === undefined ? 1 : leastOf(minimum, parts.length, `${where}.minimumShouldMatch`);
    if (least <= 1) return anyOf(parts);
    return parts.filter((part) => part.kind !== 'none').length < least
      ? { kind: 'none' }
      : { kind: 'boolean', must: [], should: parts, mustNot: [], least };
  }

  #wordsOf(text: string, field: number): Word[] {
    const weights = new Map<string, number>();
    for (const term of this.#index.fields[field]!.queryAnalyzer.terms(text)) weights.set(term, (weights.get(term) ?? 0) + 1);
    const words: Word[] = [];
    for (const [term, weight] of weights) words.push({ weight, terms: [{ field, term }] });
    return words;
  }

  /** Fields may analyse differently; words that stand at one place of the text belong together. */
  #wordsOfFields(text: string, fields: readonly number[]): Word[] {
    const places = new Map<number, { field: number; term: string }[]>();
    for (const field of fields) {
      for (const { term, position } of this.#index.fields[field]!.queryAnalyzer.tokens(text)) {
        const terms = places.get(position) ?? [];
        if (!terms.some((other) => other.field === field && other.term === term)) terms.push({ field, term });
        places.set(position, terms);
      }
    }
    // The same terms at several places are one word that counts several times.
    const words = new Map<string, Word>();
    for (const terms of places.values()) {
      const key = terms.map(({ field, term }) => `${field} ${term}`).join('\n');
      words.set(key, { weight: (words.get(key)?.weight ?? 0) + 1, terms });
    }
    return [...words.values()];
  }

  #word(terms: readonly { field: number; term: string }[], weight: number): Plan {
    if (!this.#together) return anyOf(terms.map(({ field, term }) => this.#term(field, term, weight * this.#index.fields[field]!.boost)));
    const documentFrequency = this.#documentsWithAny(terms);
    if (documentFrequency === 0) return { kind: 'none' };
    const documents = this.#index.segments.reduce((sum, { segment }) => sum + segment.size, 0);
    return { kind: 'fieldsTerm', terms, weight, documentFrequency, documents };
  }

  /** Documents that have any of the terms: their lists are gone through together. */
  #documentsWithAny(terms: readonly { field: number; term: string }[]): number {
    let count = 0;
    for (const { segment } of this.#index.segments) {
      const entries = terms.map(({ field, term }) => segment.fields[field]!.terms.find(term)).filter((entry) => entry !== undefined);
      if (entries.length === 1) count += entries[0]!.documentFrequency;
      if (entries.length < 2) continue;
      const cursors = entries.map((entry) => new PostingsCursor(segment.postings, entry));
      for (;;) {
        let first = noMore;
        for (const cursor of cursors) if (cursor.document < first) first = cursor.document;
        if (first === noMore) break;
        count++;
        for (const cursor of cursors) if (cursor.document === first) cursor.next();
      }
    }
    return count;
  }

  #phrase(text: string, fields: readonly number[], rule: PhraseRule, boost: number): Plan {
    const plans: Plan[] = [];
    for (const field of fields) {
      const { name, positions, queryAnalyzer, boost: fieldBoost } = this.#index.fields[field]!;
      const tokens = queryAnalyzer.tokens(text);
      const weight = boost * fieldBoost;
      if (tokens.length === 0) continue;
      const paths = pathsOf(tokens).map((path) =>
        path.map(({ term, position }) => ({
          term,
          place: position - tokens[0]!.position,
          statistics: this.#index.termStatistics(field, term),
        })),
      );
      if (!positions && paths[0]!.length > 1) {
        this.warnings.push({
          code: 'NO_POSITIONS',
          message: `The field ${shown(name)} was built without positions, so that ${shown(text)} finds documents with all its words wherever they stand. Build it with { positions: true } for phrases.`,
        });
        const ways = paths.map((words): Plan => {
          const must = words.map(({ term }) => this.#term(field, term, weight));
          return must.some((part) => part.kind === 'none')
            ? { kind: 'none' }
            : { kind: 'boolean', must, should: [], mustNot: [], least: 0 };
        });
        plans.push(bestOf(ways.filter((way) => way.kind !== 'none')));
        continue;
      }
      const found = paths.filter((words) => words.every(({ statistics }) => statistics.documentFrequency > 0));
      const collection = this.#index.statistics(field);
      plans.push(
        bestOf(
          found.map((words) =>
            words.length === 1 ? this.#term(field, words[0]!.term, weight) : { kind: 'phrase', field, words, rule, weight, collection },
          ),
        ),
      );
    }
    if (plans.length === 0 && fields.every((field) => this.#index.fields[field]!.queryAnalyzer.terms(text).length === 0)) {
      this.warnings.push({
        code: 'EMPTY_QUERY',
        message: `The phrase ${shown(text)} has no terms: ${this.#index.fields[fields[0]!]!.queryAnalyzer.whyEmpty(text) ?? 'nothing is left of it'}. It finds nothing.`,
      });
      return textless;
    }
    return anyOf(plans);
  }

  #expand(
    text: string,
    fields: readonly number[],
    boost: number,
    limit: number,
    expand: (field: number, word: string, into: Expansion) => void,
    scale: (edits: number) => number = () => 1,
  ): Plan {
    const parts: Plan[] = [];
    for (const field of fields) {
      const into = new Expansion();
      const word = this.#index.fields[field]!.queryAnalyzer.normalize(text);
      if (word !== '') expand(field, word, into);
      if (into.size > limit) {
        this.warnings.push({
          code: 'TOO_MANY_TERMS',
          message: `${shown(text)} stands for ${into.size} terms of the field ${shown(this.#index.fields[field]!.name)}; the ${limit} most frequent are searched. Make it longer, or raise its limit.`,
        });
      }
      for (const { term, edits } of into.best(limit))
        parts.push(this.#term(field, term, boost * this.#index.fields[field]!.boost * scale(edits)));
    }
    return bestOf(parts);
  }

  #fuzzy(text: string, fields: readonly number[], boost: number, limit: number, given: Record<string, unknown>, where: string): Plan {
    const length = [...text].length;
    const edits = checkInteger(`${where}.edits`, given['edits'] ?? (length <= 2 ? 0 : length <= 5 ? 1 : 2), { min: 0, max: 2 });
    const prefixLength = checkInteger(`${where}.prefixLength`, given['prefixLength'] ?? 1, { min: 0 });
    return this.#expand(
      text,
      fields,
      boost,
      limit,
      (field, word, into) => {
        for (const { segment } of this.#index.segments) expandFuzzy(segment.fields[field]!.terms, word, edits, prefixLength, into);
      },
      // A term further away counts less: half at two edits of four characters.
      (distance) => 1 - distance / Math.max(distance + 1, length),
    );
  }

  #boolean(query: BooleanQuery, boost: number, where: string, depth: number): Plan {
    checkOptions(where, query, ['must', 'should', 'mustNot', 'minimumShouldMatch', 'boost']);
    const weight = boost * checkNumber(`${where}.boost`, query.boost ?? 1, { above: 0 });
    const parts = (name: 'must' | 'should' | 'mustNot'): Plan[] => {
      const list = query[name] ?? [];
      if (!Array.isArray(list))
        throw new RankError('INVALID_ARGUMENT', `${where}.${name} is ${shown(list)}; expected an array of queries.`);
      return list.map((part: LexicalQuery, i) => this.plan(part, weight, `${where}.${name}[${i}]`, depth + 1));
    };
    const given = { must: parts('must'), should: parts('should') };
    const [must, should] = [withoutTextless(given.must), withoutTextless(given.should)];
    if (must.length + should.length === 0 && given.must.length + given.should.length > 0) return textless;
    const mustNot = parts('mustNot').filter((part) => part.kind !== 'none');
    checkOneOf(`${where}: type of minimumShouldMatch`, typeof query.minimumShouldMatch, ['undefined', 'number', 'string']);
    const least =
      query.minimumShouldMatch === undefined
        ? must.length > 0 || should.length === 0
          ? 0
          : 1
        : leastOf(query.minimumShouldMatch, should.length, `${where}.minimumShouldMatch`);
    const able = should.filter((part) => part.kind !== 'none');
    if (must.some((part) => part.kind === 'none') || able.length < least) return { kind: 'none' };
    // Only exclusions: everything else matches.
    if (must.length === 0 && should.length === 0) return { kind: 'boolean', must: [{ kind: 'all' }], should: [], mustNot, least: 0 };
    if (must.length === 0 && least === 0) return { kind: 'boolean', must: [{ kind: 'all' }], should: able, mustNot, least: 0 };
    return { kind: 'boolean', must, should: able, mustNot, least };
  }
}

/** The most ways to read a phrase whose places have several terms. */
const mostPaths = 64;

/**
 * A phrase's tokens, one a place: where synonyms, parts of compounds or wholes share a place with a word, any of them will do. Each way to
 * choose is a phrase of its own; of too many the first are taken.
 */
function pathsOf(tokens: readonly Token[]): Token[][] {
  let paths: Token[][] = [[]];
  for (let i = 0; i < tokens.length; ) {
    const { position } = tokens[i]!;
    const here: Token[] = [];
    for (; i < tokens.length && tokens[i]!.position === position; i++) {
      if (!here.some(({ term }) => term === tokens[i]!.term)) here.push(tokens[i]!);
    }
    const longer = paths.flatMap((path) => here.map((token) => [...path, token]));
    paths = longer.length <= mostPaths ? longer : paths.map((path) => [...path, here[0]!]);
  }
  return paths;
}

const textless: Plan = { kind: 'none', textless: true };

function withoutTextless(parts: readonly Plan[]): readonly Plan[] {
  return parts.filter((part) => part.kind !== 'none' || part.textless !== true);
}

/** `2`, `-1` (all but one), `'75%'` (rounded down), `'-25%'`; within 0 and the number of parts. */
function leastOf(minimum: unknown, parts: number, where: string): number {
  let least: number;
  const share = typeof minimum === 'string' ? /^(-?)(\d{1,3})%$/.exec(minimum) : undefined;
  if (share !== undefined && share !== null) {
    const count = Math.floor((parts * Number(share[2])) / 100);
    least = share[1] === '-' ? parts - count : count;
  } else {
    if (typeof minimum === 'string')
      throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(minimum)}; expected a whole number or a share such as "75%".`);
    const count = checkInteger(where, minimum);
    least = count < 0 ? parts + count : count;
  }
  return Math.max(0, Math.min(parts, least));
}
