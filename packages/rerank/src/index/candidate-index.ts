import {
  checkFilter,
  checkInteger,
  checkOptions,
  type Ranking,
  type ScoreSpace,
  type Tokens,
  toRanking,
  type WorkOptions,
} from '@rank-rank/core';
import { topK } from '@rank-rank/kernels';
import type { Scope } from '@rank-rank/storage';
import type { ExplainOptions, MaxSimExplanation } from '../explain/explain-maxsim.ts';
import type { FdeOptions } from '../muvera/fixed-dimensional-encoding.ts';
import type { TokenInput } from '../store/token-input.ts';
import { aggregated, type StoreScoreOptions, TokenStore, type TokenStoreAbout } from '../store/token-store.ts';
import type { CandidateSource } from './candidate-source.ts';
import { candidatesFor, checkDefaults, explainStored, type IndexAbout } from './late-interaction-index.ts';
import { lexicalSource } from './lexical-source.ts';
import { muveraSource } from './muvera-source.ts';
import { finishedFor } from './segment-search.ts';
import type { IndexDescription, IndexDocument, IndexKind, SearchDefaults, TokenIndex, TokenSearchOptions } from './token-index.ts';

/** What an index with a first stage of another kind keeps with its store. */
export interface CandidateIndexAbout extends IndexAbout {
  /** Of `muvera`. */
  readonly encoding?: FdeOptions;
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
/** Documents added at a time. */
const chunkDocuments = 512;

/** `muvera` and `bm25`: another index says which documents are worth scoring by their rows. Both are committed together. */
export class CandidateIndex implements TokenIndex {
  readonly kind: IndexKind;
  readonly store: TokenStore;
  readonly #about: CandidateIndexAbout;
  readonly #scope: Scope;
  readonly #ownsStore: boolean;
  readonly #source: CandidateSource;
  #defaults: SearchDefaults;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(about: CandidateIndexAbout, store: TokenStore, source: CandidateSource, scope: Scope, ownsStore: boolean) {
    this.kind = about.kind;
    this.store = store;
    this.#about = about;
    this.#source = source;
    this.#scope = scope;
    this.#ownsStore = ownsStore;
    this.#defaults = about.defaults;
  }

  static async start(
    about: TokenStoreAbout,
    scope: Scope,
    ownsStore: boolean,
    options: { readonly memory?: number; readonly threads?: number },
  ): Promise<CandidateIndex> {
    const index = about.index as CandidateIndexAbout;
    const store = await TokenStore.start(about, scope, false, options, () => about.type);
    const candidates = scope.store.scope(`${scope.name}.candidates`);
    const { memory } = options;
    const source =
      index.kind === 'muvera'
        ? await muveraSource(candidates, index.encoding!, options)
        : await lexicalSource(candidates, memory === undefined ? {} : { memory });
    return new CandidateIndex(index, store, source, scope, ownsStore);
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
    this.store.keepWithIndex({ ...this.#about, defaults } satisfies CandidateIndexAbout);
  }

  async search(query: Tokens, k: number, options: TokenSearchOptions = {}): Promise<Ranking> {
    checkOptions('search', options, searchNames);
    checkInteger('search: k', k, { min: 1 });
    checkDefaults('search', { candidates: options.candidates });
    const { signal, filter, exact = false, text, aggregate, queryLength, weights, mask } = options;
    if (filter !== undefined) checkFilter(filter);
    const scoring: StoreScoreOptions = {
      ...(aggregate && { aggregate }),
      ...(queryLength && { queryLength }),
      ...(weights && { weights }),
      ...(mask && { mask }),
    };
    // Checks the query before anything is looked for.
    const prepared = this.store.prepare(query, scoring);
    const { reader } = this.store;
    const wanted = Math.max(k, options.candidates ?? this.#defaults.candidates ?? candidatesFor(k, reader.size));
    let ids: string[] = [];
    // Words that no document has find nothing, however few documents there are.
    if (exact || (this.kind === 'muvera' && wanted >= this.store.count(filter))) {
      for (const live of reader.segments) {
        const allowed = reader.allowed(live, filter);
        for (let d = 0; d < live.segment.size; d++) if (allowed === undefined || allowed.bitmap.has(d)) ids.push(live.segment.ids.id(d));
      }
    } else {
      const found = await this.#source.search({ tokens: query, text }, wanted, filter, signal);
      ids = found.map(({ id }) => id).filter((id) => this.store.has(id));
    }
    if (ids.length === 0) return [];
    const finished = finishedFor(k);
    if (this.store.about.type === 'int8' && ids.length > finished) {
      const coarse = reader.scores(prepared, ids, true);
      ids = Array.from(topK(coarse, finished).indices, (at) => ids[at]!);
    }
    const scores = aggregated(reader.scores(prepared, ids, false), prepared, scoring);
    return toRanking(ids.map((id, i) => ({ id, score: scores[i]! }))).slice(0, k);
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
      segments: reader.segments.map(({ segment, live }) => ({
        documents: live,
        tokens: segment.tokens,
        storage: segment.stored.storage,
        search: 'exact',
        why: `${this.kind} was asked for: candidates come from ${this.#source.describe()}, and are scored by their rows.`,
      })),
    };
  }

  space(options: Pick<StoreScoreOptions, 'aggregate'> = {}): ScoreSpace {
    return this.store.space(options);
  }

  /** Documents go to both indexes; if one refuses a chunk, everything since the last commit is forgotten by both. */
  add(documents: TokenInput<IndexDocument>, options: WorkOptions = {}): Promise<void> {
    return this.#exclusively(async () => {
      checkOptions('add', options, ['signal', 'onProgress']);
      try {
        for await (const chunk of chunks(documents)) {
          await this.store.add(chunk, options);
          await this.#source.add(chunk, options);
        }
      } catch (error) {
        await this.#rollback();
        throw error;
      }
    });
  }

  remove(ids: string | Iterable<string>): Promise<number> {
    return this.#exclusively(async () => {
      const list = typeof ids === 'string' ? [ids] : [...ids];
      const removed = await this.store.remove(list);
      await this.#source.remove(list.map((id) => id.toWellFormed()));
      return removed;
    });
  }

  commit(options: WorkOptions = {}): Promise<void> {
    return this.#exclusively(async () => {
      await this.#stage(options);
      await this.#scope.store.commit();
      await this.#refresh();
    });
  }

  stage(options: WorkOptions = {}): Promise<void> {
    return this.#exclusively(() => this.#stage(options));
  }

  rollback(): Promise<void> {
    return this.#exclusively(() => this.#rollback());
  }

  refresh(): Promise<boolean> {
    return this.#exclusively(async () => {
      if (this.#ownsStore) await this.#scope.store.refresh();
      return this.#refresh();
    });
  }

  compact(options: { readonly all?: boolean } & WorkOptions = {}): Promise<boolean> {
    return this.#exclusively(async () => {
      const { all, ...work } = options;
      const mine = await this.store.compact(options);
      const theirs = await this.#source.compact(work);
      if (this.#ownsStore) {
        await this.#stage(work);
        await this.#scope.store.commit();
        await this.#refresh();
      }
      return mine || theirs;
    });
  }

  async settle(): Promise<void> {
    await this.store.settle();
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.store.close();
    await this.#source.close();
    if (this.#ownsStore) await this.#scope.store.close();
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #stage(options: WorkOptions): Promise<void> {
    await this.store.stage(options);
    await this.#source.stage(options);
  }

  async #refresh(): Promise<boolean> {
    const mine = await this.store.refresh();
    const theirs = await this.#source.refresh();
    return mine || theirs;
  }

  async #rollback(): Promise<void> {
    await this.store.rollback();
    await this.#source.rollback();
    if (this.#ownsStore) await this.#scope.store.rollback();
  }
}

async function* chunks(documents: TokenInput<IndexDocument>): AsyncGenerator<IndexDocument[]> {
  if (Array.isArray(documents)) {
    // Whole, so that an id that comes twice is seen.
    yield documents as IndexDocument[];
    return;
  }
  if (typeof documents !== 'object' || documents === null || !(Symbol.iterator in documents || Symbol.asyncIterator in documents)) {
    yield [documents as IndexDocument];
    return;
  }
  let chunk: IndexDocument[] = [];
  for await (const document of documents as Iterable<IndexDocument> | AsyncIterable<IndexDocument>) {
    chunk.push(document);
    if (chunk.length < chunkDocuments) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}
