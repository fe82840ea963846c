import type { Best } from '@rank-rank/kernels';
import type { Allowed } from '../segments/allowed.ts';

/** How a search goes about it; every number has a default that `tune` may have set. */
export interface SegmentSearch {
  /** Candidates that the walk over a graph keeps. */
  readonly ef: number;
  /** Lists that are looked into. */
  readonly probes: number;
  /** Candidates that are scored again, for each hit wanted; undefined: what suits the codes. */
  readonly rescore: number | undefined;
  /** Compare with every vector, whatever the structure. */
  readonly exact: boolean;
}

/** What finds candidates among the documents of a segment: a flat scan, a graph, lists. */
export interface CandidateSearch {
  /** About the k best rows, best first. Scores are in the kernels' sense; where codes only order, they are not the metric's. */
  search(query: Float32Array, k: number, allowed: Allowed | undefined, settings: SegmentSearch): Best | Promise<Best>;
  /** What is in use, in words. */
  readonly description: Readonly<Record<string, unknown>>;
}
