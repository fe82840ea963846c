/**
 * The contract of the kernels: what goes in, what comes out, and what happens at the edges. Every implementation
 * (JavaScript, WebAssembly, native with each instruction set) obeys it, and property tests hold them to the JavaScript one.
 *
 * Rules that hold for every operation:
 *
 * - Data is plain: flat typed arrays and their shapes. Buffers may be ordinary, shared between threads, or mapped files
 *   ({@link Kernels.mapFile}), and views may start anywhere in them. Nothing is copied where the kernel can read it in place.
 * - Arguments are checked first: wrong lengths, dimensions that differ, detached buffers, sizes past a limit and unknown options
 *   throw a `RankError`. What lists hold (offsets, indices, links) is checked as it is read; after such an error outputs are undefined.
 * - Outputs are fresh arrays, or the caller's `out`, which must have exactly the right length. Outputs never overlap inputs.
 * - Equal scores: the smaller index comes first.
 * - The `Async` form takes the same arguments and, in its options, `threads` and `signal`; it leaves the event loop free and
 *   gives bit for bit what the synchronous form gives, whatever the number of threads. Buffers must be neither written nor
 *   transferred before it settles. The synchronous form is for work of about a millisecond.
 *
 * Numbers:
 *
 * - f32 results are sums of f32 products. Their order, and whether a product and a sum are rounded once or twice, is fixed for
 *   an implementation but differs between them: expect agreement to about `dim × 2⁻²⁴` of the sum of absolute products.
 *   A result depends on its own operands only, never on its neighbours in the call.
 * - int8 × int8, bits × bits, integer postings and packed integers are exact and the same everywhere.
 * - Denormals are kept (bf16 × bf16 may take them for zero). Infinities follow IEEE 754.
 * - NaN: a similarity that is NaN wins no maximum and enters no top-k. {@link Kernels.maxSim} never returns NaN.
 */

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

/** A set of indices: index i is in it if bit `i & 31` of word `i >> 5` is set. At least `ceil(n / 32)` words. */
export type Bitmap = Uint32Array;

/** Marks "none" in arrays of positions and links. */
export const NONE = 0xffffffff;

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

export interface OutOption<T> {
  /** Where the result goes, of exactly its length; a fresh array by default. */
  readonly out?: T;
}

export interface ScoresOptions extends OutOption<Float32Array> {
  /** `dot` by default. */
  readonly metric?: Metric;
  /** Only these rows, in this order, repeats allowed. */
  readonly only?: Uint32Array;
  /** The lengths of all rows ({@link Kernels.norms}) for `cosine`, so that they need not be computed again. */
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

/** Similarities of query rows and centroids, centroid by centroid (`stride` entries each), for {@link Kernels.centroidScan}. */
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

/** What a query of bytes makes of centroids of bytes: their similarities in full, for finishing, and in one byte each, for {@link Kernels.centroidScan}. */
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

export interface SearchPackedOptions {
  /** Only documents in this set. */
  readonly allow?: Bitmap;
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

/**
 * A hierarchical navigable small-world graph (Malkov & Yashunin 2018) over rows that are kept elsewhere. Plain arrays, so that it can be
 * stored and mapped as it is; {@link Kernels.hnswInsert} makes and extends it, and changes `size`, `entry` and the links in place.
 */
export interface HnswGraph {
  /** Links a node has on the upper layers; twice as many on the lowest. */
  readonly m: number;
  /** The topmost layer of each node (0 for most): `capacity` entries. */
  readonly levels: Uint8Array;
  /** `capacity × 2m` links of the lowest layer; a node's list ends at the first {@link NONE}. */
  readonly base: Uint32Array;
  /** Where a node's upper layers start, in lists of m: layer l ≥ 1 of node i is list `upperStarts[i] + l − 1`. `capacity + 1` entries. */
  readonly upperStarts: Uint32Array;
  /** `upperStarts[capacity] × m` links. */
  readonly upper: Uint32Array;
  /** Nodes that are linked in: rows 0 up to this. */
  size: number;
  /** The node where a search starts; {@link NONE} while the graph is empty. */
  entry: number;
}

export interface HnswInsertOptions {
  readonly metric?: Metric;
  /** How many candidates an insertion considers; 200 by default. */
  readonly efConstruction?: number;
  readonly norms?: Float32Array;
  /** Told how many nodes are in. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface HnswSearchOptions {
  readonly metric?: Metric;
  /** How many candidates the search keeps, at least k; 64 by default. More finds more and takes longer. */
  readonly ef?: number;
  /** Only rows in this set are found; others are still passed through. Where few are allowed, {@link Kernels.search} with `only` is faster and exact. */
  readonly allow?: Bitmap;
  readonly norms?: Float32Array;
}

export interface MapFileOptions {
  /** Where to start; 0 by default. */
  readonly offset?: number;
  /** How many bytes; up to the end by default. */
  readonly length?: number;
}

/** A kernel's typed arrays by the name of their elements. */
export interface ArrayTypes {
  f32: Float32Array;
  u32: Uint32Array;
  u16: Uint16Array;
  i8: Int8Array;
  u8: Uint8Array;
}

/** What is in use, and why. */
export interface KernelsDescription {
  readonly backend: 'js' | 'wasm' | 'native';
  /** `avx512vnni`, `neon`, `simd128`, `scalar` … */
  readonly instructionSet: string;
  /** In a sentence: what the processor has, what was asked for, what could not be loaded. */
  readonly why: string;
  /** Every implementation that runs here, as `RANK_KERNELS` names it, best first. */
  readonly available: readonly string[];
}

type Work<O> = O & ThreadOptions;

/** All operations. One such object an implementation; the package's functions are those of the one chosen at load. */
export interface Kernels {
  describe(): KernelsDescription;

  /* Memory */

  /**
   * A zeroed array "where the kernel is": in WebAssembly's own (shared) memory, an ordinary one elsewhere. Data kept in such arrays
   * is never copied. Other data is copied to WebAssembly at each call, in pieces of about a megabyte where the operation can be divided; walks of
   * graphs and lists over more than that run where the data is, in JavaScript. When WebAssembly's 4 GiB are full, the array is an ordinary one.
   */
  allocate<T extends keyof ArrayTypes>(type: T, length: number): ArrayTypes[T];
  /** Gives back what {@link Kernels.allocate} gave; the array must not be used any more. Without it, WebAssembly's memory stays taken. */
  release(array: ArrayBufferView): void;
  /**
   * A file as a buffer. Native: mapped, read as it is touched, and let go when the buffer is garbage; writes to the buffer stay
   * private and never reach the file, which must not be truncated while it is mapped. Elsewhere: read. Sizes past 4 GiB work natively.
   * WebAssembly keeps one copy of the buffer from its first use until it is garbage: write to it before that, by the kernels, or not at all.
   */
  mapFile(path: string, options?: MapFileOptions): ArrayBuffer;

  /* Rows */

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

  /* One or a few queries against many rows */

  /** The score matrix: entry `q · n + r` compares query row q with row r (of all, or of `only`). */
  scores(queries: Rows, rows: Rows, options?: ScoresOptions): Float32Array;
  scoresAsync(queries: Rows, rows: Rows, options?: Work<ScoresOptions>): Promise<Float32Array>;
  /** The k best rows of each query row, without the score matrix. k is at least 1. */
  search(queries: Rows, rows: Rows, k: number, options?: SearchOptions): Nearest;
  searchAsync(queries: Rows, rows: Rows, k: number, options?: Work<SearchOptions>): Promise<Nearest>;
  /** The k best of a list of scores; fewer where there are fewer that are no NaN. */
  topK(scores: Float32Array | Uint32Array | Uint16Array, k: number, options?: TopKOptions): Best;

  /* Late interaction */

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

  /** Residual codes of rows whose centroids are known ({@link Kernels.assign}). A NaN residual has code 0. */
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
  /** The sum and the number of the rows of each of `clusters` clusters: with {@link Kernels.assign}, one step of k-means. Rows are added in their order. */
  sumClusters(rows: Rows, ids: Uint32Array, clusters: number): { readonly sums: Float32Array; readonly counts: Uint32Array };
  sumClustersAsync(
    rows: Rows,
    ids: Uint32Array,
    clusters: number,
    options?: ThreadOptions,
  ): Promise<{ readonly sums: Float32Array; readonly counts: Uint32Array }>;

  /**
   * The table of query rows and centroids that {@link Kernels.centroidScan} reads. Query-row weights, not negative, go into it.
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

  /* Late interaction over scaled residuals */

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

  /* Postings and sparse rows */

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
   * `ranges[2·i + 1]`. Sums are made as in {@link Kernels.searchPacked}. `documents` is how many there are.
   */
  searchScored(lists: ScoredLists, ranges: Uint32Array, k: number, options: { readonly documents: number; readonly allow?: Bitmap }): Best;
  /** The dot product of one dense query and sparse rows: `query[i]` is the weight of index i; every index is below its length. */
  sparseScores(query: Float32Array, rows: SparseRows, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): Float32Array;

  packIntegers(values: Uint32Array, options?: { readonly mode?: 'plain' | 'frame' | 'delta'; readonly block?: 128 | 256 }): PackedIntegers;
  /** The numbers of blocks `from` up to, without, `to`: all by default. */
  unpackIntegers(packed: PackedIntegers, options?: OutOption<Uint32Array> & { readonly from?: number; readonly to?: number }): Uint32Array;

  /* Product quantisation */

  /** The nearest code (squared Euclidean distance) of every part of every row. */
  pqEncode(rows: F32Rows, codebooks: PqCodebooks): PqRows;
  pqEncodeAsync(rows: F32Rows, codebooks: PqCodebooks, options?: ThreadOptions): Promise<PqRows>;
  /** What each code adds to a query's score: dot products, or with `l2` squared distances. */
  pqTables(queries: F32Rows, codebooks: PqCodebooks, options?: { readonly metric?: 'dot' | 'l2' }): PqTables;
  /** `queries × n` sums of table entries. 8-bit codes: in f32. 4-bit codes: tables rounded to bytes, sums in integers, as exact as that. */
  pqScores(tables: PqTables, rows: PqRows, options?: OutOption<Float32Array> & { readonly only?: Uint32Array }): Float32Array;
  pqSearch(tables: PqTables, rows: PqRows, k: number, options?: PqSearchOptions): Nearest;
  pqSearchAsync(tables: PqTables, rows: PqRows, k: number, options?: Work<PqSearchOptions>): Promise<Nearest>;

  /* Graphs */

  /** An empty graph for up to `capacity` rows. A node's level is drawn from its number and the seed, so a graph can be extended later. */
  hnswGraph(capacity: number, options?: { readonly m?: number; readonly seed?: number }): HnswGraph;
  /**
   * Links rows `graph.size` up to, without, `to` into the graph. Rows go in by batches that grow with the graph and do not see one another, so the
   * result depends on the rows, the options and `to`, and not on the number of threads.
   */
  hnswInsert(graph: HnswGraph, rows: Rows, to: number, options?: HnswInsertOptions): void;
  hnswInsertAsync(graph: HnswGraph, rows: Rows, to: number, options?: Work<HnswInsertOptions>): Promise<void>;
  /** The approximately k best rows of each query row. Fewer may be found than there are. */
  hnswSearch(graph: HnswGraph, rows: Rows, queries: Rows, k: number, options?: HnswSearchOptions): Nearest;
  hnswSearchAsync(graph: HnswGraph, rows: Rows, queries: Rows, k: number, options?: Work<HnswSearchOptions>): Promise<Nearest>;
}
