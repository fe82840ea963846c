import type { RowType } from '../tokens/pack.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { CodedRows } from './row-source.ts';

/** How a segment keeps its rows: numbers of a type, residual codes in the order of the documents, or residual codes in lists of their centroids. */
export type RowStorage = RowType | 'residual' | 'lists';

/** The rows of a segment's documents, as they lie in its file. */
export interface StoredRows {
  readonly storage: RowStorage;
  /** Writes the numbers that a document's rows stand for. */
  read(document: number, into: Float32Array, at: number): void;
  /** The codes of a document's rows, where there are any. */
  coded(document: number): CodedRows | undefined;
  /** MaxSim of the query and each document, or each of the listed ones in that order. */
  scores(query: PreparedQuery, only: Uint32Array | undefined, quantised: boolean): Float32Array;
  scoresAsync(query: PreparedQuery, only: Uint32Array | undefined, quantised: boolean, threads: number): Promise<Float32Array>;
}
