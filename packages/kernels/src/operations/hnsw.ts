import { checkInteger, checkOptions, RankError, shown } from '@rank-rank/core';
import { linkParts, type RowsArgument } from '../arguments.ts';
import { checkAllow, checkArray, checkLength, checkNorms, checkPair, checkRows, mostRows } from '../check.ts';
import { type HnswGraph, type HnswInsertOptions, type HnswSearchOptions, type Nearest, NONE, type Rows } from '../contract.ts';
import { grainOf, type Plan } from '../plan.ts';
import { checkMetric, emptyNearest } from './scores.ts';

/** Levels above this are cut off: with m = 2 it takes more rows than can be numbered to get there. */
const highestLevel = 32;

export function hnswGraph(capacity: number, options: { readonly m?: number; readonly seed?: number } = {}): HnswGraph {
  checkOptions('hnswGraph', options, ['m', 'seed']);
  checkInteger('hnswGraph: capacity', capacity, { min: 0, max: mostRows });
  const m = checkInteger('hnswGraph: m', options.m ?? 16, { min: 2, max: 1024 });
  const seed = checkInteger('hnswGraph: seed', options.seed ?? 42, { min: 0, max: 2 ** 32 - 1 });
  const levels = new Uint8Array(capacity);
  const upperStarts = new Uint32Array(capacity + 1);
  let lists = 0;
  for (let node = 0; node < capacity; node++) {
    upperStarts[node] = lists;
    lists += levels[node] = levelOf(node, seed, m);
  }
  upperStarts[capacity] = lists;
  return {
    m,
    levels,
    base: new Uint32Array(capacity * 2 * m).fill(NONE),
    upperStarts,
    upper: new Uint32Array(lists * m).fill(NONE),
    size: 0,
    entry: NONE,
  };
}

/** ⌊−ln u / ln m⌋ with u drawn from the node's number (a finaliser of splitmix), so that each layer holds one node in m of the one below. */
function levelOf(node: number, seed: number, m: number): number {
  let x = (Math.imul(node + 1, 0x9e3779b9) ^ seed) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x = (x ^ (x >>> 16)) >>> 0;
  return Math.min(highestLevel, Math.floor(-Math.log((x + 1) / 2 ** 32) / Math.log(m)));
}

function checkGraph(where: string, graph: HnswGraph, rows: number): void {
  if (typeof graph !== 'object' || graph === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: the graph is ${shown(graph)}; expected what hnswGraph gives.`);
  }
  const m = checkInteger(`${where}: graph.m`, graph.m, { min: 2, max: 1024 });
  const capacity = checkArray(`${where}: graph.levels`, graph.levels, Uint8Array).length;
  checkLength(`${where}: graph.base`, checkArray(`${where}: graph.base`, graph.base, Uint32Array), capacity * 2 * m, 'capacity × 2m');
  checkLength(
    `${where}: graph.upperStarts`,
    checkArray(`${where}: graph.upperStarts`, graph.upperStarts, Uint32Array),
    capacity + 1,
    'capacity + 1',
  );
  checkLength(
    `${where}: graph.upper`,
    checkArray(`${where}: graph.upper`, graph.upper, Uint32Array),
    graph.upperStarts[capacity]! * m,
    'lists × m',
  );
  const size = checkInteger(`${where}: graph.size`, graph.size, { min: 0, max: capacity });
  if (size > rows)
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the graph has ${size} nodes and there are ${rows} rows; expected a row for each node.`,
    );
  if (size > 0 && !(graph.entry < size))
    throw new RankError('CORRUPT', `${where}: the graph's entry is ${graph.entry}; expected a node below ${size}.`);
}

/** Rows that go in together: few while the graph is small, and a row that rises above the graph's top alone, so that it becomes the entry for the next. */
function batchEnd(graph: HnswGraph, to: number): number {
  if (graph.size === 0) return 1;
  const top = graph.levels[graph.entry]!;
  const limit = Math.min(to, graph.size + Math.max(1, Math.min(512, graph.size >> 5)));
  for (let node = graph.size; node < limit; node++) if (graph.levels[node]! > top) return Math.max(node, graph.size + 1);
  return limit;
}

export function* hnswInsert(graph: HnswGraph, allRows: Rows, to: number, options: HnswInsertOptions = {}): Plan<void> {
  const where = 'hnswInsert';
  checkOptions(where, options, ['metric', 'efConstruction', 'norms', 'onProgress']);
  const rows = checkRows(where, allRows);
  checkGraph(where, graph, rows.rows);
  checkInteger(`${where}: to`, to, { min: graph.size, max: Math.min(rows.rows, graph.levels.length) });
  const metric = checkMetric(where, options.metric, rows, rows);
  const ef = checkInteger(`${where}: efConstruction`, options.efConstruction ?? 200, { min: 1, max: 100_000 });
  const norms = checkNorms(where, options.norms, rows.rows);
  const call = { graph, rows, metric, norms };
  const grain = grainOf(ef * graph.m * rows.dim);
  while (graph.size < to) {
    const from = graph.size;
    const end = batchEnd(graph, to);
    if (graph.entry === NONE || from === 0) graph.entry = 0;
    else {
      yield { operation: 'hnswFind', arguments: { ...call, from, ef }, units: end - from, grain };
      yield { operation: 'hnswLink', arguments: { ...call, from, to: end }, units: linkParts, grain: end - from < 16 ? linkParts : 4 };
      if (graph.levels[from]! > graph.levels[graph.entry]!) graph.entry = from;
    }
    graph.size = end;
    options.onProgress?.(end, to);
  }
}

export function* hnswSearch(graph: HnswGraph, allRows: Rows, queryRows: Rows, k: number, options: HnswSearchOptions = {}): Plan<Nearest> {
  const where = 'hnswSearch';
  checkOptions(where, options, ['metric', 'ef', 'allow', 'norms']);
  const rows = checkRows(`${where}: rows`, allRows);
  const queries: RowsArgument = checkRows(`${where}: queries`, queryRows);
  checkPair(where, queries, rows);
  checkGraph(where, graph, rows.rows);
  const metric = checkMetric(where, options.metric, queries, rows);
  const places = Math.min(checkInteger(`${where}: k`, k, { min: 1 }), graph.size);
  const ef = Math.min(Math.max(checkInteger(`${where}: ef`, options.ef ?? 64, { min: 1 }), places), Math.max(1, graph.size));
  const allow = checkAllow(where, options.allow, graph.size);
  const norms = checkNorms(where, options.norms, rows.rows);
  const found = emptyNearest(queries.rows, places);
  if (graph.size > 0) {
    yield {
      operation: 'hnswSearch',
      arguments: { graph, rows, metric, norms, queries, ef, allow, ...found },
      units: queries.rows,
      grain: grainOf(ef * graph.m * rows.dim * 2),
    };
  }
  return found;
}
