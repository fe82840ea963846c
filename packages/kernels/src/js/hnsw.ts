import { type HnswArguments, linkParts, type OperationArguments, type RowsArgument } from '../arguments.ts';
import { type Bitmap, NONE } from '../contract.ts';
import { comparer } from './compare.ts';
import { fault } from './fault.ts';
import { allowed, someRows } from './scores.ts';

/** Pairs of distance and node in order: nearer first, then the smaller node. A plain sorted array is the clearest candidate list, and this is the oracle. */
interface Candidate {
  readonly distance: number;
  readonly node: number;
}

function before(a: Candidate, b: Candidate): boolean {
  return a.distance < b.distance || (a.distance === b.distance && a.node < b.node);
}

function insertSorted(list: Candidate[], candidate: Candidate): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(list[middle]!, candidate)) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, candidate);
}

type Distance = (node: number) => number;

/** Distances from one row to rows: smaller is nearer, NaN is farthest. */
function distances(queries: RowsArgument, query: number, { rows, metric, norms }: HnswArguments): Distance {
  const compare = comparer(someRows(queries, query, 1), rows, metric, norms);
  const sign = metric === 'l2' || metric === 'hamming' ? 1 : -1;
  const out = new Float32Array(1);
  return (node) => {
    compare(node, 1, out);
    return Number.isNaN(out[0]) ? Number.POSITIVE_INFINITY : sign * out[0]!;
  };
}

/** The links of a node on a layer, as a view. */
function linksOf({ graph }: HnswArguments, node: number, layer: number): Uint32Array {
  const { m, base, upper, upperStarts } = graph;
  if (layer === 0) return base.subarray(node * 2 * m, (node + 1) * 2 * m);
  const list = upperStarts[node]! + layer - 1;
  if (list >= upperStarts[node + 1]! || (list + 1) * m > upper.length) throw fault('hnsw', 'link', node);
  return upper.subarray(list * m, (list + 1) * m);
}

/** Walks to the nearest node of a layer, from one node. */
function descend(call: HnswArguments, distance: Distance, start: Candidate, layer: number): Candidate {
  let best = start;
  for (;;) {
    let moved = false;
    for (const node of linksOf(call, best.node, layer)) {
      if (node === NONE) break;
      if (node >= call.graph.size) throw fault('hnsw', 'link', best.node);
      const candidate = { node, distance: distance(node) };
      if (before(candidate, best)) {
        best = candidate;
        moved = true;
      }
    }
    if (!moved) return best;
  }
}

/** The `ef` nearest nodes of a layer that best-first search finds from one node, nearest first. */
function searchLayer(
  call: HnswArguments,
  distance: Distance,
  start: Candidate,
  layer: number,
  ef: number,
  allow: Bitmap | undefined,
): Candidate[] {
  const visited = new Set([start.node]);
  const open = [start];
  const found: Candidate[] = allowed(allow, start.node) ? [start] : [];
  while (open.length > 0) {
    const nearest = open.shift()!;
    if (found.length >= ef && before(found[found.length - 1]!, nearest)) break;
    for (const node of linksOf(call, nearest.node, layer)) {
      if (node === NONE) break;
      if (node >= call.graph.size) throw fault('hnsw', 'link', nearest.node);
      if (visited.has(node)) continue;
      visited.add(node);
      const candidate = { node, distance: distance(node) };
      if (found.length >= ef && !before(candidate, found[found.length - 1]!)) continue;
      insertSorted(open, candidate);
      if (!allowed(allow, node)) continue;
      insertSorted(found, candidate);
      if (found.length > ef) found.pop();
    }
  }
  return found;
}

/** From the entry down to a layer's starting point. */
function enter(call: HnswArguments, distance: Distance, layer: number): Candidate {
  const { entry, size, levels } = call.graph;
  if (entry >= size) throw fault('hnsw', 'link', entry);
  let best: Candidate = { node: entry, distance: distance(entry) };
  for (let above = levels[entry]!; above > layer; above--) best = descend(call, distance, best, above);
  return best;
}

/**
 * Of candidates, nearest first, those that are nearer to the new node than to any one chosen before (Malkov & Yashunin's heuristic):
 * links then lead in different directions.
 */
function diverse(call: HnswArguments, candidates: readonly Candidate[], limit: number): number[] {
  const chosen: Distance[] = [];
  const nodes: number[] = [];
  for (const { node, distance } of candidates) {
    if (nodes.length >= limit) break;
    if (chosen.some((toChosen) => toChosen(node) < distance)) continue;
    chosen.push(distances(call.rows, node, call));
    nodes.push(node);
  }
  return nodes;
}

export function hnswFind(call: OperationArguments['hnswFind'], begin: number, end: number): void {
  const { graph, rows, from, ef } = call;
  const top = graph.levels[graph.entry]!;
  for (let unit = begin; unit < end; unit++) {
    const node = from + unit;
    const distance = distances(rows, node, call);
    const level = Math.min(graph.levels[node]!, top);
    let start = enter(call, distance, level);
    for (let layer = level; layer >= 0; layer--) {
      const candidates = searchLayer(call, distance, start, layer, ef, undefined);
      start = candidates[0]!;
      const links = linksOf(call, node, layer);
      links.fill(NONE);
      links.set(diverse(call, candidates, graph.m));
    }
  }
}

export function hnswLink(call: OperationArguments['hnswLink'], begin: number, end: number): void {
  const { graph, rows, from, to } = call;
  const top = graph.levels[graph.entry]!;
  for (let node = from; node < to; node++) {
    for (let layer = Math.min(graph.levels[node]!, top); layer >= 0; layer--) {
      for (const neighbour of linksOf(call, node, layer)) {
        if (neighbour === NONE) break;
        const part = neighbour % linkParts;
        if (part < begin || part >= end) continue;
        const links = linksOf(call, neighbour, layer);
        const full = links.indexOf(NONE);
        if (full >= 0) {
          links[full] = node;
          continue;
        }
        const distance = distances(rows, neighbour, call);
        const candidates: Candidate[] = [];
        for (const linked of links) insertSorted(candidates, { node: linked, distance: distance(linked) });
        insertSorted(candidates, { node, distance: distance(node) });
        const kept = diverse(call, candidates, links.length);
        links.fill(NONE);
        links.set(kept);
      }
    }
  }
}

/** A unit is a query. */
export function hnswSearch(call: OperationArguments['hnswSearch'], begin: number, end: number): void {
  const { queries, ef, allow, k, indices, scores, counts, metric } = call;
  const sign = metric === 'l2' || metric === 'hamming' ? 1 : -1;
  for (let query = begin; query < end; query++) {
    const distance = distances(queries, query, call);
    const found = searchLayer(call, distance, enter(call, distance, 0), 0, Math.max(ef, k), allow);
    const count = Math.min(k, found.length);
    for (let i = 0; i < count; i++) {
      indices[query * k + i] = found[i]!.node;
      scores[query * k + i] = sign * found[i]!.distance + 0;
    }
    counts[query] = count;
  }
}
