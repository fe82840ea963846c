import {
  checkFilter,
  checkInteger,
  checkOptions,
  compareHits,
  type Hit,
  RankError,
  type Ranking,
  type ScoreSpace,
  shown,
  type Tokens,
  throwIfCancelled,
  type WorkOptions,
} from '@rank-rank/core';
import type { Best } from '@rank-rank/kernels';
import type { Allowed, LiveSegment } from '@rank-rank/retrieve/segments';
import type { Scope } from '@rank-rank/storage';
import { type ExplainOptions, explainMaxSim, type MaxSimExplanation } from '../explain/explain-maxsim.ts';
import type { PreparedQuery } from '../store/prepared-query.ts';
import type { RowStorage } from '../store/stored-rows.ts';
import type { TokenInput } from '../store/token-input.ts';
import type { TokenSegment } from '../store/token-segment.ts';
import { aggregated, type StoreScoreOptions, TokenStore, type TokenStoreAbout } from '../store/token-store.ts';
import { plaidSearch } from './plaid-search.ts';
import { exactSearch, type SegmentSearchSettings } from './segment-search.ts';
import type { IndexDescription, IndexDocument, IndexKind, SearchDefaults, TokenIndex, TokenSearchOptions } from './token-index.ts';
import { warpSearch } from './warp-search.ts';

/** What an index keeps with its store. */
export interface IndexAbout {
  readonly kind: IndexKind;
  readonly defaults: SearchDefaults;
}

const searchNames = [
  'signal',
  'filter',
  'candidates',
  'probes',
  'exact',
  'threads',
  'text',
  'aggregate',
  'queryLength',
  'weights',
  'mask',
] as const;

/**
 * Up to so many rows `auto` compares with all of them, in bytes, which finds more; from there on scanning centroids first takes at most two thirds of the
 * time. Measured with 22 query rows of 128 dimensions and ten hits (`npm run bench late-interaction crossover`): 0.12 against 0.11 ms at 6,000 rows, 0.15
 * against 0.08 at 10,000, 0.17 against 0.10 at 12,000, 0.52 against 0.12 at 48,000.
 */
export const exactRows = 10_000;

/**
 * Candidates by default: the deeper the result and the larger the collection, the more.
 *
 * Of all `(a + b k) (1 + c log₂(n / 1400))` the one with the fewest candidates that are enough for passages (16 rows in a row of a document) of five
 * collections of 82 to 16,115 documents and 10 to 200 hits: a scan of centroids then holds .975 of the best k by the codes of all documents in every
 * case, and on (geometric) average the candidates that hold .985 (`npm run bench late-interaction candidates`). No query and no judgement has a part in it.
 */
export function candidatesFor(k: number, documents: number): number {
  return Math.ceil((25 + 2.7 * k) * Math.max(1, 1 + 0.35 * Math.log2(documents / 1400)));
}

/** `exact`, `plaid`, `warp` and `auto`: indexes whose first pass reads the same segments as the last. */
export class LateInteractionIndex implements TokenIndex {
  readonly kind: IndexKind;
  readonly store: TokenStore;
  #defaults: SearchDefaults;

  private constructor(kind: IndexKind, store: TokenStore, defaults: SearchDefaults) {
    this.kind = kind;
    this.store = store;
    this.#defaults = defaults;
  }

  static async start(
    about: TokenStoreAbout,
    scope: Scope,
    ownsStore: boolean,
    options: { readonly memory?: number; readonly threads?: number },
  ): Promise<LateInteractionIndex> {
    const { kind, defaults } = about.index as IndexAbout;
    const store = await TokenStore.start(about, scope, ownsStore, options, (rows) => storageFor(kind, about, rows));
    return new LateInteractionIndex(kind, store, defaults);
  }

  get dim(): number {
    return this.store.dim;
  }

  get size(): number {
    return this.store.size;
  }

  get defaults(): SearchDefaults {
    return this.#defaults;
  }

  set defaults(defaults: SearchDefaults) {
    this.#defaults = checkDefaults('defaults', defaults);
    this.store.keepWithIndex({ kind: this.kind, defaults } satisfies IndexAbout);
  }

  async search(query: Tokens, k: number, options: TokenSearchOptions = {}): Promise<Ranking> {
    checkOptions('search', options, searchNames);
    checkInteger('search: k', k, { min: 1 });
    checkDefaults('search', { candidates: options.candidates, probes: options.probes });
    const { signal, filter, exact = false, aggregate, queryLength, weights, mask } = options;
    if (filter !== undefined) checkFilter(filter);
    const scoring: StoreScoreOptions = {
      ...(aggregate && { aggregate }),
      ...(queryLength && { queryLength }),
      ...(weights && { weights }),
      ...(mask && { mask }),
    };
    const prepared = this.store.prepare(query, scoring);
    const { reader } = this.store;
    const settings: SegmentSearchSettings = {
      candidates: options.candidates ?? this.#defaults.candidates ?? candidatesFor(k, reader.size),
      probes: options.probes ?? this.#defaults.probes ?? 32,
      threads: checkInteger('search: threads', options.threads ?? 1, { min: 1, max: 1024 }),
      signal,
    };
    const hits: Hit[] = [];
    for (const live of reader.segments) {
      throwIfCancelled(signal, 'The search');
      const allowed = reader.allowed(live, filter);
      if (allowed?.count === 0 || live.live === 0) continue;
      const { segment } = live;
      const { indices, scores } = await this.#searchSegment(segment, prepared, k, allowed, exact, settings);
      const final = aggregated(scores, prepared, scoring);
      for (let i = 0; i < indices.length; i++) hits.push({ id: segment.ids.id(indices[i]!), score: final[i]! });
    }
    // One segment's hits are in order but for equal scores, whose order is that of the ids.
    return hits.sort(compareHits).slice(0, k);
  }

  #searchSegment(
    segment: TokenSegment,
    query: PreparedQuery,
    k: number,
    allowed: Allowed | undefined,
    exact: boolean,
    settings: SegmentSearchSettings,
  ): Promise<Best> {
    const { codec } = this.store;
    const way = exact || this.kind === 'exact' ? 'exact' : searchOf(segment);
    if (way === 'plaid') return plaidSearch(segment, query, k, allowed, codec!, settings);
    if (way === 'warp') return warpSearch(segment, query, k, allowed, codec!, settings);
    return exactSearch(segment, query, k, allowed, settings);
  }

  explain(query: Tokens, id: string, options: ExplainOptions & { readonly document?: Tokens } = {}): MaxSimExplanation {
    return explainStored(this.store, query, id, options);
  }

  describe(): IndexDescription {
    const { reader, codec } = this.store;
    return {
      kind: this.kind,
      documents: reader.size,
      tokens: reader.tokens,
      bytes: reader.bytes,
      ...(codec && { codec: { bits: codec.bits, centroids: codec.centroids.scales.length } }),
      defaults: this.#defaults,
      segments: reader.segments.map(({ segment, live }: LiveSegment<TokenSegment>) => {
        const search = this.kind === 'exact' ? 'exact' : searchOf(segment);
        return { documents: live, tokens: segment.tokens, storage: segment.stored.storage, search, why: reason(this.kind, segment) };
      }),
    };
  }

  space(options: Pick<StoreScoreOptions, 'aggregate'> = {}): ScoreSpace {
    return this.store.space(options);
  }

  add(documents: TokenInput<IndexDocument>, options: WorkOptions = {}): Promise<void> {
    return this.store.add(documents, options);
  }

  remove(ids: string | Iterable<string>): Promise<number> {
    return this.store.remove(ids);
  }

  commit(options: WorkOptions = {}): Promise<void> {
    return this.store.commit(options);
  }

  stage(options: WorkOptions = {}): Promise<void> {
    return this.store.stage(options);
  }

  rollback(): Promise<void> {
    return this.store.rollback();
  }

  refresh(): Promise<boolean> {
    return this.store.refresh();
  }

  compact(options: { readonly all?: boolean } & WorkOptions = {}): Promise<boolean> {
    return this.store.compact(options);
  }

  settle(): Promise<void> {
    return this.store.settle();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** How a segment of so many rows keeps them. */
function storageFor(kind: IndexKind, { type }: TokenStoreAbout, rows: number): RowStorage {
  if (kind === 'auto') return rows <= exactRows ? 'int8' : 'residual';
  return kind === 'warp' ? 'lists' : kind === 'plaid' ? 'residual' : type;
}

/** How a segment is searched, by how it keeps its rows. */
function searchOf({ stored: { storage } }: TokenSegment): 'exact' | 'plaid' | 'warp' {
  return storage === 'residual' ? 'plaid' : storage === 'lists' ? 'warp' : 'exact';
}

function reason(kind: IndexKind, segment: TokenSegment): string {
  if (kind !== 'auto') return `${kind} was asked for.`;
  const { tokens } = segment;
  return searchOf(segment) === 'exact'
    ? `It has ${tokens} rows; up to ${exactRows} comparing with all of them, in bytes, takes about as long and is more exact.`
    : `It has ${tokens} rows; from ${exactRows} on a scan of centroids before the codes is faster.`;
}

export function checkDefaults(
  where: string,
  defaults: { readonly candidates?: number | undefined; readonly probes?: number | undefined },
): SearchDefaults {
  const { candidates, probes } = defaults;
  if (candidates !== undefined) checkInteger(`${where}: candidates`, candidates, { min: 1 });
  if (probes !== undefined) checkInteger(`${where}: probes`, probes, { min: 1 });
  return defaults as SearchDefaults;
}

/** The explanation of a stored document, by its rows as they are kept or as the caller brings them. */
export function explainStored(
  store: TokenStore,
  query: Tokens,
  id: string,
  { document, ...options }: ExplainOptions & { readonly document?: Tokens },
): MaxSimExplanation {
  const tokens = document ?? store.tokensOf(id);
  if (tokens === undefined || !store.has(id)) throw new RankError('NOT_FOUND', `The index has no document ${shown(id)}.`, { id });
  return explainMaxSim(query, tokens, { similarity: store.about.similarity, ...options });
}
