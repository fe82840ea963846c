import {
  checkFilter,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  compareHits,
  type Filter,
  type Hit,
  type Matrix,
  RankError,
  type Ranking,
  shown,
  throwIfCancelled,
  type WorkOptions,
} from '@rank-rank/core';
import { normalise } from '@rank-rank/kernels';
import { type FileSystem, memoryFileSystem, type Scope, Store } from '@rank-rank/storage';
import { wellFormed } from '../metadata/bytes.ts';
import type { ValueCount } from '../metadata/columns.ts';
import { AllowedDocuments, countDocuments, facetCounts } from '../segments/allowed.ts';
import { SegmentedIndex, type SegmentedState } from '../segments/segmented-index.ts';
import type { SegmentSearch } from './candidates.ts';
import { denseFormat } from './dense-format.ts';
import { checkDocuments, checkQuery, type DenseBatch, type DenseDocument } from './dense-input.ts';
import type { DenseSegment } from './dense-segment.ts';
import { type DenseMetric, denseMetrics } from './metric.ts';
import { parseIndexDescription } from './plan.ts';

export interface DenseIndexOptions {
  /** Numbers a vector has. */
  readonly dim: number;
  /** `cosine` by default. */
  readonly metric?: DenseMetric;
  /** What it is searched by, as {@link parseIndexDescription} reads it; `auto` by default. */
  readonly index?: string;
  /** Look for candidates by the first so many dimensions (Matryoshka embeddings), then score them by all. */
  readonly truncate?: number;
  /** How many bytes building may take, and how large the graph of one segment may be: 1 GiB by default. */
  readonly memory?: number;
  /** Threads that build; 1 by default. */
  readonly threads?: number;
}

export interface OpenDenseOptions extends Partial<DenseIndexOptions> {
  /** Open for writing; a folder that is not there is created, with `dim` and what else is given. */
  readonly write?: boolean;
  readonly fileSystem?: FileSystem;
}

export interface DenseSearchOptions {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k hits come back whenever k documents pass. */
  readonly filter?: Filter;
  /** Candidates that the walk over a graph keeps; more find more. */
  readonly ef?: number;
  /** Lists that are looked into. */
  readonly probes?: number;
  /** Candidates scored again with the kept vectors, for each hit wanted. */
  readonly rescore?: number;
  /** Compare with every vector. */
  readonly exact?: boolean;
}

/** What is kept with the list of segments: how the index was made. */
interface DenseAbout {
  readonly dim: number;
  readonly metric: DenseMetric;
  readonly index: string;
  readonly truncate?: number;
  readonly search?: Partial<SegmentSearch>;
}

const optionNames = ['dim', 'metric', 'index', 'truncate', 'memory', 'threads'] as const;
const searchNames = ['signal', 'filter', 'ef', 'probes', 'rescore', 'exact'] as const;
const defaults: SegmentSearch = { ef: 64, probes: 16, rescore: 2, exact: false };

/**
 * Nearest neighbours among vectors: exact, or nearly so and much faster.
 *
 * What is added or removed is found after `commit`. Any number of searches may run while the index is written to; each sees one commit.
 * Hits have the metric's score: cosine, dot product, or the squared distance with its sign changed.
 *
 * @example
 * const index = await DenseIndex.create({ dim: 3 });
 * await index.add([
 *   { id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } },
 *   { id: 'b', vector: [1, 1, 0], metadata: { lang: 'de' } },
 * ]);
 * await index.commit();
 * await index.search([1, 0.1, 0], 1, { filter: { field: 'lang', eq: 'de' } }); // b
 */
export class DenseIndex {
  readonly dim: number;
  readonly metric: DenseMetric;
  /** What it is searched by, as it was asked for. */
  readonly index: string;
  readonly #segments: SegmentedIndex<DenseSegment, Float32Array>;
  readonly #allowed = new AllowedDocuments();
  readonly #codeDim: number;
  #defaults: SegmentSearch;

  private constructor(about: DenseAbout, segments: SegmentedIndex<DenseSegment, Float32Array>) {
    this.dim = about.dim;
    this.metric = about.metric;
    this.index = about.index;
    this.#codeDim = about.truncate ?? about.dim;
    this.#segments = segments;
    this.#defaults = { ...defaults, ...about.search };
  }

  /** An index in memory; {@link save} writes it to a folder. */
  static async create(options: DenseIndexOptions): Promise<DenseIndex> {
    checkOptions('DenseIndex.create', options, optionNames);
    const store = await Store.open('dense index in memory', { kind: 'dense-index', write: true, fileSystem: memoryFileSystem() });
    return DenseIndex.#open(store.scope('dense'), options, true);
  }

  /** The index in a folder. For reading unless `write` is said; what is given must then agree with how it was made. */
  static async open(path: string, options: OpenDenseOptions = {}): Promise<DenseIndex> {
    checkOptions('DenseIndex.open', options, [...optionNames, 'write', 'fileSystem']);
    const { write = false, fileSystem, ...rest } = options;
    const store = await Store.open(path, { kind: 'dense-index', write, ...(fileSystem && { fileSystem }) });
    try {
      return await DenseIndex.#open(store.scope('dense'), rest, true);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** An index as a part of a store that someone else commits: {@link stage}, then the store's `commit`, then {@link refresh}. */
  static async within(scope: Scope, options: Partial<DenseIndexOptions> = {}): Promise<DenseIndex> {
    checkOptions('DenseIndex.within', options, optionNames);
    return DenseIndex.#open(scope, options, false);
  }

  static async #open(scope: Scope, options: Partial<DenseIndexOptions>, ownsStore: boolean): Promise<DenseIndex> {
    const stored = (scope.state() as SegmentedState | undefined)?.about as DenseAbout | undefined;
    const about = settle(stored, options, scope.store.path);
    const plan = parseIndexDescription(about.index);
    if (about.truncate !== undefined && plan.keep === 'none')
      throw new RankError(
        'INVALID_ARGUMENT',
        `index ${shown(about.index)} keeps no whole vectors to score by after truncation. Add ",RFlat".`,
      );
    const memory = checkInteger('memory', options.memory ?? 2 ** 30, { min: 1 << 20 });
    const codeDim = about.truncate ?? about.dim;
    const format = denseFormat({
      dim: about.dim,
      metric: about.metric,
      plan,
      codeDim,
      memory,
      threads: checkInteger('threads', options.threads ?? 1, { min: 1, max: 1024 }),
    });
    const largest = Math.max(1, Math.floor(memory / (codeDim + 256)));
    const policy = { segmentsPerTier: 8, smallest: 1_000, largest, deletedShare: 0.3 };
    return new DenseIndex(about, await SegmentedIndex.open(scope, format, { memory, policy, ownsStore, about }));
  }

  /** How many documents the last commit has. */
  get size(): number {
    return this.#segments.segments.reduce((sum, { live }) => sum + live, 0);
  }

  /** Takes documents in; one whose id is there already is replaced. An id twice in one call is an error. */
  async add(documents: DenseBatch | readonly DenseDocument[], work: WorkOptions = {}): Promise<void> {
    checkOptions('add', work, ['signal', 'onProgress']);
    await this.#segments.add(checkDocuments(documents, this.dim, this.metric), work);
  }

  /** Removes documents; gives how many there were. Ids that are not there are no error. */
  async remove(ids: readonly string[]): Promise<number> {
    return this.#segments.remove(ids.map(wellFormed));
  }

  /**
   * Takes in all batches of a source, such as `readVectors` gives, and commits. Memory is bounded by the `memory` option; rows without ids are known by
   * their numbers.
   */
  async build(
    source: Iterable<Partial<DenseBatch> & Pick<DenseBatch, 'vectors'>> | AsyncIterable<Partial<DenseBatch> & Pick<DenseBatch, 'vectors'>>,
    work: WorkOptions = {},
  ): Promise<void> {
    let rows = 0;
    for await (const { vectors, ids, metadata } of source) {
      throwIfCancelled(work.signal, 'Building');
      await this.add({ vectors, ids: ids ?? Array.from({ length: vectors.rows }, (_, i) => String(rows + i)), metadata }, work);
      rows += vectors.rows;
      work.onProgress?.({ stage: 'reading', done: rows, unit: 'vectors' });
    }
    await this.commit(work);
  }

  /** Makes what was added and removed durable and visible. */
  commit(work: WorkOptions = {}): Promise<void> {
    return this.#segments.commit(work);
  }

  rollback(): Promise<void> {
    return this.#segments.rollback();
  }

  stage(work: WorkOptions = {}): Promise<void> {
    return this.#segments.stage(work);
  }

  /** Takes over what was committed since: by the store's owner, or, for a reader, by the process that writes. */
  async refresh(): Promise<void> {
    await this.#segments.scope.store.refresh();
    await this.#segments.refresh();
  }

  /** Puts segments together; with `all` into one. It happens by itself in the background after commits. */
  merge(options: { readonly all?: boolean } & WorkOptions = {}): Promise<boolean> {
    checkOptions('merge', options, ['all', 'signal', 'onProgress']);
    return this.#segments.merge(options);
  }

  /** Waits for merges in the background. */
  settle(): Promise<void> {
    return this.#segments.settle();
  }

  close(): Promise<void> {
    return this.#segments.close();
  }

  /**
   * The k nearest documents. A query of zeros has no direction, so under cosine it finds nothing.
   */
  async search(query: Float32Array | readonly number[], k: number, options: DenseSearchOptions = {}): Promise<Ranking> {
    const settings = this.#settings('search', k, options);
    return this.#search(checkQuery('search: the query', query, this.dim, this.metric), k, options, settings);
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

  /** How many documents pass a filter; all without one. */
  count(filter?: Filter): number {
    if (filter !== undefined) checkFilter(filter);
    return countDocuments(this.#segments.segments, this.#allowed, filter);
  }

  /** How many documents (that pass the filter) have each value of a field, the most frequent first. */
  facets(field: string, filter?: Filter): ValueCount[] {
    return facetCounts(this.#segments.segments, this.#allowed, field, filter);
  }

  async #search(query: Float32Array, k: number, { filter, signal }: DenseSearchOptions, settings: SegmentSearch): Promise<Ranking> {
    if (this.metric === 'cosine' && query.every((number) => number === 0)) return [];
    const cut = this.#cut(query);
    const hits: Hit[] = [];
    for (const live of this.#segments.segments) {
      throwIfCancelled(signal, 'The search');
      const { segment } = live;
      const { indices, scores } = await segment.search(query, cut, k, this.#allowed.of(live, filter), settings);
      for (let i = 0; i < indices.length; i++) {
        hits.push({ id: segment.ids.id(indices[i]!), score: this.metric === 'l2' ? 0 - scores[i]! : scores[i]! });
      }
    }
    return hits.sort(compareHits).slice(0, k);
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
    const { ef, probes, rescore, exact } = options;
    if (options.filter !== undefined) checkFilter(options.filter);
    return {
      ef: ef === undefined ? this.#defaults.ef : checkInteger(`${where}: ef`, ef, { min: 1 }),
      probes: probes === undefined ? this.#defaults.probes : checkInteger(`${where}: probes`, probes, { min: 1 }),
      rescore: rescore === undefined ? this.#defaults.rescore : checkNumber(`${where}: rescore`, rescore, { min: 1 }),
      exact: exact ?? this.#defaults.exact,
    };
  }
}

/** How a stored index was made, or how a new one is to be made; what disagrees is refused. */
function settle(stored: DenseAbout | undefined, options: Partial<DenseIndexOptions>, path: string): DenseAbout {
  const { dim, metric, index, truncate } = options;
  if (stored !== undefined) {
    for (const [name, given] of Object.entries({ dim, metric, index, truncate })) {
      const found = stored[name as keyof DenseAbout];
      if (given !== undefined && given !== found)
        throw new RankError(
          'INVALID_ARGUMENT',
          `${path} was made with ${name} ${shown(found)}; ${shown(given)} was asked for. Leave it out, or build a new index.`,
        );
    }
    return stored;
  }
  if (dim === undefined)
    throw new RankError('INVALID_ARGUMENT', `${path} is a new index: say the dimension of its vectors, as { dim: 384 }.`);
  const about: DenseAbout = {
    dim: checkInteger('dim', dim, { min: 1, max: 65_536 }),
    metric: checkOneOf('metric', metric ?? 'cosine', denseMetrics),
    index: index ?? 'auto',
    ...(truncate !== undefined && { truncate: checkInteger('truncate', truncate, { min: 1, max: dim }) }),
  };
  parseIndexDescription(about.index);
  return about;
}
