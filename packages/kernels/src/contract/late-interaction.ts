import type { OutOption, ThreadOptions, Work } from './options.ts';
import type { Documents, F32Rows, ResidualRows, Rows } from './rows.ts';

export interface MaxSimOptions extends OutOption<Float32Array> {
  /** `dot` (by default) or `cosine`. */
  readonly metric?: 'dot' | 'cosine';
  /** Only these documents, in this order. */
  readonly only?: Uint32Array;
  /** What each query row counts; 1 by default. A row of weight 0 is as if it were not there. */
  readonly weights?: Float32Array;
  /** The lengths of all rows, for `cosine`. */
  readonly norms?: Float32Array;
}

export interface MaxSimPositionsOptions {
  readonly metric?: 'dot' | 'cosine';
  readonly only?: Uint32Array;
  readonly weights?: Float32Array;
  readonly norms?: Float32Array;
}

/** Where a MaxSim came from: entry `d · queryRows + i` speaks of query row i and the d-th scored document. */
export interface MaxSimPositions {
  readonly scores: Float32Array;
  /** The row of the document, counted from its first, with the largest similarity (the first such); {@link NONE} where there is none. */
  readonly positions: Uint32Array;
  /** That similarity, before weights; −Infinity where there is none. */
  readonly similarities: Float32Array;
}

/** How residual codes are made: {@link ResidualRows} without the rows. */
export interface ResidualCodec {
  readonly bits: 1 | 2 | 4 | 8;
  readonly centroids: Float32Array;
  /** `2 ** bits − 1` ascending limits: a residual's code is the number of limits below it. */
  readonly cutoffs: Float32Array;
  readonly weights: Float32Array;
  readonly dim: number;
  readonly unit?: boolean;
}

export interface Assignment {
  /** The best centroid of each row (the smaller index of equals); 0 where every score is NaN. */
  readonly ids: Uint32Array;
  /** Its score: the dot product, or the squared distance; NaN where every score is. */
  readonly scores: Float32Array;
}

/** Similarities of query rows and centroids, centroid by centroid (`stride` entries each), for `centroidScan`. */
export interface CentroidTable {
  readonly type: 'f32' | 'u8';
  /** Entry `c · stride + i` belongs to centroid c and query row i; entries past the query's rows are 0. */
  readonly data: Float32Array | Uint8Array;
  readonly centroids: number;
  readonly queryRows: number;
  /** The query's rows, rounded up to a multiple of 16. */
  readonly stride: number;
  /** A u8 entry u stands for `low + step · u`; an f32 entry for itself. */
  readonly low: number;
  readonly step: number;
}

/** The centroids of each document's rows; repeats may be left out, as a maximum does not count them. */
export interface CentroidDocuments {
  readonly centroidIds: Uint16Array | Uint32Array;
  readonly offsets: Uint32Array;
}

/** MaxSim, and the centroids and residuals of token indexes. */
export interface LateInteractionKernels {
  /**
   * MaxSim (Khattab & Zaharia 2020): `Σ_i w_i · max_j q_i · d_j` over query rows i and a document's rows j.
   *
   * - A query row of weight 0 does not count. A query without counted rows gives 0 for every document.
   * - A counted query row that no document row can be compared with (the document has none, or every similarity is NaN or −Infinity) makes
   *   the score −Infinity. So does a sum that would be NaN.
   * - The maxima are added in the order of the query's rows, in f32.
   *
   * @example
   * const scores = maxSim({ type: 'f32', data: query, dim: 128 }, { rows: { type: 'f32', data: tokens, dim: 128 }, offsets });
   */
  maxSim(query: Rows, documents: Documents, options?: MaxSimOptions): Float32Array;
  maxSimAsync(query: Rows, documents: Documents, options?: Work<MaxSimOptions>): Promise<Float32Array>;
  /** MaxSim and where each maximum is, for explanations. */
  maxSimPositions(query: Rows, documents: Documents, options?: MaxSimPositionsOptions): MaxSimPositions;
  maxSimPositionsAsync(query: Rows, documents: Documents, options?: Work<MaxSimPositionsOptions>): Promise<MaxSimPositions>;

  /** Residual codes of rows whose centroids are known (`assign`). A NaN residual has code 0. */
  encodeResiduals(rows: F32Rows, centroidIds: Uint16Array | Uint32Array, codec: ResidualCodec): ResidualRows;
  encodeResidualsAsync(
    rows: F32Rows,
    centroidIds: Uint16Array | Uint32Array,
    codec: ResidualCodec,
    options?: ThreadOptions,
  ): Promise<ResidualRows>;

  /** The best centroid of each row, by `dot` (by default) or `l2` (as `‖c‖²/2 − r·c`, so equal to rounding). The types combine as in {@link Metric}. */
  assign(rows: Rows, centroids: Rows, options?: { readonly metric?: 'dot' | 'l2' }): Assignment;
  assignAsync(rows: Rows, centroids: Rows, options?: Work<{ readonly metric?: 'dot' | 'l2' }>): Promise<Assignment>;
  /** The sum and the number of the rows of each of `clusters` clusters: with `assign`, one step of k-means. Rows are added in their order. */
  sumClusters(rows: Rows, ids: Uint32Array, clusters: number): { readonly sums: Float32Array; readonly counts: Uint32Array };
  sumClustersAsync(
    rows: Rows,
    ids: Uint32Array,
    clusters: number,
    options?: ThreadOptions,
  ): Promise<{ readonly sums: Float32Array; readonly counts: Uint32Array }>;

  /**
   * The table of query rows and centroids that `centroidScan` reads. Query-row weights, not negative, go into it.
   * u8 spreads the table's finite values over 0 to 255, rounded to the nearest; NaN is the lowest value.
   */
  centroidTable(
    query: F32Rows,
    centroids: F32Rows,
    options?: { readonly type?: 'u8' | 'f32'; readonly weights?: Float32Array },
  ): CentroidTable;
  /** MaxSim as if each document row were its centroid (PLAID's centroid interaction, Santhanam et al. 2022). A document without rows scores −Infinity. */
  centroidScan(
    table: CentroidTable,
    documents: CentroidDocuments,
    options?: OutOption<Float32Array> & { readonly only?: Uint32Array },
  ): Float32Array;
  centroidScanAsync(
    table: CentroidTable,
    documents: CentroidDocuments,
    options?: Work<OutOption<Float32Array> & { readonly only?: Uint32Array }>,
  ): Promise<Float32Array>;
}
