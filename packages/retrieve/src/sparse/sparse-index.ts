import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type Explanation,
  type Filter,
  RankError,
  type Ranking,
  type SparseVector,
  shown,
  type WorkOptions,
} from '@rank-rank/core';
import type { Scope } from '@rank-rank/storage';
import type { ValueCount } from '../metadata/columns.ts';
import { aboutOf, inStore, refuseExisting, saveTo } from '../segments/in-store.ts';
import { SegmentedIndex } from '../segments/segmented-index.ts';
import { sparseFormat } from './sparse-format.ts';
import { type SparseDocuments, type SparseInput, sparseChunks } from './sparse-input.ts';
import { SparseReader, type SparseSearchOptions, type SparseSearchResult } from './sparse-reader.ts';
import type { SparseSegment } from './sparse-segment.ts';
import { type WeightType, weightTypes } from './weights.ts';

export interface SparseOptions {
  /** The folder of the index; without it (and without `scope`) the index is in memory and ends with its object. */
  readonly path?: string;
  /** A part of a store that others write to as well: they are committed together. */
  readonly scope?: Scope;
  /** What weights are stored in: as they are, or as whole numbers of 16 or 8 bits. f32 */
  readonly weights?: WeightType;
  /**
   * Whether searches find documents by their largest weights, and score those found by all: several times as fast, and nearly always the same hits. Takes
   * about as much room again; searches may still be exact. false
   */
  readonly approximate?: boolean;
  /** About how much memory documents may take before they are written out, in bytes. 256 MiB */
  readonly memory?: number;
}

export interface OpenSparseOptions {
  /** Open for adding and removing; takes the folder's lock. */
  readonly write?: boolean;
  readonly memory?: number;
}

/** How an index was made: kept with the list of its segments. */
interface SparseIndexAbout {
  readonly version: 1;
  readonly weights: WeightType;
  readonly approximate: boolean;
}

const storeKind = 'sparse';
const stateVersion = 1;
const optionNames = ['path', 'scope', 'weights', 'approximate', 'memory'] as const;

/**
 * Documents as sparse vectors of weights that are not negative, as SPLADE, uniCOIL, BGE-M3 or OpenSearch's encoders make them,
 * found by the largest dot products; in memory or on disk.
 *
 * @example
 * const index = await SparseIndex.build([
 *   { id: 'a', vector: { indices: [3, 17], values: [0.5, 1.2] } },
 *   { id: 'b', vector: { indices: [17, 40], values: [0.3, 2] } },
 * ]);
 * await index.search({ indices: [17], values: [1] }, 10); // a 1.2, b 0.3
 */
export class SparseIndex {
  readonly weights: WeightType;
  /** Whether searches that do not ask for exact ones are approximate. */
  readonly approximate: boolean;
  readonly #segments: SegmentedIndex<SparseSegment, SparseVector>;
  #reader: SparseReader | undefined;

  private constructor(about: SparseIndexAbout, segments: SegmentedIndex<SparseSegment, SparseVector>) {
    this.weights = about.weights;
    this.approximate = about.approximate;
    this.#segments = segments;
  }

  /** A new, empty index. Refuses a folder that holds one already. */
  static async create(options: SparseOptions = {}): Promise<SparseIndex> {
    checkOptions('SparseIndex.create', options, optionNames);
    const { path, scope, weights = 'f32', approximate = false, memory } = options;
    if (typeof approximate !== 'boolean')
      throw new RankError('INVALID_ARGUMENT', `SparseIndex.create: approximate is ${shown(approximate)}; expected true or false.`);
    const about: SparseIndexAbout = { version: stateVersion, weights: checkOneOf('weights', weights, weightTypes), approximate };
    if (path !== undefined && scope !== undefined)
      throw new RankError('INVALID_ARGUMENT', 'SparseIndex.create has both a path and a scope; give one.');
    return inStore(scope ?? path, storeKind, true, async (own, ownsStore) => {
      refuseExisting(own, 'SparseIndex');
      const index = await SparseIndex.#start(about, own, ownsStore, memory);
      if (ownsStore) await index.commit();
      return index;
    });
  }

  /** An index that is there, by its folder or its scope of a store. For reading, unless `write` is set. */
  static async open(where: string | Scope, options: OpenSparseOptions = {}): Promise<SparseIndex> {
    checkOptions('SparseIndex.open', options, ['write', 'memory']);
    return inStore(where, storeKind, options.write ?? false, async (scope, ownsStore) =>
      SparseIndex.#start(aboutOf<SparseIndexAbout>(scope, stateVersion), scope, ownsStore, options.memory),
    );
  }

  /** {@link SparseIndex.create}, {@link SparseIndex.add} and {@link SparseIndex.commit} in one. */
  static async build(documents: SparseDocuments, options: SparseOptions & WorkOptions = {}): Promise<SparseIndex> {
    checkOptions('SparseIndex.build', options, [...optionNames, 'signal', 'onProgress']);
    const { signal, onProgress, ...rest } = options;
    const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    const index = await SparseIndex.create(rest);
    try {
      await index.add(documents, work);
      await index.commit(work);
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  static async #start(about: SparseIndexAbout, scope: Scope, ownsStore: boolean, givenMemory: number | undefined): Promise<SparseIndex> {
    const memory = checkInteger('memory', givenMemory ?? 256 << 20, { min: 1 << 16 });
    const policy = { segmentsPerTier: 8, smallest: 1_000, largest: 2 ** 31, deletedShare: 0.3 };
    const settings = { memory, policy, ownsStore, about };
    return new SparseIndex(
      about,
      await SegmentedIndex.open(scope, sparseFormat({ weights: about.weights, approximate: about.approximate }), settings),
    );
  }

  /** The commit that searches see. It stays as it is, whatever is written after. */
  get reader(): SparseReader {
    const { segments } = this.#segments;
    if (this.#reader?.segments !== segments) this.#reader = new SparseReader(segments);
    return this.#reader;
  }

  /** Documents that can be found. */
  get size(): number {
    return this.reader.size;
  }

  /** The k documents with the largest dot products, of those that share a term with the query. */
  async search(query: SparseInput, k: number, options: SparseSearchOptions = {}): Promise<Ranking> {
    return this.reader.search(query, k, options);
  }

  async searchDetailed(query: SparseInput, k: number, options: SparseSearchOptions = {}): Promise<SparseSearchResult> {
    return this.reader.searchDetailed(query, k, options);
  }

  explain(query: SparseInput, id: string, name?: (index: number) => string): Explanation | undefined {
    return this.reader.explain(query, id, name);
  }

  count(filter?: Filter): number {
    return this.reader.count(filter);
  }

  facets(field: string, filter?: Filter): ValueCount[] {
    return this.reader.facets(field, filter);
  }

  /**
   * Adds documents, or replaces those whose ids are there already; they are found after {@link SparseIndex.commit}.
   *
   * An id that comes twice in one call is an error; of an array nothing is added then, of a stream what came before stays, to be
   * committed or rolled back. Streams take memory up to the `memory` setting.
   */
  async add(documents: SparseDocuments, options: WorkOptions = {}): Promise<void> {
    checkOptions('add', options, ['signal', 'onProgress']);
    const { chunks, total } = sparseChunks(documents);
    await this.#segments.add(chunks, { ...options, ...(total !== undefined && { total }) });
  }

  /** Removes documents by id; gives how many there were. They are gone after {@link SparseIndex.commit}. */
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

  /** Writes everything out and stages it, for an owner of the store who then commits and calls {@link SparseIndex.refresh}. */
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

  /** Writes the last commit to a new folder. */
  save(path: string): Promise<void> {
    return saveTo(path, storeKind, 'SparseIndex', (scope) => this.#segments.copyTo(scope));
  }

  close(): Promise<void> {
    return this.#segments.close();
  }
}
