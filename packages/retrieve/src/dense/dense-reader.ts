import {
  checkFilter,
  checkInteger,
  checkNumber,
  checkOptions,
  compareHits,
  type Explanation,
  type Filter,
  type Hit,
  type Matrix,
  type Ranking,
  throwIfCancelled,
} from '@rank-rank/core';
import { normalise } from '@rank-rank/kernels';
import type { Warning } from '../lexical/warning.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { AllowedDocuments, unknownFieldWarnings } from '../segments/allowed.ts';
import type { LiveSegment } from '../segments/segment.ts';
import { SnapshotDocuments } from '../segments/snapshot-documents.ts';
import type { SegmentSearch } from './candidates.ts';
import { checkQuery } from './dense-input.ts';
import type { DenseSegment } from './dense-segment.ts';
import type { DenseMetric } from './metric.ts';

export interface DenseSearchOptions {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k hits come back whenever k documents pass. */
  readonly filter?: Filter;
  /** Candidates that the walk over a graph keeps: more find more and take longer. 64 */
  readonly ef?: number;
  /** Lists that are looked into. 16 */
  readonly probes?: number;
  /** Candidates that are scored again with the kept vectors, for each hit wanted. 2 for bytes, 10 for bits and product codes */
  readonly rescore?: number;
  /** Compare with every vector, whatever the structure. false */
  readonly exact?: boolean;
}

export interface DenseSearchResult {
  readonly hits: Ranking;
  readonly warnings: readonly Warning[];
}

const searchNames = ['signal', 'filter', 'ef', 'probes', 'rescore', 'exact'] as const;

/** A commit of a dense index, as it was: nothing that is written later changes it. */
export class DenseReader {
  readonly dim: number;
  readonly metric: DenseMetric;
  readonly segments: readonly LiveSegment<DenseSegment>[];
  /** What searches use that say nothing. */
  readonly defaults: SegmentSearch;
  readonly #codeDim: number;
  readonly #allowed = new AllowedDocuments();
  readonly #documents: SnapshotDocuments<DenseSegment>;

  constructor(
    about: { readonly dim: number; readonly metric: DenseMetric; readonly codeDim: number; readonly defaults: SegmentSearch },
    segments: readonly LiveSegment<DenseSegment>[],
  ) {
    this.dim = about.dim;
    this.metric = about.metric;
    this.defaults = about.defaults;
    this.segments = segments;
    this.#codeDim = about.codeDim;
    this.#documents = new SnapshotDocuments(segments, this.#allowed);
  }

  /** Documents that can be found. */
  get size(): number {
    return this.#documents.size;
  }

  has(id: string): boolean {
    return this.#documents.find(id) !== undefined;
  }

  /** A document's vector, as the index has it: of length 1 under cosine, and rounded if only smaller types are kept. */
  vector(id: string): Float32Array | undefined {
    const found = this.#documents.find(id);
    if (found === undefined) return undefined;
    const source = found.segment.source();
    const vector = new Float32Array(source.dim);
    source.read(found.row, found.row + 1, vector);
    return vector;
  }

  /** Where a document's score comes from: the dimensions that add most to it, and the rest. Undefined if there is no such document. */
  explain(query: Float32Array | readonly number[], id: string): Explanation | undefined {
    const checked = checkQuery('explain: the query', query, this.dim, this.metric);
    const vector = this.vector(id);
    if (vector === undefined) return undefined;
    const parts = Array.from(vector, (x, i) => ({
      name: `dimension ${i}`,
      value: this.metric === 'l2' ? -((checked[i]! - x) ** 2) : checked[i]! * x,
    }));
    const value = parts.reduce((sum, part) => sum + part.value, 0);
    const largest = parts.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 10);
    const rest = {
      name: `${parts.length - largest.length} other dimensions`,
      value: value - largest.reduce((sum, part) => sum + part.value, 0),
    };
    return { name: this.metric, value, space: this.metric, parts: parts.length > largest.length ? [...largest, rest] : largest };
  }

  /** How many documents pass a filter; all without one. */
  count(filter?: Filter): number {
    return this.#documents.count(filter);
  }

  /** How many documents (that pass the filter) have each value of a field, the most frequent first. */
  facets(field: string, filter?: Filter): ValueCount[] {
    return this.#documents.facets(field, filter);
  }

  async search(query: Float32Array | readonly number[], k: number, options: DenseSearchOptions = {}): Promise<Ranking> {
    const settings = this.#settings('search', k, options);
    return this.#search(checkQuery('search: the query', query, this.dim, this.metric), k, options, settings);
  }

  /** The ranking with what is to be said about it. */
  async searchDetailed(query: Float32Array | readonly number[], k: number, options: DenseSearchOptions = {}): Promise<DenseSearchResult> {
    const settings = this.#settings('searchDetailed', k, options);
    const checked = checkQuery('searchDetailed: the query', query, this.dim, this.metric);
    const warnings: Warning[] = unknownFieldWarnings(options.filter, this.segments);
    if (this.#isNowhere(checked)) {
      warnings.push({ code: 'EMPTY_QUERY', message: 'The query is a vector of zeros: it has no direction, so no cosine.' });
    }
    return { hits: await this.#search(checked, k, options, settings), warnings };
  }

  /** A ranking for each row of a matrix. */
  async searchBatch(queries: Matrix, k: number, options: DenseSearchOptions = {}): Promise<Ranking[]> {
    const settings = this.#settings('searchBatch', k, options);
    const rankings: Ranking[] = [];
    for (let i = 0; i < queries.rows; i++) {
      const query = queries.data.subarray(i * queries.dim, (i + 1) * queries.dim);
      rankings.push(await this.#search(checkQuery(`searchBatch: query ${i}`, query, this.dim, this.metric), k, options, settings));
    }
    return rankings;
  }

  async #search(query: Float32Array, k: number, { filter, signal }: DenseSearchOptions, settings: SegmentSearch): Promise<Ranking> {
    if (this.#isNowhere(query)) return [];
    const cut = this.#cut(query);
    const hits: Hit[] = [];
    for (const live of this.segments) {
      throwIfCancelled(signal, 'The search');
      const { segment } = live;
      const { indices, scores } = await segment.search(query, cut, k, this.#allowed.of(live, filter), settings);
      for (let i = 0; i < indices.length; i++) {
        hits.push({ id: segment.ids.id(indices[i]!), score: this.metric === 'l2' ? 0 - scores[i]! : scores[i]! });
      }
    }
    return hits.sort(compareHits).slice(0, k);
  }

  /** A query without direction is near to nothing. */
  #isNowhere(query: Float32Array): boolean {
    return this.metric === 'cosine' && query.every((number) => number === 0);
  }

  /** The dimensions that candidates are looked for by. */
  #cut(query: Float32Array): Float32Array {
    if (this.#codeDim === this.dim) return query;
    const cut = query.slice(0, this.#codeDim);
    if (this.metric === 'cosine') normalise({ type: 'f32', data: cut, dim: this.#codeDim });
    return cut;
  }

  #settings(where: string, k: number, options: DenseSearchOptions): SegmentSearch {
    checkOptions(where, options, searchNames);
    checkInteger(`${where}: k`, k, { min: 1 });
    const { ef, probes, rescore, exact, filter } = options;
    if (filter !== undefined) checkFilter(filter);
    const { defaults } = this;
    return {
      ef: ef === undefined ? defaults.ef : checkInteger(`${where}: ef`, ef, { min: 1 }),
      probes: probes === undefined ? defaults.probes : checkInteger(`${where}: probes`, probes, { min: 1 }),
      rescore: rescore === undefined ? defaults.rescore : checkNumber(`${where}: rescore`, rescore, { min: 1 }),
      exact: exact ?? defaults.exact,
    };
  }
}
