import type { Bitmap, OutOption, ThreadOptions, Work } from './options.ts';
import type { F32Rows } from './rows.ts';
import type { Nearest } from './scores.ts';

/** Codebooks of a product quantiser (Jégou et al. 2011): part p of a row is its dimensions `p · dim / parts` onwards. */
export interface PqCodebooks {
  /** `parts × codes × (dim / parts)` numbers. */
  readonly data: Float32Array;
  readonly dim: number;
  /** Divides `dim`. */
  readonly parts: number;
  /** Entries a codebook has. */
  readonly codes: 16 | 256;
}

/**
 * Product-quantised rows. With 256 codes, byte `r · parts + p` is the code of part p of row r. With 16 codes rows stand in blocks
 * of 32, so that one shuffle looks up a part of a whole block (André et al. 2015): part p of block b is the 16 bytes from
 * `(b · parts + p) · 16`, byte i of them holding row `32·b + i` in its low half and row `32·b + 16 + i` in its high half.
 */
export interface PqRows {
  readonly codes: Uint8Array;
  readonly rows: number;
  readonly parts: number;
  readonly bits: 4 | 8;
}

/** What each code of each part adds to the score of a query: `queries × parts × codes` numbers. */
export interface PqTables {
  readonly data: Float32Array;
  readonly queries: number;
  readonly parts: number;
  readonly codes: 16 | 256;
  /** Whether the smallest sums are the best (`l2`). */
  readonly smallest: boolean;
}

export interface PqSearchOptions {
  readonly only?: Uint32Array;
  readonly allow?: Bitmap;
}

/** Product quantisation. */
export interface PqKernels {
  /** The nearest code (squared Euclidean distance) of every part of every row. */
  pqEncode(rows: F32Rows, codebooks: PqCodebooks): PqRows;
  pqEncodeAsync(rows: F32Rows, codebooks: PqCodebooks, options?: ThreadOptions): Promise<PqRows>;
  /** What each code adds to a query's score: dot products, or with `l2` squared distances. */
  pqTables(queries: F32Rows, codebooks: PqCodebooks, options?: { readonly metric?: 'dot' | 'l2' }): PqTables;
  /** `queries × n` sums of table entries. 8-bit codes: in f32. 4-bit codes: tables rounded to bytes, sums in integers, as exact as that. */
  pqScores(tables: PqTables, rows: PqRows, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): Float32Array;
  pqSearch(tables: PqTables, rows: PqRows, k: number, options?: PqSearchOptions): Nearest;
  pqSearchAsync(tables: PqTables, rows: PqRows, k: number, options?: Work<PqSearchOptions>): Promise<Nearest>;
}
