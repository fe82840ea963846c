/** Rows of one length in one flat buffer, row after row. */
export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

/** The multi-vector of one text: `rows × dim`, one row per token. */
export interface Tokens extends Matrix {
  /** Character offsets of each row in its text, start and end in turn (`2 × rows`); rows that stand for no text have start = end. */
  readonly spans?: Uint32Array;
  /** What each row stands for, as the tokenizer writes it. */
  readonly pieces?: readonly string[];
}

/** A vector of few non-zero values: ascending indices, and their values. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/**
 * What a score means, so that nobody applies a sigmoid twice or compares what cannot be compared.
 * `relative` scores order one result list and mean nothing beyond it.
 */
export type ScoreSpace =
  | 'bm25'
  | 'dot'
  | 'cosine'
  | 'l2'
  | 'maxsim'
  | 'meanMaxSim'
  | 'logit'
  | 'probability'
  | 'fused'
  | 'rank'
  | 'relative';
