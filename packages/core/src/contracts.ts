import type { Metadata } from './document.ts';
import type { Filter } from './filter.ts';
import type { OnProgress } from './progress.ts';
import type { Ranking } from './ranking.ts';
import type { Matrix, ScoreSpace, SparseVector, Tokens } from './representation.ts';

/** What every call that may take long accepts. */
export interface WorkOptions {
  /** Ends the work with a `CANCELLED` (or, from a time-out's signal, `TIMEOUT`) error. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k results come back whenever k documents pass. */
  readonly filter?: Filter;
}

/**
 * Query → ranking of at most k hits.
 *
 * - `k` is a whole number of at least 1; fewer hits come back where fewer documents match.
 * - A query that matches nothing gives an empty ranking, never an error.
 * - The ranking obeys the tie rule, and the first n of a search for k are the search for n.
 * - Unknown options throw.
 */
export interface Retriever {
  search(query: string, k: number, options?: SearchOptions): Promise<Ranking>;
}

/** A document to be reranked, with as much of it as is known. */
export interface Candidate {
  readonly id: string;
  readonly text?: string;
  readonly title?: string;
  /** The score of the stage before, used for blending. */
  readonly score?: number;
  /** The multi-vector, where it is kept beside the document. */
  readonly tokens?: Tokens;
  readonly metadata?: Metadata;
}

export interface RerankOptions {
  readonly signal?: AbortSignal;
  /** How many come back; all by default. */
  readonly topK?: number;
}

/**
 * Query and candidates → ranking of those candidates.
 *
 * - No candidates give an empty ranking. Duplicate ids are an error.
 * - Every candidate comes back (up to `topK`), also those that cannot be scored by content: an error names them instead of dropping them.
 */
export interface Reranker {
  /** What the scores mean. */
  readonly space?: ScoreSpace;
  rerank(query: string, candidates: readonly Candidate[], options?: RerankOptions): Promise<Ranking>;
}

/** Which side of a match a text stands on: models give the two different prefixes, lengths and weights. */
export type TextRole = 'query' | 'document';

export type EncodeOptions = WorkOptions;

/** Texts → one vector each, in the order of the texts. No texts give a matrix of 0 rows. */
export interface DenseEncoder {
  readonly dim: number;
  encode(texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<Matrix>;
}

/** Texts → one token matrix each, in the order of the texts. A text may have no counted token: 0 rows. */
export interface TokenEncoder {
  readonly dim: number;
  encode(texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<Tokens[]>;
}

/** Texts → one sparse vector each over a vocabulary of `size`, indices ascending, values above 0. */
export interface SparseEncoder {
  readonly size: number;
  encode(texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<SparseVector[]>;
  /** What an index stands for, as the tokenizer writes it: for explanations. Absent where the vocabulary is not known. */
  termOf?(index: number): string | undefined;
}

/**
 * Where a score came from: a tree of named parts that add up.
 * `value` of a node is the sum of its parts' values where `combine` is `sum` (the default), their product where it is `product`,
 * the largest where it is `max`; `leaf` values stand for themselves.
 */
export interface Explanation {
  readonly name: string;
  readonly value: number;
  readonly space?: ScoreSpace;
  readonly combine?: 'sum' | 'product' | 'max';
  /** In words, for people. */
  readonly description?: string;
  /** Character spans of the document's text that the part speaks of. */
  readonly spans?: readonly (readonly [start: number, end: number])[];
  readonly parts?: readonly Explanation[];
}
