import type { WorkOptions } from '@rank-rank/core';
import { type HnswGraph, hnswGraph, NONE, type Rows, scores, topK } from '@rank-rank/kernels';
import type { Bitmap } from '../metadata/bitmap.ts';
import { VectorCodes } from './codes.ts';
import { type GraphSettings, growGraph, inWalkOrder, type SegmentGraph } from './graph.ts';
import { kernelMetric } from './metric.ts';
import type { VectorSource } from './vector-source.ts';

/** A graph without some of its nodes: what is left, in its order, with the links mended. */
interface Survivors {
  readonly nodes: Uint32Array;
  /** `capacity` of them, for the nodes to come as well. */
  readonly graph: HnswGraph;
}

/**
 * A graph of new vectors made from one that has most of them: its nodes keep their links, those removed are bridged, the others are linked in.
 * Far quicker than making it anew (as Lucene merges its graphs).
 *
 * `places` says for each node of the old graph where its vector now is in `source`, or {@link NONE} where it was removed.
 */
export async function extendGraph(
  old: SegmentGraph,
  removed: Bitmap | undefined,
  places: Uint32Array,
  source: VectorSource,
  settings: GraphSettings,
  work: WorkOptions,
): Promise<SegmentGraph & { readonly order: Uint32Array }> {
  const { nodes, graph } = survivors(old, removed, source.rows, settings);
  // Where each node's vector is in the source: first the survivors, then all others.
  const drawn = new Uint32Array(source.rows);
  const taken = new Uint8Array(source.rows);
  nodes.forEach((node, i) => {
    drawn[i] = places[node]!;
    taken[places[node]!] = 1;
  });
  let next = nodes.length;
  for (let row = 0; row < source.rows; row++) if (!taken[row]) drawn[next++] = row;
  const at = new Uint32Array(source.rows);
  drawn.forEach((row, i) => {
    at[row] = i;
  });
  const codes = VectorCodes.encode(source, settings.type, settings.metric, at);
  await growGraph(graph, codes, settings, work);
  return inWalkOrder(graph, codes, drawn);
}

function survivors({ graph: old, codes }: SegmentGraph, removed: Bitmap | undefined, capacity: number, settings: GraphSettings): Survivors {
  const { m } = old;
  const mended = removed === undefined ? old : bridged(old, codes.rows, removed, settings);
  // A node that has lost all its links is linked in anew.
  const nodes = Uint32Array.from({ length: old.size }, (_, node) => node).filter(
    (node) => !removed?.has(node) && (old.size === 1 || mended.base[node * 2 * m] !== NONE),
  );
  const numbers = new Uint32Array(old.size).fill(NONE);
  nodes.forEach((node, i) => {
    numbers[node] = i;
  });
  const graph = hnswGraph(capacity, { m });
  const levels = graph.levels.slice();
  nodes.forEach((node, i) => {
    levels[i] = old.levels[node]!;
  });
  const upperStarts = new Uint32Array(capacity + 1);
  for (let i = 0; i < capacity; i++) upperStarts[i + 1] = upperStarts[i]! + levels[i]!;
  const upper = new Uint32Array(upperStarts[capacity]! * m).fill(NONE);
  let entry = NONE;
  const copy = (from: Uint32Array, start: number, to: Uint32Array, place: number, width: number): void => {
    let count = 0;
    for (let i = start; i < start + width && from[i] !== NONE; i++) {
      const number = numbers[from[i]!]!;
      if (number !== NONE) to[place + count++] = number;
    }
  };
  nodes.forEach((node, i) => {
    copy(mended.base, node * 2 * m, graph.base, i * 2 * m, 2 * m);
    for (let layer = 0; layer < levels[i]!; layer++) {
      copy(mended.upper, (old.upperStarts[node]! + layer) * m, upper, (upperStarts[i]! + layer) * m, m);
    }
    if (entry === NONE || levels[i]! > levels[entry]!) entry = i;
  });
  return { nodes, graph: { ...graph, levels, upperStarts, upper, size: nodes.length, entry } };
}

/** The links of the nodes that stay, with removed neighbours replaced by the nearest of those neighbours' own. */
function bridged(old: HnswGraph, rows: Rows, removed: Bitmap, settings: GraphSettings): Pick<HnswGraph, 'base' | 'upper'> {
  const { m, size, levels, upperStarts } = old;
  const base = old.base.slice();
  const upper = old.upper.slice();
  for (let node = 0; node < size; node++) {
    if (removed.has(node)) continue;
    bridge(node, old.base, (other) => other * 2 * m, base, 2 * m);
    for (let layer = 0; layer < levels[node]!; layer++) {
      bridge(node, old.upper, (other) => (upperStarts[other]! + layer) * m, upper, m);
    }
  }
  return { base, upper };

  function bridge(node: number, links: Uint32Array, startOf: (node: number) => number, into: Uint32Array, width: number): void {
    const start = startOf(node);
    const kept: number[] = [];
    const lost: number[] = [];
    for (let i = start; i < start + width && links[i] !== NONE; i++) (removed.has(links[i]!) ? lost : kept).push(links[i]!);
    if (lost.length === 0) return;
    const known = new Set([node, ...kept]);
    const candidates: number[] = [];
    for (const other of lost) {
      const from = startOf(other);
      for (let i = from; i < from + width && links[i] !== NONE; i++) {
        if (removed.has(links[i]!) || known.has(links[i]!)) continue;
        known.add(links[i]!);
        candidates.push(links[i]!);
      }
    }
    const chosen = nearest(rows, node, candidates, lost.length, settings);
    into.fill(NONE, start, start + width);
    into.set(kept, start);
    into.set(chosen, start + kept.length);
  }
}

function nearest(rows: Rows, node: number, candidates: number[], count: number, settings: GraphSettings): number[] {
  if (candidates.length <= count) return candidates;
  const metric = kernelMetric(settings.metric);
  const only = Uint32Array.from(candidates);
  const { indices } = topK(scores(rowOf(rows, node), rows, { only, metric }), count, { order: metric === 'l2' ? 'smallest' : 'largest' });
  return Array.from(indices, (i) => candidates[i]!);
}

/** One row of f32, halves or bytes, in place. */
function rowOf(rows: Rows, row: number): Rows {
  if (rows.type !== 'f32' && rows.type !== 'f16' && rows.type !== 'i8') return rows;
  const { dim } = rows;
  const data = rows.data.subarray(row * dim, (row + 1) * dim);
  return rows.type === 'i8'
    ? { ...rows, data: data as Int8Array, scales: rows.scales.subarray(row, row + 1) }
    : ({ ...rows, data } as Rows);
}
