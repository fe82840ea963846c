import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type Explanation,
  type Filter,
  type Matrix,
  RankError,
  type Ranking,
  shown,
  type WorkOptions,
} from '@rank-rank/core';
import type { Scope } from '@rank-rank/storage';
import type { ValueCount } from '../metadata/columns.ts';
import { aboutOf, inStore, refuseExisting, saveTo } from '../segments/in-store.ts';
import { SegmentedIndex } from '../segments/segmented-index.ts';
import type { SegmentSearch } from './candidates.ts';
import { denseFormat } from './dense-format.ts';
import { type DenseInput, denseChunks } from './dense-input.ts';
import { DenseReader, type DenseSearchOptions, type DenseSearchResult } from './dense-reader.ts';
import type { DenseSegment } from './dense-segment.ts';
import { type DenseMetric, denseMetrics } from './metric.ts';
import { indexDescription, parseIndexDescription } from './plan.ts';
import { checkParts } from './product-codes.ts';
import { type TuneOptions, type TuneResult, tune } from './tune.ts';

export interface DenseOptions {
  /** Numbers a vector has. */
  readonly dim: number;
  /** The folder of the index; without it (and without `scope`) the index is in memory and ends with its object. */
  readonly path?: string;
  /** A part of a store that others write to as well: they are committed together. */
  readonly scope?: Scope;
  /** How vectors are compared. cosine */
  readonly metric?: DenseMetric;
  /** What the index is searched by, as {@link parseIndexDescription} reads it. auto */
  readonly index?: string;
  /** Look for candidates by the first so many dimensions (of Matryoshka embeddings), and score them by all. */
  readonly truncate?: number;
  /** About how much memory documents may take before they are written out, and a segment's graph may take, in bytes. 1 GiB */
  readonly memory?: number;
  /** Threads that build. 1 */
  readonly threads?: number;
}

export interface OpenDenseOptions {
  /** Open for adding and removing; takes the folder's lock. */
  readonly write?: boolean;
  readonly memory?: number;
  readonly threads?: number;
}

/** What an index is made of. */
export interface DenseDescription {
  readonly index: string;
  readonly metric: DenseMetric;
  readonly dim: number;
  readonly documents: number;
  /** The settings of searches that name none. */
  readonly search: SegmentSearch;
  readonly segments: readonly {
    readonly documents: number;
    readonly deleted: number;
    readonly bytes: number;
    readonly structure: string;
    readonly why: string;
    readonly [detail: string]: unknown;
  }[];
}

/** How an index was made: kept with the list of its segments. */
interface DenseAbout {
  readonly version: 1;
  readonly dim: number;
  readonly metric: DenseMetric;
  readonly index: string;
  readonly truncate?: number;
  readonly search?: Partial<SegmentSearch>;
}

const storeKind = 'dense';
const stateVersion = 1;
const optionNames = ['dim', 'path', 'scope', 'metric', 'index', 'truncate', 'memory', 'threads'] as const;

/**
 * Nearest neighbours among vectors: exact, or nearly so and much faster, in memory or on disk.
 *
 * Documents are added and removed at any time and become visible with `commit`; searches go on meanwhile, each on one commit.
 * Hits have the metric's score: the cosine, the dot product, or the squared distance with its sign changed.
 *
 * @example
 * const index = await DenseIndex.build(
 *   [
 *     { id: 'a', vector: [1, 0, 0], metadata: { lang: 'en' } },
 *     { id: 'b', vector: [1, 1, 0], metadata: { lang: 'de' } },
 *   ],
 *   { dim: 3 },
 * );
 * await index.search([1, 0.1, 0], 1, { filter: { field: 'lang', eq: 'de' } }); // [{ id: 'b', score: 0.77… }]
 */
export class DenseIndex {
  readonly dim: number;
  readonly metric: DenseMetric;
  /** What it is searched by, as it was asked for. */
  readonly index: string;
  /** What the next commit says of how the index was made. */
  readonly #held: { about: DenseAbout };
  readonly #segments: SegmentedIndex<DenseSegment, Float32Array>;
  #reader: DenseReader | undefined;

  private constructor(held: { about: DenseAbout }, segments: SegmentedIndex<DenseSegment, Float32Array>) {
    this.dim = held.about.dim;
    this.metric = held.about.metric;
    this.index = held.about.index;
    this.#held = held;
    this.#segments = segments;
  }

  /** A new, empty index. Refuses a folder that holds one already. */
  static async create(options: DenseOptions): Promise<DenseIndex> {
    checkOptions('DenseIndex.create', options, optionNames);
    const { path, scope, memory, threads } = options;
    const about = checkAbout(options);
    if (path !== undefined && scope !== undefined)
      throw new RankError('INVALID_ARGUMENT', 'DenseIndex.create has both a path and a scope; give one.');
    return inStore(scope ?? path, storeKind, true, async (own, ownsStore) => {
      refuseExisting(own, 'DenseIndex');
      const index = await DenseIndex.#start(about, own, ownsStore, { memory, threads });
      if (ownsStore) await index.commit();
      return index;
    });
  }

  /** An index that is there, by its folder or its scope of a store. For reading, unless `write` is set. */
  static async open(where: string | Scope, options: OpenDenseOptions = {}): Promise<DenseIndex> {
    checkOptions('DenseIndex.open', options, ['write', 'memory', 'threads']);
    return inStore(where, storeKind, options.write ?? false, async (scope, ownsStore) => {
      const about = aboutOf<DenseAbout>(scope, stateVersion);
      return DenseIndex.#start(about, scope, ownsStore, options);
    });
  }

  /** {@link DenseIndex.create}, {@link DenseIndex.add} and {@link DenseIndex.commit} in one. */
  static async build(documents: DenseInput, options: DenseOptions & WorkOptions): Promise<DenseIndex> {
    checkOptions('DenseIndex.build', options, [...optionNames, 'signal', 'onProgress']);
    const { signal, onProgress, ...rest } = options;
    const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    const index = await DenseIndex.create(rest);
    try {
      await index.add(documents, work);
      await index.commit(work);
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  static async #start(
    about: DenseAbout,
    scope: Scope,
    ownsStore: boolean,
    options: { readonly memory?: number | undefined; readonly threads?: number | undefined },
  ): Promise<DenseIndex> {
    const memory = checkInteger('memory', options.memory ?? 2 ** 30, { min: 1 << 16 });
    const threads = checkInteger('threads', options.threads ?? 1, { min: 1, max: 1024 });
    const { dim, metric } = about;
    const codeDim = about.truncate ?? dim;
    const format = denseFormat({ dim, metric, plan: parseIndexDescription(about.index), codeDim, memory, threads });
    // What a graph over bytes takes: a segment beyond would not fit.
    const largest = Math.max(1, Math.floor(memory / (codeDim + 256)));
    const policy = { segmentsPerTier: 8, smallest: 1_000, largest, deletedShare: 0.3 };
    const held = { about };
    const settings = {
      memory,
      policy,
      ownsStore,
      get about(): unknown {
        return held.about;
      },
    };
    return new DenseIndex(held, await SegmentedIndex.open(scope, format, settings));
  }

  /** The commit that searches see. It stays as it is, whatever is written after. */
  get reader(): DenseReader {
    const { segments } = this.#segments;
    if (this.#reader?.segments !== segments) {
      const { dim, metric, truncate, search } = this.#held.about;
      this.#reader = new DenseReader({ dim, metric, codeDim: truncate ?? dim, defaults: { ...searchDefaults, ...search } }, segments);
    }
    return this.#reader;
  }

  /** Documents that can be found. */
  get size(): number {
    return this.reader.size;
  }

  /** The k nearest documents. */
  async search(query: Float32Array | readonly number[], k: number, options: DenseSearchOptions = {}): Promise<Ranking> {
    return this.reader.search(query, k, options);
  }

  async searchDetailed(query: Float32Array | readonly number[], k: number, options: DenseSearchOptions = {}): Promise<DenseSearchResult> {
    return this.reader.searchDetailed(query, k, options);
  }

  /** A ranking for each row of a matrix. */
  async searchBatch(queries: Matrix, k: number, options: DenseSearchOptions = {}): Promise<Ranking[]> {
    return this.reader.searchBatch(queries, k, options);
  }

  count(filter?: Filter): number {
    return this.reader.count(filter);
  }

  facets(field: string, filter?: Filter): ValueCount[] {
    return this.reader.facets(field, filter);
  }

  /**
   * Adds documents, or replaces those whose ids are there already; they are found after {@link DenseIndex.commit}.
   *
   * An id that comes twice in one call is an error; of an array or a batch nothing is added then, of a stream what came before stays, to be
   * committed or rolled back. Streams take memory up to the `memory` setting.
   */
  async add(documents: DenseInput, options: WorkOptions = {}): Promise<void> {
    checkOptions('add', options, ['signal', 'onProgress']);
    const { chunks, total } = denseChunks(documents, this.dim, this.metric);
    await this.#segments.add(chunks, { ...options, ...(total !== undefined && { total }) });
  }

  /** Removes documents by id; gives how many there were. They are gone after {@link DenseIndex.commit}. */
  async remove(ids: string | Iterable<string>): Promise<number> {
    const list = typeof ids === 'string' ? [ids] : [...ids];
    for (const id of list) {
      if (typeof id !== 'string') throw new RankError('INVALID_ARGUMENT', `remove: an id is ${shown(id)}; expected a string.`);
    }
    return this.#segments.remove(list.map((id) => id.toWellFormed()));
  }

  /** Makes everything since the last commit visible, and durable where the index is on disk. */
  commit(options: WorkOptions = {}): Promise<void> {
    checkOptions('commit', options, ['signal', 'onProgress']);
    return this.#segments.commit(options);
  }

  /** Writes everything out and stages it, for an owner of the store who then commits and calls {@link DenseIndex.refresh}. */
  prepare(options: WorkOptions = {}): Promise<void> {
    checkOptions('prepare', options, ['signal', 'onProgress']);
    return this.#segments.prepare(options);
  }

  /** Forgets what was added and removed since the last commit. */
  rollback(): Promise<void> {
    return this.#segments.rollback();
  }

  /** Shows the last commit, also of another process; tells whether it is another than before. */
  refresh(): Promise<boolean> {
    return this.#segments.refresh();
  }

  /** Puts segments together as their sizes ask for, or with `all` into one. After commits it happens by itself in the background. */
  merge(options: { readonly all?: boolean } & WorkOptions = {}): Promise<boolean> {
    checkOptions('merge', options, ['all', 'signal', 'onProgress']);
    return this.#segments.merge(options);
  }

  /** Waits for merges in the background; throws what one of them failed with. */
  settle(): Promise<void> {
    return this.#segments.settle();
  }

  /**
   * Finds search settings that reach a recall in the least time, and has searches use them from now on; the next commit keeps them.
   *
   * @example await index.tune({ recall: 0.99, seconds: 5 }); // { settings: { ef: 48 }, recall: 0.992, queriesPerSecond: … }
   */
  async tune(options: TuneOptions = {}): Promise<TuneResult> {
    const result = await tune(this.reader, options);
    this.#held.about = { ...this.#held.about, search: result.settings };
    this.#reader = undefined;
    return result;
  }

  /** What each segment is searched by, and why. */
  describe(): DenseDescription {
    return {
      index: this.index,
      metric: this.metric,
      dim: this.dim,
      documents: this.size,
      search: this.reader.defaults,
      segments: this.reader.segments.map(({ segment, live }) => {
        const { plan } = segment.about;
        return {
          documents: live,
          deleted: segment.size - live,
          bytes: segment.bytes,
          structure: indexDescription(plan),
          why: plan.why,
          ...segment.candidates.description,
        };
      }),
    };
  }

  /** Where a document's score comes from: the dimensions that add most to it, and the rest. Undefined if there is no such document. */
  explain(query: Float32Array | readonly number[], id: string): Explanation | undefined {
    return this.reader.explain(query, id);
  }

  /** Writes the last commit to a new folder. */
  save(path: string): Promise<void> {
    return saveTo(path, storeKind, 'DenseIndex', (scope) => this.#segments.copyTo(scope));
  }

  close(): Promise<void> {
    return this.#segments.close();
  }
}

const searchDefaults: SegmentSearch = { ef: 64, probes: 16, rescore: undefined, exact: false };

function checkAbout({ dim, metric = 'cosine', index = 'auto', truncate }: DenseOptions): DenseAbout {
  if (dim === undefined) throw new RankError('INVALID_ARGUMENT', 'A new dense index needs the dimension of its vectors: { dim: 384 }.');
  checkInteger('dim', dim, { min: 1, max: 65_536 });
  const plan = parseIndexDescription(index);
  if (truncate !== undefined) {
    checkInteger('truncate', truncate, { min: 1, max: dim });
    if (plan.keep === 'none')
      throw new RankError('INVALID_ARGUMENT', `index ${shown(index)} keeps no whole vectors to score by after truncation. Add ",RFlat".`);
  }
  if (plan.codes.type === 'pq') checkParts(truncate ?? dim, plan.codes.parts);
  return {
    version: stateVersion,
    dim,
    metric: checkOneOf('metric', metric, denseMetrics),
    index,
    ...(truncate !== undefined && { truncate }),
  };
}
