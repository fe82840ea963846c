import { type Best, hnswSearch, NONE } from '@rank-rank/kernels';
import { Bitmap } from '../metadata/bitmap.ts';
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
  /** The node of each row, made when a filter first needs it. */
  #nodes: Uint32Array | undefined;
  readonly #nodeSets = new WeakMap<Bitmap, Uint32Array>();

  constructor(stored: SegmentGraph, metric: DenseMetric) {
    this.#stored = stored;
    this.#metric = kernelMetric(metric);
  }

  get description(): Readonly<Record<string, unknown>> {
    const { graph } = this.#stored;
    return { m: graph.m, layers: graph.size === 0 ? 0 : graph.levels[graph.entry]! + 1 };
  }

  search(query: Float32Array, k: number, allowed: Allowed | undefined, settings: SegmentSearch): Best | Promise<Best> {
    const { graph, codes, labels } = this.#stored;
    const ef = Math.max(settings.ef, k);
    if (settings.exact) return this.#toRows(codes.search(query, k, allowed === undefined ? {} : { allow: this.#nodeSet(allowed.bitmap) }));
    if (allowed !== undefined && allowed.count <= scanLimit(graph.size, ef)) {
      return this.#toRows(codes.search(query, k, { only: this.#nodesOf(allowed.bitmap) }));
    }
    const options = { metric: this.#metric, ef, ...(allowed && { allow: this.#nodeSet(allowed.bitmap) }) };
    const { indices, scores, counts } = hnswSearch(graph, codes.rows, codes.query(query), k, options);
    return toRows({ indices: indices.subarray(0, counts[0]), scores: scores.subarray(0, counts[0]) }, labels);
  }

  #toRows(found: Best | Promise<Best>): Best | Promise<Best> {
    const { labels } = this.#stored;
    return found instanceof Promise ? found.then((best) => toRows(best, labels)) : toRows(found, labels);
  }

  #nodesOf(rows: Bitmap): Uint32Array {
    const { labels } = this.#stored;
    if (this.#nodes === undefined) {
      this.#nodes = new Uint32Array(labels.length);
      for (let node = 0; node < labels.length; node++) this.#nodes[labels[node]!] = node;
    }
    const members = rows.members();
    for (let i = 0; i < members.length; i++) members[i] = this.#nodes[members[i]!]!;
    return members;
  }

  #nodeSet(rows: Bitmap): Uint32Array {
    let nodes = this.#nodeSets.get(rows);
    if (nodes === undefined) {
      const { labels } = this.#stored;
      const set = Bitmap.empty(labels.length);
      for (let node = 0; node < labels.length; node++) if (rows.has(labels[node]!)) set.add(node);
      nodes = set.words;
      this.#nodeSets.set(rows, nodes);
    }
    return nodes;
  }
}

/** Allowed rows up to which comparing them all costs no more than about two walks: a walk compares some hundreds and about a dozen for each candidate. */
function scanLimit(size: number, ef: number): number {
  return Math.min(size, 2_000 + 24 * ef);
}

function toRows({ indices, scores }: Best, labels: Uint32Array): Best {
  const rows = new Uint32Array(indices.length);
  for (let i = 0; i < rows.length; i++) rows[i] = indices[i] === NONE ? NONE : labels[indices[i]!]!;
  return { indices: rows, scores };
}
