import {
  checkFilter,
  checkInteger,
  checkNumber,
  checkOptions,
  compareHits,
  type Explanation,
  type Filter,
  type Hit,
  type Ranking,
  type SparseVector,
  throwIfCancelled,
} from '@rank-rank/core';
import type { Warning } from '../lexical/warning.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { AllowedDocuments, unknownFieldWarnings } from '../segments/allowed.ts';
import type { LiveSegment } from '../segments/segment.ts';
import { SnapshotDocuments } from '../segments/snapshot-documents.ts';
import { checkSparse, type SparseInput } from './sparse-input.ts';
import type { SparseSegment } from './sparse-segment.ts';

export interface SparseSearchOptions {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k hits come back whenever k documents pass and match. */
  readonly filter?: Filter;
  /** Whether all documents are looked at, also where the index is made for approximate search. false */
  readonly exact?: boolean;
  /** In approximate search, documents that are scored in full, for each hit wanted: more find more and take longer. 10 */
  readonly candidates?: number;
}

export interface SparseSearchResult {
  readonly hits: Ranking;
  readonly warnings: readonly Warning[];
}

const searchNames = ['signal', 'filter', 'exact', 'candidates'] as const;

/** A commit of a sparse index, as it was: nothing that is written later changes it. */
export class SparseReader {
  readonly segments: readonly LiveSegment<SparseSegment>[];
  readonly #allowed = new AllowedDocuments();
  readonly #documents: SnapshotDocuments<SparseSegment>;

  constructor(segments: readonly LiveSegment<SparseSegment>[]) {
    this.segments = segments;
    this.#documents = new SnapshotDocuments(segments, this.#allowed);
  }

  /** Documents that can be found. */
  get size(): number {
    return this.#documents.size;
  }

  has(id: string): boolean {
    return this.#documents.find(id) !== undefined;
  }

  /** How many documents pass a filter; all without one. */
  count(filter?: Filter): number {
    return this.#documents.count(filter);
  }

  /** How many documents (that pass the filter) have each value of a field, the most frequent first. */
  facets(field: string, filter?: Filter): ValueCount[] {
    return this.#documents.facets(field, filter);
  }

  async search(query: SparseInput, k: number, options: SparseSearchOptions = {}): Promise<Ranking> {
    return this.#search('search', checkSparse('search: the query', query), k, options);
  }

  /** The ranking with what is to be said about it. */
  async searchDetailed(query: SparseInput, k: number, options: SparseSearchOptions = {}): Promise<SparseSearchResult> {
    const checked = checkSparse('searchDetailed: the query', query);
    const hits = this.#search('searchDetailed', checked, k, options);
    const warnings = unknownFieldWarnings(options.filter, this.segments);
    if (checked.indices.length === 0) warnings.push({ code: 'EMPTY_QUERY', message: 'The query has no weights above 0.' });
    return { hits, warnings };
  }

  /** Where a document's score comes from, term by term; undefined if there is no such document. `name` gives a term's name for its index. */
  explain(query: SparseInput, id: string, name: (index: number) => string = String): Explanation | undefined {
    const checked = checkSparse('explain: the query', query);
    const found = this.#documents.find(id);
    if (found === undefined) return undefined;
    const parts = found.segment.parts(checked, found.row).map(({ index, queryWeight, weight }) => ({
      name: name(index),
      value: queryWeight * weight,
      combine: 'product' as const,
      parts: [
        { name: 'weight in the query', value: queryWeight },
        { name: 'weight in the document', value: weight },
      ],
    }));
    return { name: 'dot product', value: parts.reduce((sum, { value }) => sum + value, 0), space: 'dot', parts };
  }

  #search(where: string, query: SparseVector, k: number, options: SparseSearchOptions): Hit[] {
    checkOptions(where, options, searchNames);
    checkInteger(`${where}: k`, k, { min: 1 });
    const { filter, signal, exact = false } = options;
    if (filter !== undefined) checkFilter(filter);
    const candidates = checkNumber(`${where}: candidates`, options.candidates ?? 10, { min: 1 });
    const hits: Hit[] = [];
    for (const live of this.segments) {
      throwIfCancelled(signal, 'The search');
      const allowed = this.#allowed.of(live, filter);
      if (allowed?.count === 0) continue;
      const { indices, scores } = live.segment.search(query, k, allowed, { exact, candidates });
      for (let i = 0; i < indices.length; i++) hits.push({ id: live.segment.ids.id(indices[i]!), score: scores[i]! });
    }
    return hits.sort(compareHits).slice(0, k);
  }
}
