import type { OutOption, ThreadOptions, Work } from './options.ts';

/** Rows of 32-bit floats. */
export interface F32Rows {
  readonly type: 'f32';
  readonly data: Float32Array;
  /** Numbers a row has: 1 to 65,536. */
  readonly dim: number;
  /** Numbers from one row's start to the next: `dim` by default. A larger stride reads the first `dim` numbers of wider rows, as Matryoshka embeddings allow. */
  readonly stride?: number;
}

/** Rows of IEEE half floats, as their 16 bits. */
export interface F16Rows {
  readonly type: 'f16';
  readonly data: Uint16Array;
  readonly dim: number;
  readonly stride?: number;
}

/** Rows of bfloat16: the upper half of a 32-bit float. */
export interface Bf16Rows {
  readonly type: 'bf16';
  readonly data: Uint16Array;
  readonly dim: number;
  readonly stride?: number;
}

/** Rows of signed bytes with one scale a row: number k of row r stands for `data[r·stride + k] · scales[r]`. Scales are not negative. */
export interface I8Rows {
  readonly type: 'i8';
  readonly data: Int8Array;
  readonly scales: Float32Array;
  readonly dim: number;
  readonly stride?: number;
}

/**
 * Rows of bits, `ceil(dim / 8)` bytes each: a set bit stands for +1, a clear one for −1. The first dimension is the highest
 * bit of the first byte (as numpy's packbits and Vespa's unpack_bits have it). Bits past `dim` in the last byte are zero.
 */
export interface BitRows {
  readonly type: 'bits';
  readonly data: Uint8Array;
  readonly dim: number;
}

/**
 * Rows kept as the nearest centroid plus a quantised residual, as ColBERTv2 and PLAID do (Santhanam et al. 2022):
 * number k of row r stands for `centroids[centroidIds[r]·dim + k] + weights[code]`, divided by the row's length if `unit`.
 *
 * Codes take `bits` each, `ceil(dim · bits / 8)` bytes a row, first dimension in the highest bits of the first byte.
 * Stanford's files are this layout with the bits of each code in reverse: give `weights` in bit-reversed order to read them.
 */
export interface ResidualRows {
  readonly type: 'residual';
  readonly bits: 1 | 2 | 4 | 8;
  readonly codes: Uint8Array;
  /** One a row; each below the number of centroids (checked where it is read: a larger one reads as the last centroid). */
  readonly centroidIds: Uint16Array | Uint32Array;
  /** `dim` numbers a centroid. */
  readonly centroids: Float32Array;
  /** What each code adds: `2 ** bits` numbers. */
  readonly weights: Float32Array;
  readonly dim: number;
  /** Whether a row is scaled to length 1 after decoding (a row of length 0 stays as it is). */
  readonly unit?: boolean;
}

export type RowsType = 'f32' | 'f16' | 'bf16' | 'i8' | 'bits' | 'residual';

export type Rows = F32Rows | F16Rows | Bf16Rows | I8Rows | BitRows | ResidualRows;

/** Documents of any number of rows: document d has rows `offsets[d]` up to, without, `offsets[d + 1]`. Offsets ascend and the last is at most the number of rows. */
export interface Documents {
  readonly rows: Rows;
  readonly offsets: Uint32Array;
}

/** Rows: their lengths, their types, their sums. */
export interface RowKernels {
  /** The length ‖r‖ of each row. */
  norms(rows: Rows, options?: OutOption<Float32Array>): Float32Array;
  /** Scales each row to length 1, in place; rows of length 0 or not finite stay. Returns the lengths there were. */
  normalise(rows: F32Rows): Float32Array;
  /**
   * Rows in a smaller type. f16 and bf16 round to the nearest, ties to even; f16 keeps what is too large as infinity. i8: `scale = max|r| / 127`
   * over the row's finite numbers, and each number times `127 / max|r|` rounded to the nearest, ties to even, at most 127 (NaN to 0, infinities to ±127).
   * bits: 1 where the number is above 0.
   */
  quantise(rows: F32Rows, type: 'f16'): F16Rows;
  quantise(rows: F32Rows, type: 'bf16'): Bf16Rows;
  quantise(rows: F32Rows, type: 'i8'): I8Rows;
  quantise(rows: F32Rows, type: 'bits'): BitRows;
  quantise(rows: F32Rows, type: 'f16' | 'bf16' | 'i8' | 'bits'): F16Rows | Bf16Rows | I8Rows | BitRows;
  quantiseAsync(
    rows: F32Rows,
    type: 'f16' | 'bf16' | 'i8' | 'bits',
    options?: ThreadOptions,
  ): Promise<F16Rows | Bf16Rows | I8Rows | BitRows>;
  /** The numbers that rows stand for: all of them, or the listed ones in that order. */
  dequantise(rows: Rows, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): F32Rows;
  dequantiseAsync(rows: Rows, options?: Work<OutOption<Float32Array> & { readonly only?: Uint32Array }>): Promise<F32Rows>;
  /** One row a document: the sum of its rows, or with `mean` their mean. Documents without rows give zeros. */
  sumRows(documents: Documents, options?: OutOption<Float32Array> & { readonly mean?: boolean }): F32Rows;
}
