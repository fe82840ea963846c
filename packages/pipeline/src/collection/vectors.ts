import {
  type DenseEncoder,
  type Document,
  fullText,
  type TokenEncoder,
  throttleProgress,
  throwIfCancelled,
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
import { createTokenIndex, openTokenIndex, type TokenIndex } from '@rank-rank/rerank';
import { DenseIndex } from '@rank-rank/retrieve';
import type { Scope, Store } from '@rank-rank/storage';
import type { LazyEncoder } from './collection-encoder.ts';
import type { KeptSettings } from './settings.ts';

/** Passages that are encoded and added at a time. */
const batchSize = 512;
/** An encoder learned from the collection is learned again when the collection has grown by this factor. */
const relearnGrowth = 2;
/** Work that is lost at most when encoding is interrupted. */
const commitAfter = { passages: 50_000, milliseconds: 120_000 };
/** Rows that are made of factors lie closer together than a trained model's, and need no more of them. */
const learnedCentroids = 2048;

/** What is kept about the encoders. */
interface EncoderState {
  readonly version: 1;
  /** What the model makes; the learned encoder makes the rest. */
  readonly byModel?: 'dense' | 'tokens' | 'both';
  /** Whether every passage was encoded since the encoder was learned. */
  readonly complete: boolean;
  readonly learned?: Learned;
}

/** What the learned encoder came from. */
interface Learned {
  readonly terms: number;
  readonly dim: number;
  readonly documents: number;
}

/** Where the passages of a collection come from, and how its indexes are committed together. */
export interface VectorsOwner {
  /** How many documents there are: what the learned encoder has seen, and what is to be encoded. */
  readonly size: number;
  /** How many passages the lexical index holds: as many as there are to be encoded. */
  readonly passageCount: number;
  /** The ids of documents that came in since the last update; undefined where nobody counted. */
  readonly changed: ReadonlySet<string> | undefined;
  documents(): Iterable<Document>;
  /** The passages of all documents, or of those with these ids. */
  passages(ids?: ReadonlySet<string>): Iterable<{ readonly document: number; readonly passage: Document }>;
  commitAll(): Promise<void>;
}

/** The vectors and token matrices of a collection, and the encoders that make them. */
export class CollectionVectors {
  readonly #settings: KeptSettings;
  readonly #model: LazyEncoder | undefined;
  readonly #store: Store;
  readonly #scopes: { readonly encoder: Scope; readonly dense: Scope; readonly tokens: Scope };
  #loading: Promise<StaticEncoder> | undefined;
  dense: DenseIndex | undefined;
  tokens: TokenIndex | undefined;
  #byModel: EncoderState['byModel'];

  constructor(store: Store, settings: KeptSettings, model: LazyEncoder | undefined) {
    this.#store = store;
    this.#settings = settings;
    this.#model = model;
    this.#scopes = { encoder: store.scope('encoder'), dense: store.scope('dense'), tokens: store.scope('tokens') };
  }

  /** What encodes queries for the dense index; undefined before there is one. */
  get denseEncoder(): DenseEncoder | undefined {
    if (this.dense === undefined) return undefined;
    return this.densesByModel
      ? this.#model!.dense(this.dense.dim)
      : { dim: this.dense.dim, encode: async (...args) => (await this.#load()).dense.encode(...args) };
  }

  get tokenEncoder(): TokenEncoder | undefined {
    if (this.tokens === undefined) return undefined;
    return this.tokensByModel
      ? this.#model!.tokens(this.tokens.dim)
      : { dim: this.tokens.dim, encode: async (...args) => (await this.#load()).tokens.encode(...args) };
  }

  get densesByModel(): boolean {
    return this.#byModel === 'dense' || this.#byModel === 'both';
  }

  get tokensByModel(): boolean {
    return this.#byModel === 'tokens' || this.#byModel === 'both';
  }

  /** The learned encoder, where there is one. */
  get learned(): Learned | undefined {
    return this.#state?.learned;
  }

  async open(write: boolean): Promise<void> {
    const { dense, tokens } = this.#scopes;
    this.#byModel = this.#state?.byModel;
    this.#loading = undefined;
    this.dense = dense.state() === undefined ? undefined : await DenseIndex.open(dense, { write });
    this.tokens = tokens.state() === undefined ? undefined : await openTokenIndex(tokens, { write });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.dense?.remove(ids);
    await this.tokens?.remove(ids);
  }

  async prepare(): Promise<void> {
    await this.dense?.prepare();
    await this.tokens?.stage();
  }

  async refresh(): Promise<void> {
    await this.dense?.refresh();
    await this.tokens?.refresh();
  }

  /** Puts small segments together; the next commit makes it visible. Tells whether there was something to do. */
  async merge(work: { readonly all?: boolean } & WorkOptions): Promise<boolean> {
    const dense = (await this.dense?.merge(work)) ?? false;
    const tokens = (await this.tokens?.compact(work)) ?? false;
    return dense || tokens;
  }

  /** Encodes what has no vectors yet; learns the encoder first where there is none, or where the collection has outgrown it. */
  async update(owner: VectorsOwner, work: WorkOptions): Promise<void> {
    if (this.#settings.encoder === 'none' || owner.size === 0) return;
    const model = await this.#model?.open();
    const byModel = model === undefined ? undefined : model.dense && model.tokens ? 'both' : model.dense ? 'dense' : 'tokens';
    this.#byModel = byModel;
    if (byModel !== 'both') await this.#learn(owner, work);
    const own = byModel === 'both' ? undefined : await this.#load();
    const encoders = { dense: model?.dense ?? own!.dense, tokens: model?.tokens ?? own!.tokens };
    let complete = this.#state?.complete ?? false;
    if (this.dense === undefined || this.tokens === undefined) complete = false;
    this.dense ??= await DenseIndex.create({ dim: encoders.dense.dim, scope: this.#scopes.dense });
    this.tokens ??= await createTokenIndex({
      dim: encoders.tokens.dim,
      scope: this.#scopes.tokens,
      kind: 'auto',
      empty: true,
      ...(model?.tokens === undefined && { centroids: learnedCentroids }),
    });
    if (complete && owner.changed !== undefined) await this.#encodeMissing(owner, owner.changed, encoders, work);
    await owner.commitAll();
    if (!complete || this.tokens.size !== owner.passageCount) await this.#encodeMissing(owner, undefined, encoders, work);
    if (!complete) this.#stageState(true);
    await owner.commitAll();
  }

  async #learn(owner: VectorsOwner, work: WorkOptions): Promise<void> {
    if (this.learned !== undefined && owner.size < relearnGrowth * this.learned.documents) return;
    const learned = await learnStaticEncoder(texts(owner), { analysis: this.#settings.analysis, ...work });
    const { encoder, dense, tokens } = this.#scopes;
    const file = await encoder.create('encoder', staticModelKind, staticModelVersion);
    await writeStaticModel(file, learned.model);
    const { model } = learned;
    this.#stageState(false, { learned: { terms: model.terms.length, dim: model.dim, documents: model.documents }, files: [file.name] });
    // What the encoder before made, this one cannot be compared with. A model's vectors stay.
    if (!this.densesByModel) {
      dense.unstage();
      this.dense = undefined;
    }
    if (!this.tokensByModel) {
      tokens.unstage();
      this.tokens = undefined;
    }
    await this.#store.commit();
    this.#loading = Promise.resolve(learned);
  }

  get #state(): EncoderState | undefined {
    return this.#scopes.encoder.state() as EncoderState | undefined;
  }

  #stageState(
    complete: boolean,
    { learned = this.learned, files = this.#scopes.encoder.files() }: { learned?: Learned | undefined; files?: readonly string[] } = {},
  ): void {
    const state: EncoderState = { version: 1, ...(this.#byModel && { byModel: this.#byModel }), complete, ...(learned && { learned }) };
    this.#scopes.encoder.stage(state, files);
  }

  /** The learned encoder, read when it is first needed: many a search does without. */
  #load(): Promise<StaticEncoder> {
    const { encoder } = this.#scopes;
    this.#loading ??= (async () =>
      StaticEncoder.from(readStaticModel(await encoder.open(encoder.files()[0]!, staticModelKind, staticModelVersion))))();
    return this.#loading;
  }

  async #encodeMissing(owner: VectorsOwner, ids: ReadonlySet<string> | undefined, encoders: Encoders, work: WorkOptions): Promise<void> {
    const dense = this.dense!;
    const { store } = this.tokens!;
    const report = throttleProgress(work.onProgress);
    const total = ids?.size ?? owner.size;
    let batch: Document[] = [];
    let sinceCommit = 0;
    let committedAt = performance.now();
    const flush = async (): Promise<void> => {
      throwIfCancelled(work.signal, 'Encoding');
      // One of the two may be there already: after an interruption, or where only the other encoder was learned anew.
      await this.#encodeDense(
        batch.filter(({ id }) => dense.reader.vector(id) === undefined),
        encoders.dense,
        work,
      );
      await this.#encodeTokens(
        batch.filter(({ id }) => !store.has(id)),
        encoders.tokens,
        work,
      );
      sinceCommit += batch.length;
      batch = [];
      if (sinceCommit < commitAfter.passages && performance.now() - committedAt < commitAfter.milliseconds) return;
      await owner.commitAll();
      sinceCommit = 0;
      committedAt = performance.now();
    };
    for (const { document, passage } of owner.passages(ids)) {
      report({ stage: 'encoding', done: document + 1, total, unit: 'documents' });
      if (store.has(passage.id) && dense.reader.vector(passage.id) !== undefined) continue;
      batch.push(passage);
      if (batch.length >= batchSize) await flush();
    }
    if (batch.length > 0) await flush();
  }

  async #encodeDense(batch: readonly Document[], encoder: DenseEncoder, { signal }: WorkOptions): Promise<void> {
    if (batch.length === 0) return;
    const { data, dim } = await encoder.encode(batch.map(fullText), 'document', signal && { signal });
    const vectors = batch.map(({ id, metadata }, i) => ({
      id,
      vector: data.subarray(i * dim, (i + 1) * dim),
      ...(metadata && { metadata }),
    }));
    // A text without a known word has no direction: it is found by its words alone.
    await this.dense!.add(vectors.filter(({ vector }) => vector.some((value) => value !== 0)));
  }

  async #encodeTokens(batch: readonly Document[], encoder: TokenEncoder, { signal }: WorkOptions): Promise<void> {
    if (batch.length === 0) return;
    const matrices = await encoder.encode(batch.map(fullText), 'document', signal && { signal });
    await this.tokens!.add(batch.map(({ id, metadata }, i) => ({ id, tokens: matrices[i]!, ...(metadata && { metadata }) })));
  }
}

interface Encoders {
  readonly dense: DenseEncoder;
  readonly tokens: TokenEncoder;
}

function* texts(owner: VectorsOwner): Generator<string> {
  for (const document of owner.documents()) yield fullText(document);
}
