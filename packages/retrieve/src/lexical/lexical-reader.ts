import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type Explanation,
  type Filter,
  RankError,
  type Ranking,
  shown,
  throwIfCancelled,
  unknownName,
} from '@rank-rank/core';
import { Bitmap } from '../metadata/bitmap.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { compileFilter, unknownFields } from '../metadata/compile-filter.ts';
import { noMore } from './postings/postings-cursor.ts';
import type { LexicalQuery } from './query/lexical-query.ts';
import { flatTerms, type Plan } from './query/plan.ts';
import { Planner } from './query/planner.ts';
import type { Bm25f } from './scoring/bm25f.ts';
import type { CollectionStatistics, Model, TermStatistics } from './scoring/model.ts';
import { type ModelName, type ModelSpec, modelOf } from './scoring/models.ts';
import { Best } from './search/best.ts';
import { FlatSearch, type Found, refuseStrategy, type Strategy, type StrategyName, strategies } from './search/flat-search.ts';
import { Floor } from './search/floor.ts';
import { mergeFound, type SegmentFound } from './search/merge-found.ts';
import { Scoring } from './search/scoring.ts';
import { SegmentSearch } from './search/segment-search.ts';
import type { Field } from './segment/fields.ts';
import type { SegmentView } from './segment/segment.ts';
import type { StoredText } from './segment/stored-texts.ts';
import type { Warning } from './warning.ts';

/** Terms whose statistics are remembered, a field. */
const rememberedTerms = 1 << 15;

export interface LexicalSearchOptions {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k results come back whenever k documents pass. */
  readonly filter?: Filter;
  /** The fields to search; all by default. */
  readonly fields?: readonly string[];
  /** The weighting model, instead of the index's own. */
  readonly model?: ModelName | ModelSpec;
  /** How the best are found; the ranking is the same. `auto` takes what costs least. */
  readonly strategy?: Strategy;
}

export interface SearchResult {
  readonly hits: Ranking;
  readonly warnings: readonly Warning[];
  /** How the best were found. */
  readonly strategy: StrategyName;
}

/** A commit of an index, as it was: nothing that is written later changes it. */
export class LexicalReader {
  readonly fields: readonly Field[];
  readonly segments: readonly SegmentView[];
  readonly #model: Model | Bm25f;
  readonly #scorings = new Map<string, Scoring>();
  readonly #searches = new Map<Scoring, FlatSearch[]>();
  readonly #terms: readonly Map<string, TermStatistics>[];
  readonly #statistics: readonly CollectionStatistics[];
  /** The segments in the order in which they are searched: the more the first find, the more the others pass over. */
  readonly #largestFirst: readonly number[];

  constructor(fields: readonly Field[], segments: readonly SegmentView[], model: Model | Bm25f) {
    this.fields = fields;
    this.segments = segments;
    this.#model = model;
    this.#terms = fields.map(() => new Map());
    this.#largestFirst = segments.map((_, number) => number).sort((a, b) => segments[b]!.live - segments[a]!.live);
    this.#statistics = fields.map((_, field) => {
      let documents = 0;
      let totalLength = 0;
      for (const { segment } of segments) {
        documents += segment.fields[field]!.documents;
        totalLength += segment.fields[field]!.totalLength;
      }
      return { documents, totalLength };
    });
  }

  /** Documents that can be found. */
  get size(): number {
    return this.segments.reduce((sum, { live }) => sum + live, 0);
  }

  has(id: string): boolean {
    return this.segments.some(({ segment, deleted }) => {
      const number = segment.ids.numberOf(id);
      return number >= 0 && !deleted?.has(number);
    });
  }

  /** The number of a field; of the first where no name is given. */
  fieldOf(name: string | undefined): number {
    if (name === undefined) return 0;
    const number = this.fields.findIndex((field) => field.name === name);
    if (number < 0) {
      throw unknownName(
        'Field',
        name,
        this.fields.map((field) => field.name),
        'NOT_FOUND',
      );
    }
    return number;
  }

  /** The text of a document, where the index keeps texts ({ texts: true }); undefined where it has no such document. */
  textOf(id: string): StoredText | undefined {
    for (const { segment, deleted } of this.segments) {
      const number = segment.ids.numberOf(id);
      if (number < 0 || deleted?.has(number)) continue;
      if (segment.texts === undefined) {
        throw new RankError('UNSUPPORTED', 'The index keeps no texts. Build it with { texts: true }, or give the text.', { id });
      }
      return segment.texts.textOf(number);
    }
    return undefined;
  }

  statistics(field: number): CollectionStatistics {
    return this.#statistics[field]!;
  }

  termStatistics(field: number, term: string): TermStatistics {
    const known = this.#terms[field]!.get(term);
    if (known !== undefined) return known;
    let documentFrequency = 0;
    let collectionFrequency = 0;
    for (const { segment } of this.segments) {
      const entry = segment.fields[field]!.terms.find(term);
      if (entry === undefined) continue;
      documentFrequency += entry.documentFrequency;
      collectionFrequency += entry.collectionFrequency;
    }
    const statistics = { documentFrequency, collectionFrequency };
    if (this.#terms[field]!.size >= rememberedTerms) this.#terms[field]!.clear();
    this.#terms[field]!.set(term, statistics);
    return statistics;
  }

  async search(query: LexicalQuery, k: number, options: LexicalSearchOptions = {}): Promise<Ranking> {
    return this.searchDetailed(query, k, options).hits;
  }

  /** The ranking with what is to be said about it. */
  searchDetailed(query: LexicalQuery, k: number, options: LexicalSearchOptions = {}): SearchResult {
    checkOptions('search', options, ['signal', 'filter', 'fields', 'model', 'strategy']);
    checkInteger('search: k', k, { min: 1 });
    const wanted = checkOneOf('search: strategy', options.strategy ?? 'auto', strategies);
    throwIfCancelled(options.signal, 'The search');
    const { plan, scoring, warnings } = this.#plan(query, options);
    const terms = wanted === 'matching' || scoring.together ? undefined : flatTerms(plan);
    if (terms === undefined) refuseStrategy(wanted);
    const allowed = this.#allowed(options.filter, warnings);
    const lists: SegmentFound[] = [];
    // One segment has nothing to pass on.
    const floor = this.segments.length > 1 ? new Floor(k) : undefined;
    let strategy: StrategyName = terms === undefined ? 'matching' : 'exhaustive';
    let largest = 0;
    for (const number of this.#largestFirst) {
      const { segment, live } = this.segments[number]!;
      if (live === 0 || plan.kind === 'none') continue;
      const allow = allowed === undefined ? undefined : allowed[number];
      const size = Math.min(k, live);
      const above = floor?.score ?? Number.NEGATIVE_INFINITY;
      let found: Found;
      if (terms === undefined) {
        const best = new Best(size, above);
        new SegmentSearch(segment, this.fields, scoring).search(plan, allow, best);
        found = best.take();
      } else {
        const flat = this.#flatSearch(number, scoring).search(plan, terms, allow, size, above, wanted);
        if (segment.size > largest) {
          largest = segment.size;
          strategy = flat.strategy;
        }
        found = flat;
      }
      floor?.add(found.scores);
      lists.push({ ids: segment.ids, documents: found.documents, scores: found.scores });
    }
    return { hits: mergeFound(lists, k), warnings, strategy };
  }

  /**
   * The score of one document as a tree of named parts: terms add up, and each is the product of its factors. The root's value is the
   * score that a search gives; undefined where the document does not match.
   */
  explain(query: LexicalQuery, id: string, options: Pick<LexicalSearchOptions, 'fields' | 'model'> = {}): Explanation | undefined {
    checkOptions('explain', options, ['fields', 'model']);
    const { plan, scoring } = this.#plan(query, options);
    for (const { segment, deleted } of this.segments) {
      const number = segment.ids.numberOf(id);
      if (number >= 0 && !deleted?.has(number)) return new SegmentSearch(segment, this.fields, scoring).explain(plan, number);
    }
    throw new RankError('NOT_FOUND', `explain: there is no document ${shown(id)} in this commit.`, { id });
  }

  /** How many of the matching documents have each value of a metadata field, the most frequent first. */
  facets(
    query: LexicalQuery,
    field: string,
    options: Pick<LexicalSearchOptions, 'fields' | 'filter'> & { readonly limit?: number } = {},
  ): ValueCount[] {
    checkOptions('facets', options, ['fields', 'filter', 'limit']);
    const limit = checkInteger('facets: limit', options.limit ?? 100, { min: 1 });
    const { plan, scoring, warnings } = this.#plan(query, options);
    const allowed = this.#allowed(options.filter, warnings);
    const counts = new Map<ValueCount['value'], number>();
    for (const [number, { segment }] of this.segments.entries()) {
      const within = Bitmap.empty(segment.size);
      const matches = new SegmentSearch(segment, this.fields, scoring).matches(plan);
      for (let document = matches?.document ?? noMore; document !== noMore; document = matches!.next()) within.add(document);
      const passed = allowed?.[number];
      if (passed !== undefined) within.and(new Bitmap(segment.size, passed));
      for (const { value, count } of segment.metadata.counts(field, within)) counts.set(value, (counts.get(value) ?? 0) + count);
    }
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || compareValues(a.value, b.value))
      .slice(0, limit);
  }

  /** The query as it is asked: analysed, expanded, with its statistics. */
  plan(query: LexicalQuery, options: Pick<LexicalSearchOptions, 'fields' | 'model'> = {}): Plan {
    return this.#plan(query, options).plan;
  }

  /** What finds the best of a segment, kept for the models asked last. */
  #flatSearch(segment: number, scoring: Scoring): FlatSearch {
    let searches = this.#searches.get(scoring);
    if (searches === undefined) {
      if (this.#searches.size >= 8) this.#searches.clear();
      this.#searches.set(scoring, (searches = []));
    }
    return (searches[segment] ??= new FlatSearch(this.segments[segment]!.segment, scoring));
  }

  #plan(
    query: LexicalQuery,
    options: Pick<LexicalSearchOptions, 'fields' | 'model'>,
  ): { plan: Plan; scoring: Scoring; warnings: Warning[] } {
    const scoring = this.#scoring(options.model);
    const planner = new Planner(this, options.fields, scoring.together);
    const plan = planner.plan(query);
    return { plan, scoring, warnings: planner.warnings };
  }

  /** Models are made once, so that what is kept for them is found again. */
  #scoring(spec: ModelName | ModelSpec | undefined): Scoring {
    const key = spec === undefined ? '' : JSON.stringify(spec);
    let scoring = this.#scorings.get(key);
    if (scoring === undefined) {
      const model = spec === undefined ? this.#model : modelOf(spec);
      scoring = new Scoring(
        model,
        this.fields,
        this.fields.map((_, field) => this.statistics(field)),
      );
      if (this.#scorings.size >= 8) this.#scorings.clear();
      this.#scorings.set(key, scoring);
    }
    return scoring;
  }

  /** For each segment the documents that may be found; undefined where all may. */
  #allowed(filter: Filter | undefined, warnings: Warning[]): (Uint32Array | undefined)[] | undefined {
    if (filter === undefined && this.segments.every(({ deleted }) => deleted === undefined)) return undefined;
    if (filter !== undefined) {
      for (const field of unknownFields(
        filter,
        this.segments.map(({ segment }) => segment.metadata),
      )) {
        warnings.push({ code: 'UNKNOWN_FIELD', message: `The filter speaks of ${shown(field)}, which no document's metadata has.` });
      }
    }
    return this.segments.map(({ segment, deleted }) => {
      if (filter !== undefined) {
        const passed = compileFilter(filter, segment.metadata);
        return (deleted === undefined ? passed : passed.andNot(deleted)).words;
      }
      return deleted === undefined ? undefined : Bitmap.full(segment.size).andNot(deleted).words;
    });
  }
}

function compareValues(a: ValueCount['value'], b: ValueCount['value']): number {
  return typeof a === typeof b ? (a < b ? -1 : 1) : typeof a < typeof b ? -1 : 1;
}
