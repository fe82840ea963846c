/**
 * What each operation is given once its arguments have been checked: shapes resolved, outputs allocated. The JavaScript kernels read
 * these as they are; `compiled/encode.ts` flattens them for the C kernels. Kernels trust shapes and check what lists hold.
 */
import type {
  Bitmap,
  CentroidDocuments,
  CentroidTable,
  HnswGraph,
  Metric,
  PackedPostings,
  PostingBlocks,
  Postings,
  PqCodebooks,
  PqRows,
  PqTables,
  RowsType,
  SaturatingTerms,
  ScoredLists,
  SparseRows,
} from './contract.ts';

/** Rows of any type with their shape worked out. */
export interface RowsArgument {
  readonly type: RowsType;
  /** The numbers, or the codes of residual rows. */
  readonly data: Float32Array | Uint16Array | Int8Array | Uint8Array;
  readonly rows: number;
  readonly dim: number;
  /** Elements of `data` from row to row. */
  readonly stride: number;
  /** The number of the first row in the buffers: 0, except where WebAssembly is handed a part of them. */
  readonly first: number;
  readonly scales?: Float32Array;
  readonly bits?: 1 | 2 | 4 | 8;
  readonly centroidIds?: Uint16Array | Uint32Array;
  readonly centroids?: Float32Array;
  readonly weights?: Float32Array;
  readonly unit?: boolean;
}

/** Scaled residuals with their shape worked out. */
export interface ScaledResidualsArgument {
  readonly rows: number;
  readonly dim: number;
  readonly bits: 1 | 2 | 4 | 8;
  /** Bytes a row's codes take. */
  readonly stride: number;
  readonly codes: Uint8Array;
  readonly centroidIds: Uint16Array | Uint32Array;
  readonly centroids: RowsArgument;
  readonly levels: Int8Array;
  readonly scaleCodes: Uint8Array;
  readonly scales: Float32Array;
}

export interface MaxSimArguments {
  readonly query: RowsArgument;
  readonly rows: RowsArgument;
  readonly offsets: Uint32Array;
  readonly only: Uint32Array | undefined;
  readonly weights: Float32Array | undefined;
  readonly cosine: boolean;
  readonly norms: Float32Array | undefined;
  readonly scores: Float32Array;
  readonly positions: Uint32Array | undefined;
  readonly similarities: Float32Array | undefined;
}

export interface ScoresArguments {
  readonly queries: RowsArgument;
  readonly rows: RowsArgument;
  readonly metric: Metric;
  readonly only: Uint32Array | undefined;
  readonly norms: Float32Array | undefined;
  readonly scores: Float32Array;
}

/** A unit is one block of {@link queryBlock} queries against one shard of the candidates. */
export interface SearchArguments {
  readonly queries: RowsArgument;
  readonly rows: RowsArgument;
  readonly metric: Metric;
  readonly only: Uint32Array | undefined;
  readonly allow: Bitmap | undefined;
  readonly norms: Float32Array | undefined;
  readonly k: number;
  readonly shards: number;
  readonly shardSize: number;
  /** `queries × shards × k`, and how many of each k are filled. */
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
  readonly counts: Uint32Array;
}

/** Queries that stand side by side in registers: a unit of search and assignment. */
export const queryBlock = 32;

export interface OperationArguments {
  norms: { readonly rows: RowsArgument; readonly norms: Float32Array };
  normalise: { readonly rows: RowsArgument; readonly norms: Float32Array };
  quantise: { readonly rows: RowsArgument; readonly target: RowsArgument };
  dequantise: { readonly rows: RowsArgument; readonly only: Uint32Array | undefined; readonly out: Float32Array };
  sumRows: { readonly rows: RowsArgument; readonly offsets: Uint32Array; readonly mean: boolean; readonly out: Float32Array };
  scores: ScoresArguments;
  search: SearchArguments;
  topK: {
    readonly values: Float32Array | Uint32Array | Uint16Array;
    readonly smallest: boolean;
    readonly allow: Bitmap | undefined;
    readonly k: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  maxSim: MaxSimArguments;
  encodeResiduals: { readonly rows: RowsArgument; readonly cutoffs: Float32Array; readonly target: RowsArgument };
  assign: {
    readonly rows: RowsArgument;
    readonly centroids: RowsArgument;
    readonly squaredDistance: boolean;
    readonly ids: Uint32Array;
    readonly scores: Float32Array;
  };
  /** A unit is one cluster block: its sums are added up in the order of the rows. */
  sumClusters: {
    readonly rows: RowsArgument;
    readonly ids: Uint32Array;
    readonly clusters: number;
    readonly sums: Float32Array;
    readonly counts: Uint32Array;
  };
  /** One unit: the scores, centroid by centroid, and for a u8 table their bytes and `range`, the lowest score and the step. */
  centroidTable: {
    readonly query: RowsArgument;
    readonly centroids: RowsArgument;
    readonly weights: Float32Array | undefined;
    readonly stride: number;
    readonly scores: Float32Array;
    readonly table: Uint8Array | undefined;
    readonly range: Float32Array;
  };
  centroidScan: {
    readonly table: CentroidTable;
    readonly documents: CentroidDocuments;
    readonly only: Uint32Array | undefined;
    readonly scores: Float32Array;
  };
  encodeScaledResiduals: { readonly rows: RowsArgument; readonly cutoffs: Float32Array; readonly target: ScaledResidualsArgument };
  decodeScaledResiduals: { readonly rows: ScaledResidualsArgument; readonly only: Uint32Array | undefined; readonly out: Float32Array };
  /** One unit. `range` is the lowest similarity and the step of the bytes. */
  residualTable: {
    readonly query: RowsArgument;
    readonly centroids: RowsArgument;
    readonly stride: number;
    readonly floats: Float32Array;
    readonly bytes: Uint8Array;
    readonly range: Float32Array;
  };
  residualMaxSim: {
    readonly query: RowsArgument;
    readonly table: Float32Array;
    readonly tableStride: number;
    readonly rows: ScaledResidualsArgument;
    readonly offsets: Uint32Array;
    readonly only: Uint32Array | undefined;
    readonly scores: Float32Array;
  };
  /** One unit. `places` is 0 for documents that may be found and all ones for others, and is left so. */
  warpScan: {
    readonly query: RowsArgument;
    readonly table: Float32Array;
    readonly tableStride: number;
    readonly rows: ScaledResidualsArgument;
    readonly listOffsets: Uint32Array;
    readonly documents: Uint32Array;
    readonly probes: Uint32Array;
    readonly missing: Float32Array;
    readonly places: Uint32Array;
    /** The documents met and their scores, in no order; `counts[0]` says how many. */
    readonly found: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  accumulatePostings: {
    readonly postings: Postings;
    readonly terms: Uint32Array;
    readonly weights: Float32Array | Uint32Array;
    readonly accumulator: Float32Array | Uint32Array;
  };
  searchPostings: {
    readonly postings: Postings;
    readonly terms: Uint32Array;
    readonly weights: Float32Array;
    readonly documents: number;
    readonly allow: Bitmap | undefined;
    readonly blocks: PostingBlocks | undefined;
    readonly k: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  sparseScores: {
    readonly query: Float32Array;
    readonly rows: SparseRows;
    readonly only: Uint32Array | undefined;
    readonly scores: Float32Array;
  };
  /** One unit. */
  searchPacked: {
    readonly postings: PackedPostings;
    readonly terms: SaturatingTerms;
    readonly fields: number;
    readonly allow: Bitmap | undefined;
    readonly above: number;
    readonly pruned: boolean;
    readonly k: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  /** One unit. */
  searchScored: {
    readonly lists: ScoredLists;
    readonly ranges: Uint32Array;
    readonly documents: number;
    readonly allow: Bitmap | undefined;
    readonly above: number;
    readonly k: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  packIntegers: {
    readonly values: Uint32Array;
    readonly mode: 'plain' | 'frame' | 'delta';
    readonly block: 128 | 256;
    readonly widths: Uint8Array;
    readonly bases: Uint32Array;
    /** Absent in the first of two steps, which finds widths and bases. */
    readonly starts: Uint32Array | undefined;
    readonly words: Uint32Array | undefined;
  };
  unpackIntegers: {
    readonly mode: 'plain' | 'frame' | 'delta';
    readonly block: 128 | 256;
    readonly count: number;
    readonly words: Uint32Array;
    readonly starts: Uint32Array;
    readonly widths: Uint8Array;
    readonly bases: Uint32Array;
    readonly from: number;
    readonly out: Uint32Array;
  };
  pqEncode: { readonly rows: RowsArgument; readonly codebooks: PqCodebooks; readonly target: PqRows };
  pqTables: {
    readonly queries: RowsArgument;
    readonly codebooks: PqCodebooks;
    readonly squaredDistance: boolean;
    readonly tables: Float32Array;
  };
  pqScores: { readonly tables: PqTables; readonly rows: PqRows; readonly only: Uint32Array | undefined; readonly scores: Float32Array };
  pqSearch: {
    readonly tables: PqTables;
    readonly rows: PqRows;
    readonly only: Uint32Array | undefined;
    readonly allow: Bitmap | undefined;
    readonly k: number;
    readonly shards: number;
    readonly shardSize: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
  /** A unit is one new node: its own lists are chosen from the graph as it is before any of the batch. */
  hnswFind: HnswArguments & { readonly from: number; readonly ef: number };
  /** A unit is one of {@link linkParts} parts of the nodes: those with that remainder get links back to the new nodes `from` to `to`, in their order. */
  hnswLink: HnswArguments & { readonly from: number; readonly to: number };
  hnswSearch: HnswArguments & {
    readonly queries: RowsArgument;
    readonly ef: number;
    readonly allow: Bitmap | undefined;
    readonly k: number;
    readonly indices: Uint32Array;
    readonly scores: Float32Array;
    readonly counts: Uint32Array;
  };
}

export interface HnswArguments {
  readonly graph: HnswGraph;
  readonly rows: RowsArgument;
  readonly metric: Metric;
  readonly norms: Float32Array | undefined;
}

/** Into how many parts the nodes of a graph are split for linking. */
export const linkParts = 64;

export type OperationName = keyof OperationArguments;
