import { checkInteger, checkOneOf, checkOptions, RankError } from '@rank-rank/core';
import { queryBlock, type RowsArgument } from '../arguments.ts';
import { checkAllow, checkArray, checkNorms, checkOnly, checkPair, checkRows, outputFloats } from '../check.ts';
import {
  type Best,
  type Metric,
  type Nearest,
  NONE,
  type Rows,
  type ScoresOptions,
  type SearchOptions,
  type TopKOptions,
} from '../contract.ts';
import { Heap } from '../js/heap.ts';
import { grainOf, type Plan } from '../plan.ts';

/** Candidates that one unit of a search goes through; more are split, so that threads can share the work of a single query. */
const shardRows = 65_536;

export function checkMetric(where: string, metric: unknown, queries: RowsArgument, rows: RowsArgument): Metric {
  const name = checkOneOf(`${where}: metric`, metric ?? 'dot', ['dot', 'cosine', 'l2', 'hamming']);
  if (name === 'hamming' && !(queries.type === 'bits' && rows.type === 'bits')) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where}: metric hamming compares bits with bits; the types are ${queries.type} and ${rows.type}.`,
    );
  }
  return name;
}

export function* scores(queryRows: Rows, allRows: Rows, options: ScoresOptions = {}): Plan<Float32Array> {
  checkOptions('scores', options, ['metric', 'only', 'norms', 'out']);
  const queries = checkRows('scores: queries', queryRows);
  const rows = checkRows('scores: rows', allRows);
  checkPair('scores', queries, rows);
  const metric = checkMetric('scores', options.metric, queries, rows);
  const only = checkOnly('scores', options.only);
  const norms = checkNorms('scores', options.norms, rows.rows);
  const units = only === undefined ? rows.rows : only.length;
  const out = outputFloats('scores', options.out, queries.rows * units);
  const grain = grainOf(rows.dim * Math.max(4, queries.rows));
  yield { operation: 'scores', arguments: { queries, rows, metric, only, norms, scores: out }, units, grain };
  return out;
}

export function* search(queryRows: Rows, allRows: Rows, k: number, options: SearchOptions = {}): Plan<Nearest> {
  checkOptions('search', options, ['metric', 'only', 'allow', 'norms']);
  const queries = checkRows('search: queries', queryRows);
  const rows = checkRows('search: rows', allRows);
  checkPair('search', queries, rows);
  const metric = checkMetric('search', options.metric, queries, rows);
  const only = checkOnly('search', options.only);
  const allow = checkAllow('search', options.allow, rows.rows);
  const norms = checkNorms('search', options.norms, rows.rows);
  const candidates = countCandidates('search', only, allow, rows.rows);
  const { places, shards, shardSize } = sharded(k, candidates);
  const found = emptyNearest(queries.rows * shards, places);
  const blocks = Math.ceil(queries.rows / queryBlock);
  yield {
    operation: 'search',
    arguments: { queries, rows, metric, only, allow, norms, ...found, k: places, shards, shardSize },
    units: blocks * shards,
    grain: grainOf(shardSize * rows.dim * Math.min(queryBlock, Math.max(4, queries.rows))),
  };
  return mergeShards(found, queries.rows, shards, metric === 'l2' || metric === 'hamming');
}

/** How many rows may be found. `only` and `allow` exclude one another. */
export function countCandidates(where: string, only: Uint32Array | undefined, allow: Uint32Array | undefined, rows: number): number {
  if (only !== undefined && allow !== undefined) {
    throw new RankError('INVALID_ARGUMENT', `${where}: both only and allow were given; expected one of them.`);
  }
  return only?.length ?? rows;
}

/** k places at most, and shards that hold at least that many candidates each. */
export function sharded(k: number, candidates: number): { places: number; shards: number; shardSize: number } {
  const places = Math.min(checkInteger('k', k, { min: 1 }), candidates);
  const shardSize = Math.max(shardRows, 4 * places);
  const shards = Math.max(1, Math.ceil(candidates / shardSize));
  return { places, shards, shardSize: shards === 1 ? candidates : shardSize };
}

export function emptyNearest(lists: number, k: number): Nearest {
  const places = lists * k;
  return {
    indices: new Uint32Array(places).fill(NONE),
    scores: outputFloats('k', undefined, places).fill(Number.NaN),
    counts: new Uint32Array(lists),
    k,
  };
}

/** One list a query from one a query and shard. The order is total, so the shards leave no trace. */
export function mergeShards(found: Nearest, queries: number, shards: number, smallest: boolean): Nearest {
  if (shards === 1) return found;
  const { k } = found;
  const sign = smallest ? -1 : 1;
  const merged = emptyNearest(queries, k);
  const heap = new Heap(k);
  for (let query = 0; query < queries; query++) {
    for (let list = query * shards; list < (query + 1) * shards; list++) {
      for (let i = list * k; i < list * k + found.counts[list]!; i++) heap.push(sign * found.scores[i]!, found.indices[i]!);
    }
    merged.counts[query] = heap.drain(merged.indices, merged.scores, query * k, sign);
  }
  return merged;
}

export function* topK(values: Float32Array | Uint32Array | Uint16Array, k: number, options: TopKOptions = {}): Plan<Best> {
  checkOptions('topK', options, ['allow', 'order']);
  checkArray<Float32Array | Uint32Array | Uint16Array>('topK: scores', values, Float32Array, Uint32Array, Uint16Array);
  const smallest = checkOneOf('topK: order', options.order ?? 'largest', ['largest', 'smallest']) === 'smallest';
  const allow = checkAllow('topK', options.allow, values.length);
  const places = Math.min(checkInteger('topK: k', k, { min: 0 }), values.length);
  const found = emptyNearest(1, places);
  yield { operation: 'topK', arguments: { values, smallest, allow, ...found }, units: 1, grain: 1 };
  return trimmed(found);
}

/** What was found for the only query. */
export function trimmed({ indices, scores: found, counts }: Nearest): Best {
  const count = counts[0]!;
  return count === indices.length ? { indices, scores: found } : { indices: indices.slice(0, count), scores: found.slice(0, count) };
}
