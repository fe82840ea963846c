import {
  checkOptions,
  type Document,
  type Explanation,
  fullText,
  type Query,
  RankError,
  type Ranking,
  type Retriever,
  type SearchOptions,
  throttleProgress,
  throwIfCancelled,
  unknownName,
  type WorkOptions,
} from '@rank-rank/core';
import {
  learnStaticEncoder,
  readStaticModel,
  StaticEncoder,
  staticModelKind,
  staticModelVersion,
  writeStaticModel,
} from '@rank-rank/models';
import { TokenStore } from '@rank-rank/rerank';
import { type AnalysisSpec, DenseIndex, LexicalIndex } from '@rank-rank/retrieve';
import { SegmentedIndex } from '@rank-rank/retrieve/segments';
import { type Scope, Store } from '@rank-rank/storage';
import { type Pipeline, type PipelineResult, pipeline, type RunOptions } from '../run/pipeline.ts';
import { feedback, type VectorSource } from '../stage/feedback.ts';
import { fuse } from '../stage/fuse.ts';
import { rerank } from '../stage/rerank.ts';
import { retrieve } from '../stage/retrieve.ts';
import type { DocumentSource } from '../stage/stage.ts';
import { denseSource } from './dense-source.ts';
import { type DocumentSegment, documentFormat, type StoredDocument, storedDocument } from './document-format.ts';
import { lateInteraction } from './late-interaction.ts';

/** How a collection is made; kept with it. */
export interface CollectionSettings {
  /** How text becomes terms; a preset or a chain. `english` by default. */
  readonly analysis?: string | AnalysisSpec;
  /** What makes vectors: `static` (by default) learns them from the collection's own texts; `none` goes without. */
  readonly encoder?: 'static' | 'none';
}

/** What adding did. */
export interface Added {
  readonly added: number;
  readonly updated: number;
  /** Documents that were there already, word for word. */
  readonly unchanged: number;
}

/** The pipelines that every collection has. */
export const pipelineNames = ['bm25', 'dense', 'hybrid', 'full'] as const;
export type PipelineName = (typeof pipelineNames)[number];

const kind = 'collection';
/** Documents after which `add` commits, so that an interrupted one goes on from there. */
const commitEvery = 20_000;
/** Documents that are looked up, encoded and added at a time. */
const batchSize = 512;
const documentMemory = 64 << 20;
/** A learned encoder is learned again when the collection has grown by this factor. */
const relearnGrowth = 2;

/**
 * A directory that holds documents and all their indexes, updated and committed together.
 *
 * @example
 * const notes = await Collection.open('notes.rank', { write: true });
 * await notes.add([{ id: 'a', text: 'Rivers wander over flat plains.' }]);
 * await notes.commit();
 * await notes.search('why do rivers bend', 10);
 */
export class Collection implements Retriever {
  readonly path: string;
  readonly settings: Required<CollectionSettings>;
  readonly #store: Store;
  readonly #documents: SegmentedIndex<DocumentSegment, StoredDocument>;
  readonly #lexical: LexicalIndex;
  readonly #scopes: { readonly settings: Scope; readonly encoder: Scope; readonly dense: Scope; readonly tokens: Scope };
  #encoder: StaticEncoder | undefined;
  #dense: DenseIndex | undefined;
  #tokens: TokenStore | undefined;

  private constructor(
    store: Store,
    settings: Required<CollectionSettings>,
    documents: SegmentedIndex<DocumentSegment, StoredDocument>,
    lexical: LexicalIndex,
  ) {
    this.path = store.path;
    this.settings = settings;
    this.#store = store;
    this.#documents = documents;
    this.#lexical = lexical;
    this.#scopes = {
      settings: store.scope('settings'),
      encoder: store.scope('encoder'),
      dense: store.scope('dense'),
      tokens: store.scope('tokens'),
    };
  }

  /** Opens the collection in a folder; with `write`, makes one where there is none. */
  static async open(path: string, options: CollectionSettings & { readonly write?: boolean } = {}): Promise<Collection> {
    checkOptions('Collection.open', options, ['write', 'analysis', 'encoder']);
    const { write = false, ...wanted } = options;
    const store = await Store.open(path, { kind, write });
    try {
      const known = store.scope('settings').state() as Required<CollectionSettings> | undefined;
      const settings = known ?? { analysis: wanted.analysis ?? 'english', encoder: wanted.encoder ?? 'static' };
      refuseOtherSettings(store.path, settings, wanted);
      const lexicalScope = store.scope('lexical');
      const lexical =
        lexicalScope.state() === undefined && write
          ? await LexicalIndex.create({ scope: lexicalScope, analysis: settings.analysis })
          : await LexicalIndex.open(lexicalScope, { write });
      const documents = await SegmentedIndex.open(store.scope('documents'), documentFormat, {
        memory: documentMemory,
        policy: { segmentsPerTier: 8, smallest: 1000, largest: 50_000_000, deletedShare: 0.3 },
        ownsStore: false,
        about: { version: 1 },
      });
      const collection = new Collection(store, settings, documents, lexical);
      if (known === undefined && write) {
        store.scope('settings').stage(settings, []);
        await collection.#commitAll();
      }
      await collection.#openEncoder(write);
      return collection;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get size(): number {
    return this.#documents.segments.reduce((sum, { live }) => sum + live, 0);
  }

  /** Documents in the order of the ids asked for; undefined for one that is not there. */
  async get(ids: readonly string[]): Promise<(Document | undefined)[]> {
    return ids.map((id) => {
      const place = this.#find(id);
      return place === undefined ? undefined : place.segment.document(place.row);
    });
  }

  /** All documents, in no particular order. */
  *documents(): Generator<Document> {
    for (const { segment, deleted } of this.#documents.segments) {
      for (let row = 0; row < segment.ids.size; row++) if (!deleted?.has(row)) yield segment.document(row);
    }
  }

  /**
   * Adds documents, or replaces those whose ids are there; what is there already, word for word, is left alone. Commits now and then, so that
   * adding the same documents again after an interruption goes on where it stopped. `commit` makes the rest visible.
   */
  async add(documents: Iterable<Document> | AsyncIterable<Document>, work: WorkOptions = {}): Promise<Added> {
    const report = throttleProgress(work.onProgress);
    const counts = { added: 0, updated: 0, unchanged: 0 };
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
        sinceCommit = 0;
      }
    };
    for await (const document of documents) {
      batch.push(document);
      if (batch.length >= batchSize) await flush();
    }
    if (batch.length > 0) await flush();
    return counts;
  }

  /** Removes documents; gives how many there were. */
  async remove(ids: readonly string[]): Promise<number> {
    await this.#lexical.remove(ids);
    await this.#dense?.remove(ids);
    await this.#tokens?.remove(ids);
    return this.#documents.remove(ids);
  }

  /** Makes what was added and removed visible, and encodes what has no vectors yet. */
  async commit(work: WorkOptions = {}): Promise<void> {
    await this.#commitAll();
    if (this.settings.encoder === 'none') return;
    await this.#learn(work);
    await this.#encodeMissing(work);
  }

  /** One of the pipelines that every collection has: `full` by default. */
  pipeline(name: PipelineName = 'full'): Pipeline<unknown> {
    const documents: DocumentSource = { get: (ids) => this.get(ids) };
    const lexical = Object.assign(Object.create(null) as object, {
      space: 'bm25' as const,
      search: (query: string, k: number, options?: SearchOptions) => this.#lexical.search(query, k, options),
      explain: async (query: string, id: string) => this.#lexical.explain(query, id),
    });
    if (name === 'bm25') return pipeline(retrieve(lexical), { documents, name });
    const dense = this.#denseSource(name);
    if (name === 'dense') return pipeline(retrieve(dense), { documents, name });
    const fusion = (weight: number) => ({ method: 'weighted-sum', weights: { bm25: 1, dense: weight } }) as const;
    const first = retrieve({ bm25: lexical, dense });
    const again = feedback(dense, { fusion: fusion(0.2) });
    if (name === 'hybrid') return pipeline(first, again, fuse(fusion(0.3)), { documents, name });
    if (name !== 'full') throw unknownName('Pipeline', name, pipelineNames);
    const late = lateInteraction(this.#tokens!, this.#encoder!.tokens, documents);
    // A query without a known word cannot be compared: its order stays.
    const stage = rerank(late, {
      name: 'late',
      depth: 100,
      texts: false,
      fallback: 'previous',
      blend: { alpha: 0.25, normalise: 'z-score' },
    });
    return pipeline(first, again, fuse(fusion(0.3)), stage, { documents, name });
  }

  /** The best k of the pipeline `full`, or of `bm25` where there are no vectors. */
  async search(query: string, k: number, options: SearchOptions = {}): Promise<Ranking> {
    return this.pipeline(this.#dense === undefined ? 'bm25' : 'full').search(query, k, options);
  }

  async run(query: string | Query, options: RunOptions & { readonly pipeline?: PipelineName } = {}): Promise<PipelineResult<unknown>> {
    const { pipeline: name, ...rest } = options;
    return this.pipeline(name ?? (this.#dense === undefined ? 'bm25' : 'full')).run(query, rest);
  }

  async explain(query: string, id: string, options: { readonly pipeline?: PipelineName } = {}): Promise<Explanation | undefined> {
    return this.pipeline(options.pipeline ?? (this.#dense === undefined ? 'bm25' : 'full')).explain(query, id);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #denseSource(name: string): VectorSource {
    if (this.#dense === undefined || this.#encoder === undefined) {
      throw new RankError(
        'UNSUPPORTED',
        `The pipeline ${name} needs vectors, and ${this.path} has none: it was made with encoder "none", or nothing was committed yet.`,
        { pipeline: name },
      );
    }
    return denseSource(this.#dense, this.#encoder.dense);
  }

  async #addBatch(batch: readonly Document[], counts: { added: number; updated: number; unchanged: number }): Promise<number> {
    const fresh: Document[] = [];
    for (const document of batch) {
      const place = this.#find(document.id);
      if (place === undefined) counts.added++;
      else if (place.segment.hashes[place.row] === storedDocument(document).hash) {
        counts.unchanged++;
        continue;
      } else counts.updated++;
      fresh.push(document);
    }
    if (fresh.length === 0) return 0;
    await this.#lexical.add(fresh);
    await this.#documents.add([
      fresh.map((document) => ({ id: document.id, payload: storedDocument(document), metadata: document.metadata })),
    ]);
    await this.#dense?.remove(fresh.map(({ id }) => id));
    await this.#tokens?.remove(fresh.map(({ id }) => id));
    return fresh.length;
  }

  #find(id: string): { segment: DocumentSegment; row: number } | undefined {
    for (const { segment, deleted } of this.#documents.segments) {
      const row = segment.ids.row(id);
      if (row >= 0 && !deleted?.has(row)) return { segment, row };
    }
    return undefined;
  }

  async #commitAll(): Promise<void> {
    await this.#lexical.prepare();
    await this.#documents.prepare();
    await this.#dense?.prepare();
    await this.#tokens?.stage();
    await this.#store.commit();
    await this.#lexical.refresh();
    await this.#documents.refresh();
    await this.#dense?.refresh();
    await this.#tokens?.refresh();
  }

  async #openEncoder(write: boolean): Promise<void> {
    const [file] = this.#scopes.encoder.files();
    if (file === undefined) return;
    this.#encoder = await StaticEncoder.from(readStaticModel(await this.#scopes.encoder.open(file, staticModelKind, staticModelVersion)));
    if (this.#scopes.dense.state() !== undefined) this.#dense = await DenseIndex.open(this.#scopes.dense, { write });
    if (this.#scopes.tokens.state() !== undefined) this.#tokens = await TokenStore.open(this.#scopes.tokens, { write });
  }

  /** Learns the encoder where there is none, or where the collection has outgrown it; all vectors are then made anew. */
  async #learn(work: WorkOptions): Promise<void> {
    if (this.size === 0) return;
    if (this.#encoder !== undefined && this.size < relearnGrowth * this.#encoder.model.documents) return;
    const { documents } = this;
    const encoder = await learnStaticEncoder(
      (function* (all: Iterable<Document>) {
        for (const document of all) yield fullText(document);
      })(documents.call(this)),
      { analysis: this.settings.analysis, ...work },
    );
    const file = await this.#scopes.encoder.create('encoder', staticModelKind, staticModelVersion);
    await writeStaticModel(file, encoder.model);
    this.#scopes.encoder.stage({ version: 1, encoder: 'static' }, [file.name]);
    this.#scopes.dense.unstage();
    this.#scopes.tokens.unstage();
    await this.#store.commit();
    this.#encoder = encoder;
    this.#dense = await DenseIndex.create({ dim: encoder.dim, scope: this.#scopes.dense });
    this.#tokens = await TokenStore.create({ dim: encoder.dim, scope: this.#scopes.tokens, type: 'int8', empty: true });
  }

  async #encodeMissing(work: WorkOptions): Promise<void> {
    const dense = this.#dense;
    const encoder = this.#encoder;
    const tokens = this.#tokens;
    if (dense === undefined || tokens === undefined || encoder === undefined) return;
    const report = throttleProgress(work.onProgress);
    const total = this.size;
    let done = 0;
    let batch: Document[] = [];
    let sinceCommit = 0;
    const flush = async (): Promise<void> => {
      throwIfCancelled(work.signal, 'Encoding');
      const { data, dim } = await encoder.dense.encode(batch.map(fullText), 'document');
      const vectors = batch.map(({ id, metadata }, i) => ({
        id,
        vector: data.subarray(i * dim, (i + 1) * dim),
        ...(metadata && { metadata }),
      }));
      // A text without a known word has no direction: it is found by its words alone.
      await dense.add(vectors.filter(({ vector }) => vector.some((value) => value !== 0)));
      const matrices = await encoder.tokens.encode(batch.map(fullText), 'document');
      await tokens.add(batch.map(({ id, metadata }, i) => ({ id, tokens: matrices[i]!, ...(metadata && { metadata }) })));
      sinceCommit += batch.length;
      batch = [];
      if (sinceCommit >= commitEvery) {
        await this.#commitAll();
        sinceCommit = 0;
      }
    };
    for (const document of this.documents()) {
      done++;
      report({ stage: 'encoding', done, total, unit: 'documents' });
      if (tokens.has(document.id)) continue;
      batch.push(document);
      if (batch.length >= batchSize) await flush();
    }
    if (batch.length > 0) await flush();
    await this.#commitAll();
  }
}

function refuseOtherSettings(path: string, settings: Required<CollectionSettings>, wanted: CollectionSettings): void {
  for (const [name, value] of Object.entries(wanted)) {
    const known = settings[name as keyof CollectionSettings];
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(known)) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${path} was made with ${name} ${JSON.stringify(known)}, and is opened with ${JSON.stringify(value)}. Leave the option out, or make a new collection.`,
        { name, known, value },
      );
    }
  }
}
