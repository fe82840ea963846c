import {
  type DenseEncoder,
  type Document,
  fullText,
  isRankError,
  type SparseEncoder,
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
import type { TokenIndex } from '@rank-rank/rerank';
import type { DenseIndex, SparseIndex } from '@rank-rank/retrieve';
import type { Scope, Store } from '@rank-rank/storage';
import { kindsOf, type LazyEncoder, type OpenedEncoder, separate } from './collection-encoder.ts';
import { denseVectors } from './representations/dense-vectors.ts';
import { type Encoders, Representation, type RepresentationKind, representationKinds } from './representations/representation.ts';
import { sparseVectors } from './representations/sparse-vectors.ts';
import { tokenMatrices } from './representations/token-matrices.ts';
import type { KeptSettings } from './settings.ts';

/** Passages that are encoded and added at a time. */
const batchSize = 512;
/** An encoder learned from the collection is learned again when the collection has grown by this factor. */
const relearnGrowth = 2;
/** Work that is lost at most when encoding is interrupted. */
const commitAfter = { passages: 50_000, milliseconds: 120_000 };
/** What the learned encoder makes where no model does. */
const learnedKinds = ['dense', 'tokens'] as const;

/** What is kept about the encoders. */
interface EncoderState {
  readonly version: 1;
  /** What the model makes; the learned encoder makes the rest of what it can. */
  readonly byModel?: readonly RepresentationKind[];
  /** Words of the model's vocabulary, where it makes sparse vectors. */
  readonly vocabulary?: number;
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

/** What encodes the passages of an update: what a model makes, and what the learned encoder does. */
type Makers = readonly { readonly kinds: readonly RepresentationKind[]; readonly opened: OpenedEncoder }[];

/** The representations of a collection's passages, and the encoders that make them. */
export class CollectionVectors {
  readonly #settings: KeptSettings;
  readonly #model: LazyEncoder | undefined;
  readonly #store: Store;
  readonly #encoder: Scope;
  readonly #kept: {
    readonly dense: Representation<'dense', DenseIndex>;
    readonly sparse: Representation<'sparse', SparseIndex>;
    readonly tokens: Representation<'tokens', TokenIndex>;
  };
  #loading: Promise<StaticEncoder> | undefined;

  constructor(store: Store, settings: KeptSettings, model: LazyEncoder | undefined) {
    this.#store = store;
    this.#settings = settings;
    this.#model = model;
    this.#encoder = store.scope('encoder');
    this.#kept = {
      dense: new Representation(store.scope('dense'), denseVectors),
      sparse: new Representation(store.scope('sparse'), sparseVectors),
      tokens: new Representation(store.scope('tokens'), tokenMatrices),
    };
  }

  get dense(): DenseIndex | undefined {
    return this.#kept.dense.index;
  }

  get sparse(): SparseIndex | undefined {
    return this.#kept.sparse.index;
  }

  get tokens(): TokenIndex | undefined {
    return this.#kept.tokens.index;
  }

  /** What encodes queries for the dense index; undefined before there is one. */
  get denseEncoder(): DenseEncoder | undefined {
    if (this.dense === undefined) return undefined;
    const { dim } = this.dense;
    return this.#modelFor('dense', dim) ?? { dim, encode: async (...args) => (await this.#load()).dense.encode(...args) };
  }

  get sparseEncoder(): SparseEncoder | undefined {
    return this.sparse && this.#modelFor('sparse', this.vocabulary);
  }

  get tokenEncoder(): TokenEncoder | undefined {
    if (this.tokens === undefined) return undefined;
    const { dim } = this.tokens;
    return this.#modelFor('tokens', dim) ?? { dim, encode: async (...args) => (await this.#load()).tokens.encode(...args) };
  }

  /** Words of the model's vocabulary; 0 where it makes no sparse vectors. */
  get vocabulary(): number {
    return this.#state?.vocabulary ?? 0;
  }

  /** Whether a model makes a kind, and not the encoder learned from the texts. */
  isByModel(kind: RepresentationKind): boolean {
    return this.#byModel.includes(kind);
  }

  /** The learned encoder, where there is one. */
  get learned(): Learned | undefined {
    return this.#state?.learned;
  }

  async open(write: boolean): Promise<void> {
    this.#loading = undefined;
    for (const kept of this.#all) await kept.open(write);
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const kept of this.#all) await kept.remove(ids);
  }

  async prepare(): Promise<void> {
    for (const kept of this.#all) await kept.prepare();
  }

  async refresh(): Promise<void> {
    for (const kept of this.#all) await kept.refresh();
  }

  /** Puts small segments together; the next commit makes it visible. Tells whether there was something to do. */
  async merge(work: { readonly all?: boolean } & WorkOptions): Promise<boolean> {
    let merged = false;
    for (const kept of this.#all) merged = (await kept.merge(work)) || merged;
    return merged;
  }

  /** Encodes what has no vectors yet; learns the encoder first where there is none, or where the collection has outgrown it. */
  async update(owner: VectorsOwner, work: WorkOptions): Promise<void> {
    if (this.#settings.encoder === 'none' || owner.size === 0) return;
    const model = await this.#model?.open();
    await this.#settle(model);
    const byModel = this.#byModel;
    const missing = learnedKinds.filter((kind) => !byModel.includes(kind));
    const learned = missing.length > 0 && (await this.#learn(owner, work)) ? missing : [];
    const own = learned.length > 0 ? separate(await this.#load(), async () => {}) : undefined;
    const makers = [...(model ? [{ kinds: byModel, opened: model }] : []), ...(own ? [{ kinds: learned, opened: own }] : [])];
    const kinds = makers.flatMap((maker) => maker.kinds);
    let complete = this.#state?.complete ?? false;
    if (kinds.some((kind) => this.#kept[kind].index === undefined)) complete = false;
    for (const { kinds: made, opened } of makers)
      for (const kind of made) await this.#kept[kind].create(opened.encoders, this.isByModel(kind));
    if (complete && owner.changed !== undefined) await this.#encodeMissing(owner, owner.changed, makers, work);
    await owner.commitAll();
    if (!complete || kinds.some((kind) => this.#kept[kind].lacksSome(owner.passageCount)))
      await this.#encodeMissing(owner, undefined, makers, work);
    if (!complete) this.#stageState({ complete: true });
    await owner.commitAll();
  }

  get #all(): readonly Representation<RepresentationKind, DenseIndex | SparseIndex | TokenIndex>[] {
    return representationKinds.map((kind) => this.#kept[kind]);
  }

  get #byModel(): readonly RepresentationKind[] {
    return this.#state?.byModel ?? [];
  }

  #modelFor<K extends RepresentationKind>(kind: K, size: number): Encoders[K] | undefined {
    return this.isByModel(kind) ? this.#model?.of(kind, size, this.#byModel) : undefined;
  }

  /**
   * Settles what the model makes. A collection keeps to the kinds that it has of a model; where the model makes none of them, all it makes are
   * taken. A kind that another encoder makes from now on is made anew.
   */
  async #settle(model: OpenedEncoder | undefined): Promise<void> {
    const made = model === undefined ? [] : kindsOf(model.encoders);
    const before = this.#byModel;
    const kept = made.filter((kind) => before.includes(kind));
    const byModel = kept.length > 0 ? kept : made;
    const vocabulary = byModel.includes('sparse') ? model?.encoders.sparse?.size : undefined;
    for (const kind of kept) {
      const size = kind === 'sparse' ? this.vocabulary : this.#kept[kind].index?.dim;
      if (size !== undefined) this.#model!.check(model!.encoders, kind, size);
    }
    if (byModel.length === before.length && byModel.every((kind) => before.includes(kind))) return;
    for (const kind of representationKinds) if (byModel.includes(kind) !== before.includes(kind)) this.#kept[kind].drop();
    this.#stageState({ complete: false, byModel, vocabulary });
    await this.#store.commit();
  }

  /** Tells whether there is a learned encoder: texts without a word teach nothing, and wait for others. */
  async #learn(owner: VectorsOwner, work: WorkOptions): Promise<boolean> {
    if (this.learned !== undefined && owner.size < relearnGrowth * this.learned.documents) return true;
    const learned = await learnStaticEncoder(texts(owner), { analysis: this.#settings.analysis, ...work }).catch((error: unknown) => {
      if (isRankError(error) && error.code === 'EMPTY_INPUT') return undefined;
      throw error;
    });
    if (learned === undefined) return this.learned !== undefined;
    const file = await this.#encoder.create('encoder', staticModelKind, staticModelVersion);
    await writeStaticModel(file, learned.model);
    const { model } = learned;
    this.#stageState({
      complete: false,
      learned: { terms: model.terms.length, dim: model.dim, documents: model.documents },
      files: [file.name],
    });
    // What the encoder before made, this one cannot be compared with. A model's vectors stay.
    for (const kind of learnedKinds) if (!this.isByModel(kind)) this.#kept[kind].drop();
    await this.#store.commit();
    this.#loading = Promise.resolve(learned);
    return true;
  }

  get #state(): EncoderState | undefined {
    return this.#encoder.state() as EncoderState | undefined;
  }

  #stageState(
    change: Partial<Omit<EncoderState, 'version' | 'vocabulary'>> & { vocabulary?: number | undefined; files?: readonly string[] },
  ): void {
    const { files = this.#encoder.files(), ...changed } = change;
    const { byModel, vocabulary, complete = false, learned } = { ...this.#state, ...changed };
    const state: EncoderState = {
      version: 1,
      ...(byModel && byModel.length > 0 && { byModel }),
      ...(vocabulary !== undefined && { vocabulary }),
      complete,
      ...(learned && { learned }),
    };
    this.#encoder.stage(state, files);
  }

  /** The learned encoder, read when it is first needed: many a search does without. */
  #load(): Promise<StaticEncoder> {
    this.#loading ??= (async () =>
      StaticEncoder.from(readStaticModel(await this.#encoder.open(this.#encoder.files()[0]!, staticModelKind, staticModelVersion))))();
    return this.#loading;
  }

  async #encodeMissing(owner: VectorsOwner, ids: ReadonlySet<string> | undefined, makers: Makers, work: WorkOptions): Promise<void> {
    const report = throttleProgress(work.onProgress);
    const total = ids?.size ?? owner.size;
    const kinds = makers.flatMap((maker) => maker.kinds);
    // One kind may be there already: after an interruption, or where only the other encoder was learned anew.
    const missing = ({ id }: Document) => kinds.filter((kind) => !this.#kept[kind].has(id));
    let batch: Document[] = [];
    let sinceCommit = 0;
    let committedAt = performance.now();
    const flush = async (): Promise<void> => {
      throwIfCancelled(work.signal, 'Encoding');
      for (const [lacked, passages] of groupedBy(batch, missing)) await this.#encode(passages, lacked, makers, work);
      sinceCommit += batch.length;
      batch = [];
      if (sinceCommit < commitAfter.passages && performance.now() - committedAt < commitAfter.milliseconds) return;
      await owner.commitAll();
      sinceCommit = 0;
      committedAt = performance.now();
    };
    for (const { document, passage } of owner.passages(ids)) {
      report({ stage: 'encoding', done: document + 1, total, unit: 'documents' });
      if (missing(passage).length === 0) continue;
      batch.push(passage);
      if (batch.length >= batchSize) await flush();
    }
    if (batch.length > 0) await flush();
  }

  async #encode(
    passages: readonly Document[],
    kinds: readonly RepresentationKind[],
    makers: Makers,
    { signal }: WorkOptions,
  ): Promise<void> {
    const wholeTexts = passages.map(fullText);
    for (const maker of makers) {
      const wanted = maker.kinds.filter((kind) => kinds.includes(kind));
      if (wanted.length === 0) continue;
      const encoded = await maker.opened.encode(wholeTexts, wanted, 'document', signal && { signal });
      for (const kind of wanted) await this.#kept[kind].add(passages, encoded);
    }
  }
}

/** Passages that lack the same kinds together. */
function groupedBy(
  passages: readonly Document[],
  kindsOfPassage: (passage: Document) => readonly RepresentationKind[],
): Iterable<readonly [readonly RepresentationKind[], readonly Document[]]> {
  const groups = new Map<string, readonly [readonly RepresentationKind[], Document[]]>();
  for (const passage of passages) {
    const kinds = kindsOfPassage(passage);
    const key = kinds.join();
    const group = groups.get(key) ?? ([kinds, []] as const);
    group[1].push(passage);
    groups.set(key, group);
  }
  return groups.values();
}

function* texts(owner: VectorsOwner): Generator<string> {
  for (const document of owner.documents()) yield fullText(document);
}
