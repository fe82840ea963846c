import type { Bitmap, OutOption } from './options.ts';
import type { Best } from './scores.ts';

/** Lists of scored documents: list t holds entries `offsets[t]` up to, without, `offsets[t + 1]`, documents ascending within a list. */
export interface Postings {
  readonly offsets: Uint32Array;
  readonly documents: Uint32Array;
  readonly values: Float32Array | Uint16Array | Uint8Array;
}

/**
 * What each list of {@link Postings} holds at most in each block of documents, by which blocks without a good document are passed over (Ding & Suel 2011;
 * for learned sparse vectors Mallia, Suel & Tonellotto, "Faster Learned Sparse Retrieval with Block-Max Pruning", 2024). Values are not negative then.
 */
export interface PostingBlocks {
  /** Documents of a block: a power of two from 32 to 8192. Block b holds documents `b · size` onwards. */
  readonly size: number;
  /** The row of each list in `maxima`; {@link NONE} for lists so short that they are looked through themselves. */
  readonly rows: Uint32Array;
  /** `ceil(documents / size)` entries a row: the largest value in the block, in 255ths of the row's largest value, rounded up. */
  readonly maxima: Uint8Array;
  /** The largest value of each row. */
  readonly largest: Float32Array;
}

/**
 * Posting lists of words, bit-packed: the documents of each list ascending, with how often each has the word, and for blocks of 128 what
 * a block can score at most. `@rank-rank/retrieve` writes them; numbers are little-endian, frequencies are stored less one, and
 * documents as gaps less one (the first counted from −1).
 *
 * A list of 2 to 127: a byte with the bits of a gap (low six) and of a frequency (high two; 3: the next byte has them), the gaps, the
 * frequencies; each of the two one after the other from the lowest bit, ending at a byte. A list of one stands nowhere: {@link SaturatingTerms}
 * has it. A list of 128 and more, n blocks, begins at a multiple of 4:
 *
 * | bytes | what |
 * |---|---|
 * | 4 n | the last document of each block |
 * | 4 n | where each block ends, counted from the end of this table |
 * | 8 n + 8 | of each block, then of the whole list: bits of a gap, bits of a frequency, the highest frequency (255: that or more), the buckets of the shortest documents with frequency 1, 2, 3–4, 5 and more (255: there is none), one byte unused |
 * | … | the blocks: gaps, then frequencies; those of 128 in four lanes as {@link PackedIntegers} has them, the last as a short list's |
 */
export interface PackedPostings {
  readonly bytes: Uint8Array;
  readonly documents: number;
  /** Each document's length as a code, field after field: `documents` entries a field. */
  readonly codes: Uint8Array | Uint16Array;
}

/**
 * Terms of a query, each with a list of {@link PackedPostings}. A document that has term i with frequency f in its field scores
 * `bases[i] − weights[i] / (1 + f · inverse)` for it, all in f32, where `inverse` is the field's entry of `inverses` for the code of the document's
 * length. BM25 and its variants have this form. Bases and weights are not negative, and inverses fall as lengths grow.
 */
export interface SaturatingTerms {
  /** Where each list starts; of a list of one document its number. */
  readonly starts: Float64Array;
  /** Documents of each list; 0 for a term that is nowhere. */
  readonly counts: Uint32Array;
  /** Of a list of one: how often that document has the word. Others are not looked at. */
  readonly occurrences: Uint32Array;
  /** The field of each term. */
  readonly fields: Uint32Array;
  readonly bases: Float32Array;
  readonly weights: Float32Array;
  /** 256 entries a field, or 65,536 where codes are of 16 bits. */
  readonly inverses: Float32Array;
  /** 255 entries a field: the inverse for the shortest length of each bucket. */
  readonly bucketInverses: Float32Array;
}

/** Documents with what they score, list after list. A document stands at most once in a list; scores are not negative. */
export interface ScoredLists {
  readonly documents: Uint32Array;
  readonly scores: Float32Array;
}

/** What the searches that add up scores of terms look for. */
export interface SearchScoredOptions {
  /** Only documents in this set. */
  readonly allow?: Bitmap;
  /** Only documents whose score is above this: what other lists have found already (0 by default). */
  readonly above?: number;
}

export interface SearchPackedOptions extends SearchScoredOptions {
  /** Whether documents that cannot be among the best are passed over (true by default). The result is the same. */
  readonly pruned?: boolean;
}

/** Sparse rows: row r has entries `offsets[r]` up to, without, `offsets[r + 1]`. */
export interface SparseRows {
  readonly offsets: Uint32Array;
  readonly indices: Uint16Array | Uint32Array;
  /** Whole numbers stand for themselves: multiply the scores by their scale. */
  readonly values: Float32Array | Uint16Array | Uint8Array;
}

/**
 * Whole numbers in bit-packed blocks of 128 or 256 (Lemire & Boytsov 2015, the vertical layout of SIMD-BP128).
 *
 * Block b holds numbers `b · block` onwards, each less its prediction, in `widths[b]` bits. It takes `block / 32 · widths[b]`
 * words from `starts[b]`. With L = block / 32 lanes, number i of a block stands in lane `i % L`, as its `i / L`-th of 32; word w of
 * lane l is `words[starts[b] + w · L + l]`; numbers of a lane follow one another from the lowest bit of its first word.
 *
 * | mode  | what is stored                                                        | `bases[b]`           |
 * |-------|-----------------------------------------------------------------------|----------------------|
 * | plain | the number                                                            | 0                    |
 * | frame | the number less the smallest of its block                             | that smallest        |
 * | delta | the number less the one before it, 0 for the first; numbers ascend     | the block's first    |
 *
 * A last block that is not full is filled up with its prediction (stored as 0).
 */
export interface PackedIntegers {
  readonly mode: 'plain' | 'frame' | 'delta';
  readonly block: 128 | 256;
  readonly count: number;
  readonly words: Uint32Array;
  readonly starts: Uint32Array;
  readonly widths: Uint8Array;
  readonly bases: Uint32Array;
}

/** Postings, sparse rows and packed integers. */
export interface PostingKernels {
  /**
   * Adds `weights[i] · value` of every posting of list `terms[i]` to its document's place, list after list. f32 weights add to an f32 accumulator
   * (product and sum each rounded to f32, so the same everywhere); u32 weights with whole values add to a u32 accumulator, modulo 2³².
   */
  accumulatePostings(
    postings: Postings,
    terms: Uint32Array,
    weights: Float32Array | Uint32Array,
    accumulator: Float32Array | Uint32Array,
  ): void;
  /**
   * The k documents with the largest sums of weighted postings, of those whose sum is above 0. `documents` is how many there are. With `blocks`, and
   * weights that are not negative, blocks that hold none of them are passed over; the result is the same.
   */
  searchPostings(
    postings: Postings,
    terms: Uint32Array,
    weights: Float32Array,
    k: number,
    options: { readonly documents: number; readonly allow?: Bitmap; readonly blocks?: PostingBlocks },
  ): Best;
  /**
   * The k documents with the largest sums of what the terms score, of those whose sum is above 0. Sums are in f64, which holds them exactly, and
   * rounded to f32 in the end: every implementation gives the same, bit for bit. A list that is damaged is an error, never a wild read.
   */
  searchPacked(postings: PackedPostings, terms: SaturatingTerms, k: number, options?: SearchPackedOptions): Best;
  /**
   * The k documents with the largest sums over some lists, of those whose sum is above 0: list i is entries `ranges[2·i]` up to, without,
   * `ranges[2·i + 1]`. Sums are made as in `searchPacked`. `documents` is how many there are.
   */
  searchScored(lists: ScoredLists, ranges: Uint32Array, k: number, options: SearchScoredOptions & { readonly documents: number }): Best;
  /** The dot product of one dense query and sparse rows: `query[i]` is the weight of index i; every index is below its length. */
  sparseScores(query: Float32Array, rows: SparseRows, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): Float32Array;

  packIntegers(values: Uint32Array, options?: { readonly mode?: 'plain' | 'frame' | 'delta'; readonly block?: 128 | 256 }): PackedIntegers;
  /** The numbers of blocks `from` up to, without, `to`: all by default. */
  unpackIntegers(packed: PackedIntegers, options?: OutOption<Uint32Array> & { readonly from?: number; readonly to?: number }): Uint32Array;
}
