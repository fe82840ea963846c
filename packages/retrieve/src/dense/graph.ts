import { Random, throttleProgress, type WorkOptions } from '@rank-rank/core';
import { type HnswGraph, hnswGraph, hnswInsertAsync, NONE } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { VectorCodes } from './codes.ts';
import { type DenseMetric, kernelMetric } from './metric.ts';
import type { VectorSource } from './vector-source.ts';

/** A graph over the vectors of a segment: node i is row i. */
export interface SegmentGraph {
  readonly graph: HnswGraph;
  readonly codes: VectorCodes;
}

export interface GraphSettings {
  readonly m: number;
  readonly efConstruction: number;
  readonly type: VectorCodes['rows']['type'];
  readonly metric: DenseMetric;
  readonly threads: number;
}

/**
 * Makes a graph of all vectors, and the order that their rows are to have: row i is what stood at `order[i]`.
 *
 * Vectors go in in random order, as sorted ones would build the graph up from one side, with poor links. After that nodes are numbered as a walk from
 * the entry meets them (breadth first): neighbours then lie near one another in memory and in the file, which saves misses of the cache and pages
 * read (Coleman et al., "Graph Reordering for Cache-Efficient Near Neighbor Search", 2022).
 */
export async function buildGraph(
  source: VectorSource,
  settings: GraphSettings,
  work: WorkOptions,
): Promise<SegmentGraph & { readonly order: Uint32Array }> {
  const { rows } = source;
  const drawn = new Random(rows).shuffle(Uint32Array.from({ length: rows }, (_, i) => i));
  const places = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) places[drawn[i]!] = i;
  const codes = VectorCodes.encode(source, settings.type, settings.metric, places);
  const graph = hnswGraph(rows, { m: settings.m });
  await growGraph(graph, codes, settings, work);
  return inWalkOrder(graph, codes, drawn);
}

/** A graph with its nodes in the order of a walk, and where in the source each of them came from, as `drawn` says it of the old ones. */
export function inWalkOrder(graph: HnswGraph, codes: VectorCodes, drawn: Uint32Array): SegmentGraph & { readonly order: Uint32Array } {
  const met = walk(graph);
  return { graph: renumbered(graph, met), codes: codes.reordered(met), order: Uint32Array.from(met, (node) => drawn[node]!) };
}

/** Links the nodes that are not linked in yet. */
export async function growGraph(graph: HnswGraph, codes: VectorCodes, settings: GraphSettings, work: WorkOptions): Promise<void> {
  const report = throttleProgress(work.onProgress);
  await hnswInsertAsync(graph, codes.rows, codes.count, {
    metric: kernelMetric(settings.metric),
    efConstruction: settings.efConstruction,
    threads: settings.threads,
    ...(work.signal && { signal: work.signal }),
    onProgress: (done, total) => report({ stage: 'linking', done, total, unit: 'vectors' }),
  });
}

/** Nodes in the order of a breadth-first walk over the lowest layer; those it cannot reach come after. */
function walk({ base, m, size, entry }: HnswGraph): Uint32Array {
  const order = new Uint32Array(size);
  const seen = new Uint8Array(size);
  let count = 0;
  let next = 0;
  const meet = (node: number): void => {
    if (seen[node]) return;
    seen[node] = 1;
    order[count++] = node;
  };
  for (let start = -1; start < size; start++) {
    if (size > 0) meet(start < 0 ? entry : start);
    while (next < count) {
      const at = order[next++]! * 2 * m;
      for (let i = at; i < at + 2 * m && base[i] !== NONE; i++) meet(base[i]!);
    }
  }
  return order;
}

/** The graph with node i being what node `order[i]` was. */
function renumbered(graph: HnswGraph, order: Uint32Array): HnswGraph {
  const { m, size } = graph;
  const numbers = new Uint32Array(graph.levels.length).fill(NONE);
  for (let i = 0; i < order.length; i++) numbers[order[i]!] = i;
  const levels = Uint8Array.from(order, (node) => graph.levels[node]!);
  const upperStarts = new Uint32Array(size + 1);
  for (let i = 0; i < size; i++) upperStarts[i + 1] = upperStarts[i]! + levels[i]!;
  const base = new Uint32Array(size * 2 * m).fill(NONE);
  const upper = new Uint32Array(upperStarts[size]! * m).fill(NONE);
  const move = (from: Uint32Array, start: number, to: Uint32Array, at: number, length: number): void => {
    for (let i = 0; i < length && from[start + i] !== NONE; i++) to[at + i] = numbers[from[start + i]!]!;
  };
  for (let i = 0; i < size; i++) {
    const node = order[i]!;
    move(graph.base, node * 2 * m, base, i * 2 * m, 2 * m);
    for (let layer = 0; layer < levels[i]!; layer++) {
      move(graph.upper, (graph.upperStarts[node]! + layer) * m, upper, (upperStarts[i]! + layer) * m, m);
    }
  }
  return { m, levels, base, upperStarts, upper, size, entry: size === 0 ? NONE : numbers[graph.entry]! };
}

/**
 * | section | holds |
 * |---|---|
 * | `graph` | JSON: m, size, entry |
 * | `graph.levels`, `graph.base`, `graph.starts`, `graph.upper` | {@link HnswGraph} |
 * | `codes` … | the vectors, as the graph is searched; not where they are kept in that type anyhow |
 */
export async function writeGraph(writer: SectionWriter, { graph, codes }: SegmentGraph, withCodes: boolean): Promise<void> {
  await writer.writeJson('graph', { m: graph.m, size: graph.size, entry: graph.entry });
  await writer.write('graph.levels', graph.levels);
  await writer.write('graph.base', graph.base);
  await writer.write('graph.starts', graph.upperStarts);
  await writer.write('graph.upper', graph.upper);
  if (withCodes) await codes.write(writer, 'codes');
}

export function readGraph(file: SectionFile, codes: VectorCodes): SegmentGraph {
  const { m, size, entry } = file.json('graph') as { m: number; size: number; entry: number };
  return {
    graph: {
      m,
      size,
      entry,
      levels: file.u8('graph.levels'),
      base: file.u32('graph.base'),
      upperStarts: file.u32('graph.starts'),
      upper: file.u32('graph.upper'),
    },
    codes,
  };
}
