import {
  checkInteger,
  checkOneOf,
  checkOptions,
  compareHits,
  type Filter,
  type Hit,
  RankError,
  type Ranking,
  shown,
  throwIfCancelled,
} from '@rank-rank/core';
import { Bitmap } from '../metadata/bitmap.ts';
import { compileFilter, unknownFields } from '../metadata/compile-filter.ts';
import type { CollectionStatistics, Model, TermStatistics } from './scoring/model.ts';
import { type ModelName, type ModelSpec, modelOf } from './scoring/models.ts';
import { Best } from './search/best.ts';
import { exhaustive, type SegmentTerm } from './search/exhaustive.ts';
import type { Field } from './segment/fields.ts';
import type { SegmentView } from './segment/segment.ts';
import type { Warning } from './warning.ts';

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

export type Strategy = 'auto' | 'exhaustive';

export interface SearchResult {
  readonly hits: Ranking;
  readonly warnings: readonly Warning[];
  /** How the best were found. */
  readonly strategy: Exclude<Strategy, 'auto'>;
}

/** A weighted term of a query, in a field. */
interface QueryTerm {
  readonly field: number;
  readonly term: string;
  readonly weight: number;
}

/** A commit of an index, as it was: nothing that is written later changes it. */
export class LexicalReader {
  readonly fields: readonly Field[];
  readonly segments: readonly SegmentView[];
  readonly #model: Model;

  constructor(fields: readonly Field[], segments: readonly SegmentView[], model: Model) {
    this.fields = fields;
    this.segments = segments;
    this.#model = model;
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

  statistics(field: number): CollectionStatistics {
    let documents = 0;
    let totalLength = 0;
    for (const { segment } of this.segments) {
      documents += segment.fields[field]!.documents;
      totalLength += segment.fields[field]!.totalLength;
    }
    return { documents, totalLength };
  }

  termStatistics(field: number, term: string): TermStatistics {
    let documentFrequency = 0;
    let collectionFrequency = 0;
    for (const { segment } of this.segments) {
      const entry = segment.fields[field]!.terms.find(term);
      if (entry === undefined) continue;
      documentFrequency += entry.documentFrequency;
      collectionFrequency += entry.collectionFrequency;
    }
    return { documentFrequency, collectionFrequency };
  }

  async search(query: string, k: number, options: LexicalSearchOptions = {}): Promise<Ranking> {
    return this.searchDetailed(query, k, options).hits;
  }

  /** The ranking with what is to be said about it. */
  searchDetailed(query: string, k: number, options: LexicalSearchOptions = {}): SearchResult {
    checkOptions('search', options, ['signal', 'filter', 'fields', 'model', 'strategy']);
    if (typeof query !== 'string') throw new RankError('INVALID_ARGUMENT', `search: query is ${shown(query)}; expected a string.`);
    checkInteger('search: k', k, { min: 1 });
    checkOneOf('search: strategy', options.strategy ?? 'auto', ['auto', 'exhaustive']);
    throwIfCancelled(options.signal, 'The search');
    const model = options.model === undefined ? this.#model : modelOf(options.model);
    const warnings: Warning[] = [];
    const terms = this.#analyse(query, options.fields, warnings);
    const allowed = this.#allowed(options.filter, warnings);
    const hits: Hit[] = [];
    const scored = terms.map((term) => {
      const collection = this.statistics(term.field);
      const statistics = this.termStatistics(term.field, term.term);
      return {
        ...term,
        collection,
        statistics,
        score: statistics.documentFrequency === 0 ? undefined : model.term(statistics, collection, term.weight),
      };
    });
    const queryLength = terms.reduce((sum, term) => sum + term.weight, 0);
    for (const [number, { segment, live }] of this.segments.entries()) {
      const found: SegmentTerm[] = [];
      for (const { field, term, score } of scored) {
        const entry = score === undefined ? undefined : segment.fields[field]!.terms.find(term);
        if (entry !== undefined) found.push({ field, entry, score: score! });
      }
      if (found.length === 0 || live === 0) continue;
      const best = new Best(Math.min(k, live));
      const extra =
        model.document === undefined
          ? undefined
          : (document: number): number => {
              const { lengths, lengthCodes } = segment.fields[0]!;
              return model.document!(lengths[lengthCodes[document]!]!, this.statistics(0), queryLength);
            };
      exhaustive(segment, found, allowed[number]!, best, extra);
      const { documents, scores } = best.take();
      for (let i = 0; i < documents.length; i++) hits.push({ id: segment.ids.idOf(documents[i]!), score: scores[i]! });
    }
    if (this.segments.length > 1) hits.sort(compareHits);
    return { hits: hits.length > k ? hits.slice(0, k) : hits, warnings, strategy: 'exhaustive' };
  }

  #fieldNumbers(names: readonly string[] | undefined): number[] {
    if (names === undefined) return this.fields.map((_, number) => number);
    return names.map((name) => {
      const number = this.fields.findIndex((field) => field.name === name);
      if (number < 0) {
        throw new RankError(
          'NOT_FOUND',
          `search: there is no field ${shown(name)}. There are: ${this.fields.map((field) => field.name).join(', ')}.`,
        );
      }
      return number;
    });
  }

  #analyse(query: string, fields: readonly string[] | undefined, warnings: Warning[]): QueryTerm[] {
    const terms: QueryTerm[] = [];
    for (const number of this.#fieldNumbers(fields)) {
      const field = this.fields[number]!;
      const weights = new Map<string, number>();
      for (const term of field.queryAnalyzer.terms(query)) weights.set(term, (weights.get(term) ?? 0) + field.boost);
      for (const [term, weight] of weights) terms.push({ field: number, term, weight });
    }
    if (terms.length === 0) {
      const why = this.fields[0]!.queryAnalyzer.whyEmpty(query);
      warnings.push({ code: 'EMPTY_QUERY', message: `The query ${shown(query)} has no terms: ${why ?? 'nothing is left of it'}.` });
    }
    return terms;
  }

  /** For each segment the documents that may be found; undefined where all may. */
  #allowed(filter: Filter | undefined, warnings: Warning[]): (Uint32Array | undefined)[] {
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
