import type { AnalysisSpec } from '@rank-rank/retrieve';

/** What was learned from a corpus: plain data, so that it can be stored beside the collection it came from. */
export interface StaticModel {
  readonly analysis: AnalysisSpec;
  readonly dim: number;
  /** How much rows of token matrices take of what their whole text is about. */
  readonly topic: number;
  /** Documents that were read. */
  readonly documents: number;
  readonly terms: readonly string[];
  readonly idf: Float32Array;
  /** One row a term: the right singular vectors of the weighted documents. */
  readonly vectors: Float32Array;
}
