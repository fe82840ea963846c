import type { Bitmap, Metric, Work } from './options.ts';
import type { Rows } from './rows.ts';
import type { Nearest } from './scores.ts';

/**
 * A hierarchical navigable small-world graph (Malkov & Yashunin 2018) over rows that are kept elsewhere. Plain arrays, so that it can be
 * stored and mapped as it is; `hnswInsert` makes and extends it, and changes `size`, `entry` and the links in place.
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
  /** Only rows in this set are found; others are still passed through. Where few are allowed, `search` with `only` is faster and exact. */
  readonly allow?: Bitmap;
  readonly norms?: Float32Array;
}

/** Graphs of near neighbours. */
export interface HnswKernels {
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
