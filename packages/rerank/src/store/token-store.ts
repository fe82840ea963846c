import {
  checkHits,
  checkInteger,
  checkOneOf,
  checkOptions,
  type Filter,
  type Hit,
  RankError,
  type Ranking,
  type ScoreSpace,
  shown,
  type Tokens,
  topK,
  type WorkOptions,
} from '@rank-rank/core';
import { aboutOf, inStore, type NewDocument, refuseExisting, SegmentedIndex } from '@rank-rank/retrieve/segments';
import type { Scope } from '@rank-rank/storage';
import { CodecKeeper } from '../codec/codec-keeper.ts';
import type { Bits, ResidualCodec } from '../codec/residual-codec.ts';
import { type BlendOptions, blend, checkBlend } from '../scoring/blend.ts';
import { countedWeights, emptyDocumentScore, type MaxSimOptions, maxsimSpace } from '../scoring/maxsim.ts';
import { checkCounted, checkTokens, widestRow } from '../tokens/check-tokens.ts';
import { type RowType, rowTypes } from '../tokens/pack.ts';
import { PreparedQuery } from './prepared-query.ts';
import type { TokenPayload } from './row-source.ts';
import type { RowStorage } from './stored-rows.ts';
import { tokenFormat } from './token-format.ts';
import { type TokenDocument, type TokenInput, tokenChunks } from './token-input.ts';
import { TokenReader } from './token-reader.ts';
import type { TokenSegment } from './token-segment.ts';

/** How rows are kept: numbers of a type, or `residual` codes of 1, 2, 4 or 8 bits a dimension. */
export type TokenType = RowType | 'residual';

export interface TokenStoreOptions {
  /** Numbers a row has. */
  readonly dim: number;
  /** The folder of the store; without it (and without `scope`) the store is in memory and ends with its object. */
  readonly path?: string;
  /** A part of a store that others write to as well: they are committed together. */
  readonly scope?: Scope;
  /** How rows are kept. `f16` */
  readonly type?: TokenType;
  /** Bits a dimension, for `residual`. 4 */
  readonly bits?: Bits;
  /** `cosine` scales rows to length 1 as they come in, and queries. `dot` */
  readonly similarity?: 'dot' | 'cosine';
  /** Keep the character offsets of rows, for explanations (8 bytes a row). false */
  readonly spans?: boolean;
  /** Take documents without tokens, which score the lowest. false: they are an error */
  readonly empty?: boolean;
  /** Centroids of residual codes; chosen from the number of rows by default. */
  readonly centroids?: number;
  /** Passes of the clustering: more cost time and bring next to nothing. 2 */
  readonly iterations?: number;
  readonly seed?: number;
  /** About how much memory documents may take before they are written out, in bytes. 1 GiB */
  readonly memory?: number;
  /** Threads that build. 1 */
  readonly threads?: number;
}

export interface OpenTokenStoreOptions {
  /** Open for adding and removing; takes the folder's lock. */
  readonly write?: boolean;
  readonly memory?: number;
  readonly threads?: number;
}

/** How a store was made: kept with the list of its segments. */
export interface TokenStoreAbout {
  readonly version: number;
  readonly dim: number;
  readonly type: TokenType;
  readonly bits: Bits;
  readonly similarity: 'dot' | 'cosine';
  readonly spans: boolean;
  readonly empty: boolean;
  readonly iterations: number;
  readonly seed: number;
  readonly centroids?: number;
  /** What an index over the store keeps with it. */
  readonly index?: unknown;
  /** The file of the codec, once there is one. */
  readonly codec?: string;
}

/** Options of a call that scores stored documents. */
export interface StoreScoreOptions extends Pick<MaxSimOptions, 'aggregate' | 'queryLength' | 'weights' | 'query'> {
  readonly similarity?: 'dot' | 'cosine';
  readonly mask?: { readonly query?: ArrayLike<number | boolean> };
}

export const tokenStoreKind = 'token-store';
const stateVersion = 1;
export const storeOptionNames = [
  'dim',
  'path',
  'scope',
  'type',
  'bits',
  'similarity',
  'spans',
  'empty',
  'centroids',
  'iterations',
  'seed',
  'memory',
  'threads',
] as const;
const scoreOptionNames = ['aggregate', 'queryLength', 'weights', 'query', 'similarity', 'mask'] as const;

/**
 * Token matrices of any number of documents, in memory or on disk, in full or compressed: what is reranked with. A call reads the rows of the documents
 * it names, and no others.
 *
 * Documents are added and removed at any time and become visible with `commit`; an id that is there already is replaced.
 *
 * @example
 * const store = await TokenStore.build([{ id: 'a', tokens }], { dim: 128, type: 'residual', bits: 2 });
 * store.rerank(query, ['a'], { k: 10 }); // [{ id: 'a', score: … }]
 */
export class TokenStore {
  readonly #state: { about: TokenStoreAbout };
  readonly #segments: SegmentedIndex<TokenSegment, TokenPayload>;
  readonly #keeper: CodecKeeper;
  #reader: TokenReader | undefined;

  private constructor(state: { about: TokenStoreAbout }, segments: SegmentedIndex<TokenSegment, TokenPayload>, keeper: CodecKeeper) {
    this.#state = state;
    this.#segments = segments;
    this.#keeper = keeper;
  }

  /** How the store was made. */
  get about(): TokenStoreAbout {
    return this.#state.about;
  }

  /** Keeps something of an index with the store; the next commit makes it durable. */
  keepWithIndex(index: unknown): void {
    this.#state.about = { ...this.#state.about, index };
  }

  /** A new, empty store. Refuses a folder that holds one already. */
  static async create(options: TokenStoreOptions): Promise<TokenStore> {
    checkOptions('TokenStore.create', options, storeOptionNames);
    const { path, scope } = options;
    if (path !== undefined && scope !== undefined)
      throw new RankError('INVALID_ARGUMENT', 'TokenStore.create has both a path and a scope; give one.');
    const about = aboutStore(options);
    return inStore(scope ?? path, tokenStoreKind, true, async (own, ownsStore) => {
      refuseExisting(own, 'TokenStore');
      const store = await TokenStore.start(about, own, ownsStore, options, () => storageOf(about));
      if (ownsStore) await store.commit();
      return store;
    });
  }

  /** A store that is there, by its folder or its scope of a larger one. For reading, unless `write` is set. */
  static async open(where: string | Scope, options: OpenTokenStoreOptions = {}): Promise<TokenStore> {
    checkOptions('TokenStore.open', options, ['write', 'memory', 'threads']);
    return inStore(where, tokenStoreKind, options.write ?? false, async (scope, ownsStore) => {
      const about = aboutOf<TokenStoreAbout>(scope, stateVersion);
      return TokenStore.start(about, scope, ownsStore, options, () => storageOf(about));
    });
  }

  /** {@link TokenStore.create}, {@link TokenStore.add} and {@link TokenStore.commit} in one. */
  static async build(documents: TokenInput, options: TokenStoreOptions & WorkOptions): Promise<TokenStore> {
    checkOptions('TokenStore.build', options, [...storeOptionNames, 'signal', 'onProgress']);
    const { signal, onProgress, ...rest } = options;
    const work = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    const store = await TokenStore.create(rest);
    try {
      await store.add(documents, work);
      await store.commit(work);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** For indexes over a store: they say how each segment keeps its rows. */
  static async start(
    about: TokenStoreAbout,
    scope: Scope,
    ownsStore: boolean,
    options: { readonly memory?: number; readonly threads?: number },
    storageFor: (rows: number) => RowStorage,
  ): Promise<TokenStore> {
    const memory = checkInteger('memory', options.memory ?? 2 ** 30, { min: 1 << 16 });
    const threads = checkInteger('threads', options.threads ?? 1, { min: 1, max: 1024 });
    const { dim, bits, iterations, seed, centroids, spans } = about;
    const keeper = new CodecKeeper(scope, { bits, dim, centroids, iterations, threads, seed });
    const format = tokenFormat({ dim, storageFor, keeper, spans, threads, seed, centroids });
    const state = { about };
    const policy = { segmentsPerTier: 8, smallest: 1000, largest: 2 ** 31, deletedShare: 0.2 };
    const settings = {
      memory,
      policy,
      ownsStore,
      shared: keeper,
      get about(): TokenStoreAbout {
        const [codec] = keeper.files();
        return { ...state.about, ...(codec !== undefined && { codec }) };
      },
    };
    return new TokenStore(state, await SegmentedIndex.open(scope, format, settings), keeper);
  }

  /** The commit that readers see. It stays as it is, whatever is written after. */
  get reader(): TokenReader {
    const { segments } = this.#segments;
    if (this.#reader?.segments !== segments) this.#reader = new TokenReader(segments);
    return this.#reader;
  }

  get dim(): number {
    return this.about.dim;
  }

  /** What residual codes are read with; undefined while there are none. */
  get codec(): ResidualCodec | undefined {
    return this.#keeper.codec;
  }

  /** Documents that can be found. */
  get size(): number {
    return this.reader.size;
  }

  has(id: string): boolean {
    return this.reader.has(id);
  }

  /** A document's rows, as exactly as the store keeps them. */
  tokensOf(id: string): Tokens | undefined {
    return this.reader.tokensOf(id);
  }

  /** Every document with its rows, one at a time; those that pass a filter. For exports, and for whatever wants to see them all. */
  documents(filter?: Filter): Generator<TokenDocument> {
    return this.reader.documents(filter);
  }

  /** How many documents pass a filter; all without one. */
  count(filter?: Filter): number {
    return this.reader.count(filter);
  }

  /** A query as the store's documents are compared with it. */
  prepare(query: Tokens, options: StoreScoreOptions = {}): PreparedQuery {
    checkOptions('options', options, scoreOptionNames);
    checkTokens('query', query, this.dim);
    if (options.similarity !== undefined && options.similarity !== this.about.similarity) {
      throw new RankError(
        'UNSUPPORTED',
        `This store compares by ${this.about.similarity}; ${shown(options.similarity)} was asked for. Build it with that similarity.`,
      );
    }
    const prepared = new PreparedQuery(query, countedWeights(query, options), this.about.similarity === 'cosine');
    if (prepared.count === 0) checkCounted('The query', { ...query, rows: 0 });
    return prepared;
  }

  /** MaxSim of a query and each of these documents, in their order. */
  scores(query: Tokens, ids: readonly string[], options: StoreScoreOptions = {}): Float32Array {
    const prepared = this.prepare(query, options);
    const quantised = checkOneOf('query', options.query ?? 'exact', ['exact', 'quantised']) === 'quantised';
    return aggregated(this.reader.scores(prepared, ids, quantised), prepared, options);
  }

  /**
   * Candidates in the order of their MaxSim: ids, or hits of the stage before, whose scores `blend` mixes in.
   *
   * @example store.rerank(query, hits, { k: 10, blend: { alpha: 0.8 } })
   */
  rerank(
    query: Tokens,
    candidates: readonly (string | Hit)[],
    options: StoreScoreOptions & { readonly k?: number; readonly blend?: BlendOptions } = {},
  ): Ranking {
    const { k, blend: blending, ...rest } = options;
    if (!Array.isArray(candidates))
      throw new RankError('INVALID_ARGUMENT', `rerank: candidates are ${shown(candidates)}; expected ids or hits.`);
    const wanted = k === undefined ? candidates.length : checkInteger('rerank: k', k, { min: 1 });
    const hits = checkHits(
      'rerank: candidates',
      candidates.map((candidate) => (typeof candidate === 'string' ? { id: candidate, score: 0 } : candidate)),
    );
    if (blending !== undefined) {
      checkBlend('rerank: blend', blending);
      const bare = candidates.find((candidate) => typeof candidate === 'string');
      if (bare !== undefined)
        throw new RankError('INVALID_ARGUMENT', `rerank: ${shown(bare)} has no score to blend with. Give hits.`, { id: bare });
    }
    if (hits.length === 0) return [];
    const scores = this.scores(
      query,
      hits.map(({ id }) => id),
      rest,
    );
    const final =
      blending === undefined
        ? scores
        : blend(
            scores,
            hits.map(({ score }) => score),
            blending,
          );
    return topK(
      hits.map(({ id }, i) => ({ id, score: final[i]! })),
      wanted,
    );
  }

  /** What scores made with these options mean. */
  space(options: Pick<StoreScoreOptions, 'aggregate'> = {}): ScoreSpace {
    return maxsimSpace(options);
  }

  /** Adds documents, or replaces those whose ids are there already; they are found after {@link TokenStore.commit}. Streams take memory up to the `memory` setting. */
  async add(documents: TokenInput, options: WorkOptions = {}): Promise<void> {
    checkOptions('add', options, ['signal', 'onProgress']);
    const { dim, similarity, empty, spans } = this.about;
    const { chunks, total } = tokenChunks(documents, { dim, unit: similarity === 'cosine', empty, spans });
    await this.#segments.add(chunks, { ...options, ...(total !== undefined && { total }) });
  }

  /** For copies between stores: documents with the codes they have. */
  addEncoded(chunks: AsyncIterable<readonly NewDocument<TokenPayload>[]>, work: WorkOptions): Promise<void> {
    return this.#segments.add(chunks, work);
  }

  /** For copies between stores: residual codes are made with this codec. Before the first document comes in. */
  async adoptCodec(codec: ResidualCodec): Promise<void> {
    await this.#keeper.adopt(codec);
  }

  /** Removes documents by id; gives how many there were. They are gone after {@link TokenStore.commit}. */
  async remove(ids: string | Iterable<string>): Promise<number> {
    const list = typeof ids === 'string' ? [ids] : [...ids];
    for (const id of list) {
      if (typeof id !== 'string') throw new RankError('INVALID_ARGUMENT', `remove: an id is ${shown(id)}; expected a string.`);
    }
    return this.#segments.remove(list.map((id) => id.toWellFormed()));
  }

  /** Makes everything since the last commit visible, and durable where the store is on disk. */
  commit(options: WorkOptions = {}): Promise<void> {
    checkOptions('commit', options, ['signal', 'onProgress']);
    return this.#segments.commit(options);
  }

  /** Writes everything out and stages it, for an owner of the scope who then commits and calls {@link TokenStore.refresh}. */
  stage(options: WorkOptions = {}): Promise<void> {
    checkOptions('stage', options, ['signal', 'onProgress']);
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

  /** Compaction: puts segments together as their sizes and deletions ask for, or with `all` into one. After commits it happens by itself in the background. */
  compact(options: { readonly all?: boolean } & WorkOptions = {}): Promise<boolean> {
    checkOptions('compact', options, ['all', 'signal', 'onProgress']);
    return this.#segments.merge(options);
  }

  /** Waits for merges in the background; throws what one of them failed with. */
  settle(): Promise<void> {
    return this.#segments.settle();
  }

  close(): Promise<void> {
    return this.#segments.close();
  }
}

/** How the options describe a store. */
export function aboutStore(options: Omit<TokenStoreOptions, 'path' | 'scope'>): TokenStoreAbout {
  const { dim, type = 'f16', bits = 4, similarity = 'dot', spans = false, empty = false, iterations = 2, seed = 42, centroids } = options;
  if (dim === undefined) throw new RankError('INVALID_ARGUMENT', 'A new token store needs the dimension of its rows: { dim: 128 }.');
  checkInteger('dim', dim, { min: 1, max: widestRow });
  checkOneOf('type', type, [...rowTypes, 'residual']);
  if (![1, 2, 4, 8].includes(bits)) throw new RankError('OUT_OF_RANGE', `bits is ${shown(bits)}; expected 1, 2, 4 or 8.`);
  checkOneOf('similarity', similarity, ['dot', 'cosine']);
  for (const [name, value] of Object.entries({ spans, empty })) {
    if (typeof value !== 'boolean') throw new RankError('INVALID_ARGUMENT', `${name} is ${shown(value)}; expected true or false.`);
  }
  checkInteger('iterations', iterations, { min: 1, max: 1000 });
  checkInteger('seed', seed);
  if (centroids !== undefined) checkInteger('centroids', centroids, { min: 1, max: 65_536 });
  return {
    version: stateVersion,
    dim,
    type,
    bits,
    similarity,
    spans,
    empty,
    iterations,
    seed,
    ...(centroids !== undefined && { centroids }),
  };
}

function storageOf({ type }: TokenStoreAbout): RowStorage {
  return type;
}

/** Sums brought to the aggregate that is asked for; documents without rows get the lowest score. */
export function aggregated(
  scores: Float32Array,
  query: PreparedQuery,
  { aggregate = 'sum', queryLength = 32 }: StoreScoreOptions,
): Float32Array {
  checkOneOf('aggregate', aggregate, ['sum', 'mean', 'normalised']);
  const divisor = aggregate === 'sum' ? 1 : aggregate === 'mean' ? query.total : checkInteger('queryLength', queryLength, { min: 1 });
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] === Number.NEGATIVE_INFINITY) scores[i] = emptyDocumentScore;
    else if (divisor !== 1) scores[i]! /= divisor;
  }
  return scores;
}
