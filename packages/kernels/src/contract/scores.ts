import type { Bitmap, Metric, OutOption, Work } from './options.ts';
import type { Rows } from './rows.ts';

export interface ScoresOptions extends OutOption<Float32Array> {
  /** `dot` by default. */
  readonly metric?: Metric;
  /** Only these rows, in this order, repeats allowed. */
  readonly only?: Uint32Array;
  /** The lengths of all rows (`norms`) for `cosine`, so that they need not be computed again. */
  readonly norms?: Float32Array;
}

export interface SearchOptions {
  readonly metric?: Metric;
  /** Only these rows; a repeated one can be found twice. */
  readonly only?: Uint32Array;
  /** Only rows in this set. Not together with `only`. */
  readonly allow?: Bitmap;
  readonly norms?: Float32Array;
}

export interface TopKOptions {
  /** Only indices in this set. */
  readonly allow?: Bitmap;
  /** `largest` by default. */
  readonly order?: 'largest' | 'smallest';
}

/** The best of a list, best first. */
export interface Best {
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
}

/** The best rows of each query: those of query q stand at `q·k` up to `q·k + counts[q]`, best first. */
export interface Nearest extends Best {
  /** Places a query has: the k asked for, or the number of candidates where that is less. */
  readonly k: number;
  /** Places that are filled: `k`, less those whose score was NaN. The rest hold {@link NONE} and NaN. */
  readonly counts: Uint32Array;
}

/** One or a few queries against many rows. */
export interface ScoreKernels {
  /** The score matrix: entry `q · n + r` compares query row q with row r (of all, or of `only`). */
  scores(queries: Rows, rows: Rows, options?: ScoresOptions): Float32Array;
  scoresAsync(queries: Rows, rows: Rows, options?: Work<ScoresOptions>): Promise<Float32Array>;
  /** The k best rows of each query row, without the score matrix. k is at least 1. */
  search(queries: Rows, rows: Rows, k: number, options?: SearchOptions): Nearest;
  searchAsync(queries: Rows, rows: Rows, k: number, options?: Work<SearchOptions>): Promise<Nearest>;
  /** The k best of a list of scores; fewer where there are fewer that are no NaN. */
  topK(scores: Float32Array | Uint32Array | Uint16Array, k: number, options?: TopKOptions): Best;
}
