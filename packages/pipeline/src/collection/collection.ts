import {
  checkOptions,
  type Document,
  type Explanation,
  type Filter,
  type Query,
  RankError,
  type Ranking,
  type Retriever,
  type SearchOptions,
  shown,
  throttleProgress,
  throwIfCancelled,
  type WorkOptions,
} from '@rank-rank/core';
import type { OpenEncoderOptions } from '@rank-rank/models';
import type { MaxSimExplanation } from '@rank-rank/rerank';
import { type Highlights, highlight, LexicalIndex } from '@rank-rank/retrieve';
import { type FileSystem, memoryFileSystem, Store } from '@rank-rank/storage';
import type { PipelineDescription } from '../described/description.ts';
import type { Resources } from '../described/from-description.ts';
import type { Pipeline, PipelineResult, RunOptions } from '../run/pipeline.ts';
import type { StageReranker } from '../stage/rerank.ts';
import { CollectionDocuments } from './collection-documents.ts';
import { type CollectionEncoder, checkEncoder, LazyEncoder } from './collection-encoder.ts';
import { CollectionSearch } from './collection-search.ts';
import { storedDocument } from './document-format.ts';
import type { PipelineName } from './named-pipelines.ts';
import { parentOf, passageId, passageNumber, passagesOf } from './passages.ts';
import { type CollectionSettings, type KeptSettings, keptSettings, newSettings } from './settings.ts';
import { type CollectionStatistics, statisticsOf } from './statistics.ts';
import { CollectionVectors, type VectorsOwner } from './vectors.ts';

export interface CollectionOptions extends Omit<CollectionSettings, 'encoder'> {
  /** Open for adding and removing; makes the collection where there is none. One process at a time. */
  readonly write?: boolean;
  /** `static`, `none`, the name of a model, or an encoder of your own. */
  readonly encoder?: string | CollectionEncoder;
  /** How a model is opened: precision, threads, where it is looked for. */
  readonly model?: OpenEncoderOptions;
  /** Reranks last in the pipeline `full`: a cross-encoder, say. */
  readonly reranker?: StageReranker;
  /** Stands in for the operating system in tests of failures. */
  readonly fileSystem?: FileSystem;
}

/** What adding did. */
export interface Added {
  readonly added: number;
  readonly updated: number;
  /** Documents that were there already, word for word. */
  readonly unchanged: number;
}

export const collectionKind = 'collection';
const optionNames = ['write', 'analysis', 'encoder', 'chunking', 'model', 'reranker', 'fileSystem'] as const;
/** Documents after which `add` commits, so that an interrupted one goes on from there. */
const commitEvery = 50_000;
/** Documents that are looked up and added at a time. */
const batchSize = 512;
const lexicalMemory = 256 << 20;
/** More changed documents than this are found by looking at all. */
const mostChanged = 100_000;

/**
 * A directory that holds documents and all their indexes, updated and committed together.
 *
 * - One writer at a time; any number of readers, who see the commit they opened until they `refresh`.
 * - Killed at any instant, the directory holds the last commit. `add` commits now and then: the same call again goes on from there.
 *
 * @example
 * const notes = await Collection.open('notes.rank', { write: true });
 * await notes.add([{ id: 'a', text: 'Rivers wander over flat plains.' }]);
 * await notes.commit();
 * await notes.search('why do rivers bend', 10);
 */
export class Collection implements Retriever {
  readonly path: string;
  readonly settings: KeptSettings;
  readonly #store: Store;
  readonly #documents: CollectionDocuments;
  readonly #lexical: LexicalIndex;
  readonly #vectors: CollectionVectors;
  readonly #encoder: LazyEncoder | undefined;
  readonly #searching: CollectionSearch;
  /** Of documents that wait for a commit, how many passages each has. */
  readonly #pending = new Map<string, number>();
  #changed: Set<string> | undefined = new Set();

  private constructor(
    store: Store,
    settings: KeptSettings,
    documents: CollectionDocuments,
    lexical: LexicalIndex,
    encoder: LazyEncoder | undefined,
    reranker: StageReranker | undefined,
  ) {
    this.path = store.path;
    this.settings = settings;
    this.#store = store;
    this.#documents = documents;
    this.#lexical = lexical;
    this.#encoder = encoder;
    this.#vectors = new CollectionVectors(store, settings, encoder);
    this.#searching = new CollectionSearch(store.path, settings, lexical, this.#vectors, this, reranker);
  }

  /** Opens the collection in a folder; with `write`, makes one where there is none. */
  static async open(path: string, options: CollectionOptions = {}): Promise<Collection> {
    checkOptions('Collection.open', options, optionNames);
    const { write = false, fileSystem, ...rest } = options;
    return Collection.#over(await Store.open(path, { kind: collectionKind, write, ...(fileSystem && { fileSystem }) }), rest);
  }

  /** A collection in memory, which ends with its object. */
  static async memory(options: Omit<CollectionOptions, 'write' | 'fileSystem'> = {}): Promise<Collection> {
    return Collection.open('collection', { ...options, write: true, fileSystem: memoryFileSystem() });
  }

  static async #over(
    store: Store,
    { encoder: wanted, model, reranker, analysis, chunking }: Omit<CollectionOptions, 'write' | 'fileSystem'>,
  ): Promise<Collection> {
    try {
      const { writable: write } = store;
      const given = typeof wanted === 'object' && wanted !== null ? checkEncoder(wanted) : undefined;
      const encoder = given?.name ?? (wanted as string | undefined);
      const asked: CollectionSettings = {
        ...(analysis !== undefined && { analysis }),
        ...(encoder !== undefined && { encoder }),
        ...(chunking && { chunking }),
      };
      const state = store.scope('settings').state();
      const settings = state === undefined ? newSettings(asked) : keptSettings(store.path, state, asked);
      const scope = store.scope('lexical');
      const lexical =
        scope.state() === undefined && write
          ? await LexicalIndex.create({ scope, analysis: settings.analysis, memory: lexicalMemory })
          : await LexicalIndex.open(scope, { write, memory: lexicalMemory });
      const documents = await CollectionDocuments.open(store);
      const named =
        settings.encoder === 'static' || settings.encoder === 'none' ? undefined : new LazyEncoder(settings.encoder, given, model);
      const collection = new Collection(store, settings, documents, lexical, named, reranker);
      if (state === undefined && write) {
        store.scope('settings').stage(settings, []);
        await collection.#commitAll();
      }
      await collection.#vectors.open(write);
      return collection;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** How many documents the last commit holds. */
  get size(): number {
    return this.#documents.size;
  }

  /** Documents in the order of the ids asked for; undefined for one that is not there. A passage is found by its id as well. */
  async get(ids: readonly string[]): Promise<(Document | undefined)[]> {
    return ids.map((id) => this.#documents.get(id) ?? this.#passageOf(id));
  }

  /** All documents, in no particular order. */
  documents(): Iterable<Document> {
    return this.#documents.all();
  }

  /** The ids of the documents whose metadata a filter lets through. */
  idsOf(filter: Filter): string[] {
    return this.#documents.idsOf(filter);
  }

  /**
   * Adds documents, or replaces those whose ids are there; what is there already, word for word, is left alone. An id that comes twice with different contents is an
   * error. Commits now and then, so that adding the same documents again after an interruption goes on where it stopped; `commit` makes the rest visible.
   */
  async add(documents: Iterable<Document> | AsyncIterable<Document>, work: WorkOptions = {}): Promise<Added> {
    const report = throttleProgress(work.onProgress);
    const counts = { added: 0, updated: 0, unchanged: 0 };
    const seen = new Set<string>();
    let batch: Document[] = [];
    let sinceCommit = 0;
    let done = 0;
    const flush = async (): Promise<void> => {
      throwIfCancelled(work.signal, 'Adding documents');
      sinceCommit += await this.#addBatch(batch, counts);
      done += batch.length;
      batch = [];
      report({ stage: 'indexing', done, unit: 'documents' });
      if (sinceCommit >= commitEvery) {
        await this.#commitAll();
        await this.#tidy(work);
        sinceCommit = 0;
      }
    };
    for await (const document of documents) {
      if (seen.has(document.id)) {
        const first = batch.find(({ id }) => id === document.id);
        if (first === undefined) await flush();
        if (this.#sameAs(document, first)) {
          counts.unchanged++;
          continue;
        }
        throw new RankError(
          'DUPLICATE_ID',
          `The id ${shown(document.id)} comes twice, with different contents; expected each id once. What was committed stays.`,
          { id: document.id },
        );
      }
      seen.add(document.id);
      batch.push(document);
      if (batch.length >= batchSize) await flush();
    }
    if (batch.length > 0) await flush();
    return counts;
  }

  /** Removes documents by their ids, or all that a filter lets through; gives how many there were. */
  async remove(which: readonly string[] | { readonly filter: Filter }): Promise<number> {
    const ids = Array.isArray(which) ? (which as readonly string[]) : this.idsOf((which as { readonly filter: Filter }).filter);
    const passages = ids.flatMap((id) => this.#passageIds(id));
    await this.#lexical.remove(passages);
    await this.#vectors.remove(passages);
    for (const id of ids) this.#pending.delete(id);
    return this.#documents.remove(ids);
  }

  /** Makes what was added and removed visible, and encodes what has no vectors yet. */
  async commit(work: WorkOptions = {}): Promise<void> {
    await this.#commitAll();
    await this.#vectors.update(this.#owner(), work);
    this.#changed = new Set();
    await this.#tidy(work);
  }

  /** Shows what another process has committed since; tells whether there was something. */
  async refresh(): Promise<boolean> {
    if (!(await this.#store.refresh())) return false;
    await this.#documents.refresh();
    await this.#lexical.refresh();
    await this.#vectors.open(false);
    return true;
  }

  /** The named pipelines that it has vectors for. */
  get pipelines(): readonly PipelineName[] {
    return this.#searching.names;
  }

  /** One of the named pipelines: `full` by default, or `bm25` where there are no vectors. */
  pipeline(name?: PipelineName): Pipeline<unknown> {
    return this.#searching.pipeline(name);
  }

  /** The pipeline that a description describes, over this collection: its sources are `bm25`, `dense`, `sparse` and `late`, its reranker `late`. */
  async describedPipeline(
    description: PipelineDescription,
    resources: Pick<Resources, 'model' | 'rerankers'> = {},
  ): Promise<Pipeline<unknown>> {
    return this.#searching.described(description, resources);
  }

  /** The best k of the pipeline `full`, or of `bm25` where there are no vectors. */
  async search(query: string, k: number, options: SearchOptions = {}): Promise<Ranking> {
    return this.pipeline().search(query, k, options);
  }

  async run(query: string | Query, options: RunOptions & { readonly pipeline?: PipelineName } = {}): Promise<PipelineResult<unknown>> {
    const { pipeline: name, ...rest } = options;
    return this.pipeline(name).run(query, rest);
  }

  async explain(query: string, id: string, options: { readonly pipeline?: PipelineName } = {}): Promise<Explanation | undefined> {
    return this.pipeline(options.pipeline).explain(query, id);
  }

  /** Which word of a document (of its best passage) answers which of the query; with `matrix`, all similarities. Undefined where there are no tokens to compare. */
  async align(query: string, id: string, options: { readonly matrix?: boolean } = {}): Promise<MaxSimExplanation | undefined> {
    return this.#searching.align(query, this.#passageIds(id), options);
  }

  /** Where a text matches a query by its words, and the stretches of it to show. */
  highlight(query: string, text: string, options: { readonly snippets?: number; readonly length?: number } = {}): Highlights {
    return highlight(this.#lexical.reader, query, text, options);
  }

  /** What is in it: documents, passages, fields, indexes, bytes. */
  statistics(): CollectionStatistics {
    return statisticsOf(this.#store, this.settings, this.#documents, this.#lexical, this.#vectors);
  }

  /** Puts all segments together, and what was removed away: the smallest and fastest form of a collection that will not change for a while. */
  async compact(work: WorkOptions = {}): Promise<void> {
    await this.#commitAll();
    await this.#lexical.merge(work);
    for (;;) {
      const documents = await this.#documents.merge({ all: true, ...work });
      const vectors = await this.#vectors.merge({ all: true, ...work });
      await this.#commitAll();
      if (!documents && !vectors) return;
    }
  }

  /** Reads every byte and compares every checksum; gives the errors instead of throwing them. */
  async verify(work: WorkOptions = {}): Promise<{ files: number; bytes: number; damaged: RankError[] }> {
    return this.#store.verify(work);
  }

  /** Makes the lexical index anew from the documents. For {@link repairCollection}. */
  async reindex(work: WorkOptions = {}): Promise<void> {
    const report = throttleProgress(work.onProgress);
    const total = this.size;
    let done = 0;
    let batch: Document[] = [];
    for (const document of this.documents()) {
      throwIfCancelled(work.signal, 'Indexing');
      batch.push(...passagesOf(document, this.settings.chunking));
      report({ stage: 'indexing', done: ++done, total, unit: 'documents' });
      if (batch.length < batchSize) continue;
      await this.#lexical.add(batch);
      batch = [];
    }
    await this.#lexical.add(batch);
    this.#changed = undefined;
    await this.#commitAll();
  }

  async close(): Promise<void> {
    await this.#encoder?.close();
    await this.#store.close();
  }

  async #addBatch(batch: readonly Document[], counts: { added: number; updated: number; unchanged: number }): Promise<number> {
    const fresh: Document[] = [];
    for (const document of batch) {
      if (!this.#documents.has(document.id)) counts.added++;
      else if (!this.#pending.has(document.id) && this.#documents.hasSame(document)) {
        counts.unchanged++;
        continue;
      } else counts.updated++;
      fresh.push(document);
    }
    if (fresh.length === 0) return 0;
    const stale = fresh.flatMap(({ id }) => this.#passageIds(id));
    const passages = fresh.map((document) => passagesOf(document, this.settings.chunking));
    if (this.settings.chunking !== undefined) await this.#lexical.remove(stale);
    await this.#vectors.remove(stale);
    await this.#lexical.add(passages.flat());
    await this.#documents.add(fresh);
    fresh.forEach(({ id }, i) => {
      this.#pending.set(id, passages[i]!.length);
      this.#changed?.add(id);
    });
    if ((this.#changed?.size ?? 0) > mostChanged) this.#changed = undefined;
    return fresh.length;
  }

  /** Whether a document is the same as one of this call that came before. */
  #sameAs(document: Document, first: Document | undefined): boolean {
    if (first !== undefined) return storedDocument(first).hash === storedDocument(document).hash;
    return !this.#pending.has(document.id) && this.#documents.hasSame(document);
  }

  /** What the passages of a document are called in the indexes, pending or committed. */
  #passageIds(id: string): string[] {
    if (this.settings.chunking === undefined) return [id];
    const committed = this.#documents.get(id);
    const count = Math.max(this.#pending.get(id) ?? 0, committed === undefined ? 0 : passagesOf(committed, this.settings.chunking).length);
    return Array.from({ length: count }, (_, i) => passageId(id, i));
  }

  #passageOf(id: string): Document | undefined {
    const number = this.settings.chunking === undefined ? -1 : passageNumber(id);
    const parent = number < 0 ? undefined : this.#documents.get(parentOf(id));
    return parent && passagesOf(parent, this.settings.chunking)[number];
  }

  #owner(): VectorsOwner {
    const chunked = (document: Document) => passagesOf(document, this.settings.chunking);
    const chosen = (ids: ReadonlySet<string> | undefined): Iterable<Document> =>
      ids === undefined ? this.documents() : [...ids].flatMap((id) => this.#documents.get(id) ?? []);
    return {
      size: this.size,
      passageCount: this.#lexical.size,
      changed: this.#changed,
      documents: () => this.documents(),
      *passages(ids) {
        let document = 0;
        for (const parent of chosen(ids)) {
          for (const passage of chunked(parent)) yield { document, passage };
          document++;
        }
      },
      commitAll: () => this.#commitAll(),
    };
  }

  async #commitAll(): Promise<void> {
    await this.#lexical.prepare();
    await this.#documents.prepare();
    await this.#vectors.prepare();
    await this.#store.commit();
    this.#pending.clear();
    await this.#lexical.refresh();
    await this.#documents.refresh();
    await this.#vectors.refresh();
  }

  /** Puts small segments together where there are many. */
  async #tidy(work: WorkOptions): Promise<void> {
    // A merge is of what was committed, so each is followed by a commit, until there is nothing left to merge.
    for (;;) {
      const lexical = await this.#lexical.mergeSmall(work);
      const documents = await this.#documents.merge(work);
      const vectors = await this.#vectors.merge(work);
      if (!lexical && !documents && !vectors) return;
      await this.#commitAll();
    }
  }
}
