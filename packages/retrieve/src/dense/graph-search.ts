import { type Best, hnswSearch } from '@rank-rank/kernels';
import type { Allowed } from '../segments/allowed.ts';
import type { CandidateSearch, SegmentSearch } from './candidates.ts';
import type { SegmentGraph } from './graph.ts';
import { type DenseMetric, kernelMetric } from './metric.ts';

/**
 * Candidates from a graph. Where a filter leaves few documents they are compared one by one, which is quicker than walking past all others and
 * finds every one; where it leaves many, the walk passes through all nodes and keeps those allowed.
 */
export class GraphSearch implements CandidateSearch {
  readonly #stored: SegmentGraph;
  readonly #metric: 'dot' | 'l2';

  constructor(stored: SegmentGraph, metric: DenseMetric) {
    this.#stored = stored;
    this.#metric = kernelMetric(metric);
  }

  get description(): Readonly<Record<string, unknown>> {
    const { graph } = this.#stored;
    return { m: graph.m, layers: graph.size === 0 ? 0 : graph.levels[graph.entry]! + 1 };
  }

  search(query: Float32Array, k: number, allowed: Allowed | undefined, settings: SegmentSearch): Best | Promise<Best> {
    const { graph, codes } = this.#stored;
    const ef = Math.max(settings.ef, k);
    if (settings.exact) return codes.search(query, k, allowed === undefined ? {} : { allow: allowed.bitmap.words });
    if (allowed !== undefined && allowed.count <= scanLimit(graph.size, allowed.count, ef)) {
      return codes.search(query, k, { only: allowed.bitmap.members() });
    }
    const options = { metric: this.#metric, ef, ...(allowed && { allow: allowed.bitmap.words }) };
    const { indices, scores, counts } = hnswSearch(graph, codes.rows, codes.query(query), k, options);
    return { indices: indices.subarray(0, counts[0]), scores: scores.subarray(0, counts[0]) };
  }
}

/**
 * Allowed rows up to which comparing them all costs less than a walk. A walk without filter compares some 200 rows and a dozen for each candidate it
 * keeps; with a filter it goes on until enough of those it meets are allowed. A comparison on a walk costs about 1.6 of a scan's, as it comes from
 * anywhere in memory.
 */
function scanLimit(size: number, allowed: number, ef: number): number {
  return Math.min(size, (1.6 * (200 + 12 * ef) * size) / allowed);
}
