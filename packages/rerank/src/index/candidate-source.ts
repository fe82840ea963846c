import type { Filter, Ranking, Tokens, WorkOptions } from '@rank-rank/core';
import type { IndexDocument } from './token-index.ts';

/** An index of another kind that says which documents are worth scoring by their rows. It lives in the same store, in a scope of its own. */
export interface CandidateSource {
  add(documents: readonly IndexDocument[], options: WorkOptions): Promise<void>;
  remove(ids: readonly string[]): Promise<number>;
  stage(options: WorkOptions): Promise<void>;
  rollback(): Promise<void>;
  refresh(): Promise<boolean>;
  compact(options: WorkOptions): Promise<boolean>;
  close(): Promise<void>;
  search(
    query: { readonly tokens: Tokens; readonly text: string | undefined },
    n: number,
    filter: Filter | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Ranking>;
  /** Bytes of its own, where they are known. */
  describe(): string;
}
