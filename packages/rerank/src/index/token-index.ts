import type { Filter, Ranking, ScoreSpace, Tokens, WorkOptions } from '@rank-rank/core';
import type { ExplainOptions, MaxSimExplanation } from '../explain/explain-maxsim.ts';
import type { TokenDocument, TokenInput } from '../store/token-input.ts';
import type { StoreScoreOptions, TokenStore } from '../store/token-store.ts';

/**
 * What an index does to find the best documents by MaxSim.
 *
 * | kind | search |
 * |---|---|
 * | `exact` | every row of every document |
 * | `plaid` | every document by its rows' centroids alone, then the codes of the best (Santhanam et al. 2022) |
 * | `warp` | the rows near each query row, with what was not met imputed (Scheerer et al. 2025) |
 * | `muvera` | one vector a document, searched by the dense index, then the codes of the best (Dhulipala et al. 2024) |
 * | `bm25` | the lexical index, then the codes of the best |
 * | `auto` | `exact` or `plaid`, for each segment by its size |
 */
export type IndexKind = 'auto' | 'exact' | 'plaid' | 'warp' | 'muvera' | 'bm25';

/** A document of an index; `bm25` needs its text. */
export interface IndexDocument extends TokenDocument {
  readonly text?: string;
  readonly title?: string;
}

export interface TokenSearchOptions extends Pick<StoreScoreOptions, 'aggregate' | 'queryLength' | 'weights' | 'mask'> {
  readonly signal?: AbortSignal;
  /** Applied before scoring: k hits come back whenever k documents pass. */
  readonly filter?: Filter;
  /** Documents that are scored by their rows, of all that the first pass orders. By default 25 + 2.7·k, more in collections of more than 1,400 documents. */
  readonly candidates?: number;
  /** `warp`: centroids that are looked into for each query row. 32 */
  readonly probes?: number;
  /** Score every document by its rows, whatever the kind. false */
  readonly exact?: boolean;
  /** Threads for this search. 1 */
  readonly threads?: number;
  /** `bm25`: the query's text. */
  readonly text?: string;
}

/** What searches use that say nothing. */
export type SearchDefaults = Pick<TokenSearchOptions, 'candidates' | 'probes'>;

/** How an index is made up, and why. */
export interface IndexDescription {
  readonly kind: IndexKind;
  readonly documents: number;
  readonly tokens: number;
  readonly bytes: number;
  /** Of residual codes. */
  readonly codec?: { readonly bits: number; readonly centroids: number };
  readonly defaults: SearchDefaults;
  /** For each segment how its rows are kept, how it is searched, and the reason. */
  readonly segments: readonly {
    readonly documents: number;
    readonly tokens: number;
    readonly storage: string;
    readonly search: 'exact' | 'plaid' | 'warp';
    readonly why: string;
  }[];
}

/**
 * Late-interaction search over token matrices: one contract, whatever the kind.
 *
 * - Documents are added and removed at any time and become visible with `commit`; an id that is there already is replaced, and keeps being found by its id.
 * - A search for k gives at most k hits with the scores of the rows as they are kept; a filter is applied before scoring.
 * - A query without counted rows is an `EMPTY_INPUT` error; documents that cannot match are simply not found.
 */
export interface TokenIndex {
  readonly kind: IndexKind;
  readonly dim: number;
  /** Documents that can be found. */
  readonly size: number;
  /** The rows: for reranking, copies, and reading them back. */
  readonly store: TokenStore;
  add(documents: TokenInput<IndexDocument>, options?: WorkOptions): Promise<void>;
  remove(ids: string | Iterable<string>): Promise<number>;
  commit(options?: WorkOptions): Promise<void>;
  /** Writes everything out and stages it, for an owner of the store who then commits and calls `refresh`. */
  stage(options?: WorkOptions): Promise<void>;
  rollback(): Promise<void>;
  refresh(): Promise<boolean>;
  compact(options?: { readonly all?: boolean } & WorkOptions): Promise<boolean>;
  settle(): Promise<void>;
  close(): Promise<void>;
  search(query: Tokens, k: number, options?: TokenSearchOptions): Promise<Ranking>;
  /** Why a document has its score: by the rows as they are kept, or by `document` where the caller has its tokens with spans and pieces. */
  explain(query: Tokens, id: string, options?: ExplainOptions & { readonly document?: Tokens }): MaxSimExplanation;
  describe(): IndexDescription;
  /** What searches use that say nothing; `tune` sets it. */
  defaults: SearchDefaults;
  space(options?: Pick<StoreScoreOptions, 'aggregate'>): ScoreSpace;
}
