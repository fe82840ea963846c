import type { DenseEncoder, Document, Matrix, SparseEncoder, SparseVector, TokenEncoder, Tokens, WorkOptions } from '@rank-rank/core';
import type { Scope } from '@rank-rank/storage';

/** What encoders make of a text, and what each is called in a collection's folder. */
export const representationKinds = ['dense', 'sparse', 'tokens'] as const;
export type RepresentationKind = (typeof representationKinds)[number];

/** An encoder of each kind. */
export interface Encoders {
  readonly dense: DenseEncoder;
  readonly sparse: SparseEncoder;
  readonly tokens: TokenEncoder;
}

/** Several texts in each kind, in the order of the texts. */
export interface Encoded {
  readonly dense: Matrix;
  readonly sparse: readonly SparseVector[];
  readonly tokens: readonly Tokens[];
}

/** What the indexes of all kinds do alike. */
interface KindOfIndex {
  readonly size: number;
  remove(ids: readonly string[]): Promise<number>;
  refresh(): Promise<boolean>;
}

/** What they do each in its own way. */
export interface RepresentationFormat<K extends RepresentationKind, I extends KindOfIndex> {
  readonly kind: K;
  /** Whether every passage has an entry: then their number tells whether some are missing. */
  readonly ofEvery: boolean;
  open(scope: Scope, write: boolean): Promise<I>;
  create(scope: Scope, encoder: Encoders[K], byModel: boolean): Promise<I>;
  has(index: I, id: string): boolean;
  add(index: I, passages: readonly Document[], encoded: Encoded[K]): Promise<void>;
  prepare(index: I): Promise<void>;
  merge(index: I, work: { readonly all?: boolean } & WorkOptions): Promise<boolean>;
}

/** The passages of a collection in one representation: an index in a scope of the collection's store, once there is one. */
export class Representation<K extends RepresentationKind, I extends KindOfIndex> {
  index: I | undefined;
  readonly #scope: Scope;
  readonly #format: RepresentationFormat<K, I>;

  constructor(scope: Scope, format: RepresentationFormat<K, I>) {
    this.#scope = scope;
    this.#format = format;
  }

  async open(write: boolean): Promise<void> {
    this.index = this.#scope.state() === undefined ? undefined : await this.#format.open(this.#scope, write);
  }

  /** Makes the index where there is none. */
  async create(encoders: Partial<Encoders>, byModel: boolean): Promise<void> {
    this.index ??= await this.#format.create(this.#scope, encoders[this.#format.kind]!, byModel);
  }

  /** Leaves the index out of the next commit: what was encoded otherwise cannot be compared. */
  drop(): void {
    if (this.index === undefined) return;
    this.#scope.unstage();
    this.index = undefined;
  }

  /** Whether the last commit has a passage. */
  has(id: string): boolean {
    return this.index !== undefined && this.#format.has(this.index, id);
  }

  /** Whether it is known to hold fewer passages than there are. */
  lacksSome(passages: number): boolean {
    return this.index === undefined || (this.#format.ofEvery && this.index.size !== passages);
  }

  async add(passages: readonly Document[], encoded: Partial<Encoded>): Promise<void> {
    await this.#format.add(this.index!, passages, encoded[this.#format.kind]!);
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.index?.remove(ids);
  }

  async prepare(): Promise<void> {
    if (this.index !== undefined) await this.#format.prepare(this.index);
  }

  async refresh(): Promise<void> {
    await this.index?.refresh();
  }

  /** Puts small segments together; the next commit makes it visible. Tells whether there was something to do. */
  async merge(work: { readonly all?: boolean } & WorkOptions): Promise<boolean> {
    return this.index !== undefined && this.#format.merge(this.index, work);
  }
}
