/** Marks "none" in arrays of positions and links. */
export const NONE = 0xffffffff;

/** A set of indices: index i is in it if bit `i & 31` of word `i >> 5` is set. At least `ceil(n / 32)` words. */
export type Bitmap = Uint32Array;

/**
 * How a query row and a row are compared. Higher is better for `dot` and `cosine`, lower for `l2` and `hamming`.
 *
 * - `dot`: Σ q·r
 * - `cosine`: Σ q·r ÷ (‖q‖·‖r‖), and 0 where a length is 0
 * - `l2`: Σ (q − r)², the squared Euclidean distance
 * - `hamming`: how many bits differ; both sides are bits
 *
 * The types decide the arithmetic: i8 with i8 and bits with bits are compared in integers, bf16 with bf16 in bf16 products and f32 sums, and any
 * other pair in f32, on the numbers that the rows stand for. So an f32 query against i8 or bits rows is not quantised; quantise it to be faster.
 */
export type Metric = 'dot' | 'cosine' | 'l2' | 'hamming';

/** What the `Async` forms take besides an operation's own options. */
export interface ThreadOptions {
  /** How many threads work at it: 1 by default; more than the machine has cores is the same as that many. */
  readonly threads?: number;
  /** Ends the work within about a millisecond with a `CANCELLED` (or `TIMEOUT`) error; outputs are then undefined. */
  readonly signal?: AbortSignal;
}

/** The options of an operation's `Async` form. */
export type Work<O> = O & ThreadOptions;

export interface OutOption<T> {
  /** Where the result goes, of exactly its length; a fresh array by default. */
  readonly out?: T;
}
