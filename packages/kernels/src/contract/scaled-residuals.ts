import type { CentroidTable } from './late-interaction.ts';
import type { Bitmap, OutOption, ThreadOptions, Work } from './options.ts';
import type { F32Rows, I8Rows } from './rows.ts';
import type { Best } from './scores.ts';

/**
 * Rows kept as the nearest centroid plus a quantised residual with a scale of its own: number k of row r stands for
 * `centroids.data[c · dim + k] · centroids.scales[c] + scales[scaleCodes[r]] · level`, c being its centroid.
 *
 * Codes are laid out as in {@link ResidualRows}; with 8 bits a code's level is the code less 128, otherwise `levels[code]`. Whole-number
 * levels let a query of bytes be compared in integers, at the speed of i8 rows, without decoding to floats.
 */
export interface ScaledResiduals {
  readonly bits: 1 | 2 | 4 | 8;
  readonly codes: Uint8Array;
  /** One a row; a number past the last centroid reads as the last. */
  readonly centroidIds: Uint16Array | Uint32Array;
  readonly centroids: I8Rows;
  /** `2 ** bits` numbers, ascending; not read with 8 bits. */
  readonly levels: Int8Array;
  readonly scaleCodes: Uint8Array;
  /** 256 numbers, ascending. */
  readonly scales: Float32Array;
  readonly dim: number;
}

/** How scaled residuals are made: {@link ScaledResiduals} without the rows. */
export interface ScaledResidualCodec {
  readonly bits: 1 | 2 | 4 | 8;
  readonly centroids: I8Rows;
  readonly levels: Int8Array;
  /** `2 ** bits − 1` ascending limits of residuals that are scaled to length √dim: a residual's code is the number of limits below it. Not read with 8 bits. */
  readonly cutoffs: Float32Array;
  readonly scales: Float32Array;
}

/** What a query of bytes makes of centroids of bytes: their similarities in full, for finishing, and in one byte each, for `centroidScan`. */
export interface ResidualTable {
  readonly query: I8Rows;
  /** Entry `c · bytes.stride + i` belongs to centroid c and query row i. */
  readonly floats: Float32Array;
  readonly bytes: CentroidTable;
}

/** Scaled residuals ordered by centroid: list c holds rows `offsets[c]` up to, without, `offsets[c + 1]`. */
export interface ResidualLists {
  /** `centroidIds` are not read: the list says the centroid. */
  readonly rows: ScaledResiduals;
  readonly offsets: Uint32Array;
  /** The document of each row. */
  readonly documents: Uint32Array;
  /** How many documents there are. */
  readonly count: number;
}

/** Late interaction over scaled residuals. */
export interface ScaledResidualKernels {
  /**
   * Codes and scales of rows whose centroids are known. The residual is brought to length √dim (8 bits: to a largest number of 127) and coded; its scale is the
   * one that leaves no error along the row itself, `(x·x − x·c) / (x·levels)`, where that is within a factor of two of the least-squares
   * scale, else that; of `scales` the nearest is taken.
   */
  encodeScaledResiduals(rows: F32Rows, centroidIds: Uint16Array | Uint32Array, codec: ScaledResidualCodec): ScaledResiduals;
  encodeScaledResidualsAsync(
    rows: F32Rows,
    centroidIds: Uint16Array | Uint32Array,
    codec: ScaledResidualCodec,
    options?: ThreadOptions,
  ): Promise<ScaledResiduals>;
  /** The numbers that scaled residuals stand for: all rows, or the listed ones in that order. */
  decodeScaledResiduals(rows: ScaledResiduals, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): F32Rows;
  /** The table of a query and centroids, both of bytes. Multiply the query's rows by their weights before they are made bytes. */
  residualTable(query: I8Rows, centroids: I8Rows): ResidualTable;
  /**
   * MaxSim of the table's query with scaled residuals: the table's entry for the row's centroid plus a whole-number product of the query and the levels.
   * A document without rows scores −Infinity; a query without rows gives 0.
   */
  residualMaxSim(
    table: ResidualTable,
    documents: { readonly rows: ScaledResiduals; readonly offsets: Uint32Array },
    options?: OutOption<Float32Array> & { readonly only?: Uint32Array },
  ): Float32Array;
  residualMaxSimAsync(
    table: ResidualTable,
    documents: { readonly rows: ScaledResiduals; readonly offsets: Uint32Array },
    options?: Work<OutOption<Float32Array> & { readonly only?: Uint32Array }>,
  ): Promise<Float32Array>;
  /**
   * MaxSim from the lists of some centroids alone, as WARP has it (Scheerer et al. 2025): each query row's maximum over the document's rows in those
   * lists, and at least `missing[i]`, the similarity that is imputed where no such row was met. Gives the k best of the documents met.
   */
  warpScan(
    table: ResidualTable,
    lists: ResidualLists,
    probes: Uint32Array,
    missing: Float32Array,
    k: number,
    options?: { readonly allow?: Bitmap },
  ): Best;
}
