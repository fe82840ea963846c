import { type OperationArguments, queryBlock, type RowsArgument, type ScoresArguments, type SearchArguments } from '../arguments.ts';
import type { Bitmap } from '../contract.ts';
import { comparer, rowTile } from './compare.ts';
import { fault } from './fault.ts';
import { Heap } from './heap.ts';

export function allowed(allow: Bitmap | undefined, index: number): boolean {
  return allow === undefined || ((allow[index >>> 5]! >>> (index & 31)) & 1) === 1;
}

/** Rows `from` up to `from + count` as rows of their own. */
export function someRows(rows: RowsArgument, from: number, count: number): RowsArgument {
  const { data, stride, scales, centroidIds } = rows;
  return {
    ...rows,
    rows: count,
    data: data.subarray(from * stride, from * stride + count * stride),
    ...(scales && { scales: scales.subarray(from, from + count) }),
    ...(centroidIds && { centroidIds: centroidIds.subarray(from, from + count) }),
  };
}

/** A unit is a row (of all, or of the list). */
export function scores(call: ScoresArguments, begin: number, end: number): void {
  const { queries, rows, only, scores: out } = call;
  const compare = comparer(queries, rows, call.metric, call.norms);
  const total = only === undefined ? rows.rows : only.length;
  const tile = new Float32Array(rowTile * queries.rows);
  const step = only === undefined ? rowTile : 1;
  for (let unit = begin; unit < end; unit += step) {
    const count = Math.min(step, end - unit);
    const row = only === undefined ? unit : only[unit]!;
    if (row >= rows.rows) throw fault('scores', 'only', unit);
    compare(row, count, tile);
    for (let t = 0; t < count; t++) for (let q = 0; q < queries.rows; q++) out[q * total + unit + t] = tile[t * queries.rows + q]!;
  }
}

export function search(call: SearchArguments, begin: number, end: number): void {
  const { queries, rows, metric, only, allow, k, shards, shardSize } = call;
  const total = only === undefined ? rows.rows : only.length;
  const sign = metric === 'l2' || metric === 'hamming' ? -1 : 1;
  const heaps = Array.from({ length: Math.min(queryBlock, queries.rows) }, () => new Heap(k));
  for (let unit = begin; unit < end; unit++) {
    const shard = unit % shards;
    const firstQuery = ((unit / shards) | 0) * queryBlock;
    const count = Math.min(queryBlock, queries.rows - firstQuery);
    const compare = comparer(someRows(queries, firstQuery, count), rows, metric, call.norms);
    const tile = new Float32Array(rowTile * count);
    const to = Math.min(total, (shard + 1) * shardSize);
    const step = only === undefined && allow === undefined ? rowTile : 1;
    for (let at = shard * shardSize; at < to; at += step) {
      const row = only === undefined ? at : only[at]!;
      if (row >= rows.rows) throw fault('search', 'only', at);
      if (!allowed(allow, row)) continue;
      const taken = Math.min(step, to - at);
      compare(row, taken, tile);
      for (let t = 0; t < taken; t++) for (let q = 0; q < count; q++) heaps[q]!.push(sign * tile[t * count + q]!, row + t);
    }
    for (let q = 0; q < count; q++) {
      const place = (firstQuery + q) * shards + shard;
      call.counts[place] = heaps[q]!.drain(call.indices, call.scores, place * k, sign);
    }
  }
}

export function topK(call: OperationArguments['topK']): void {
  const { values, allow, smallest } = call;
  const sign = smallest ? -1 : 1;
  const heap = new Heap(call.k);
  for (let i = 0; i < values.length; i++) if (allowed(allow, i)) heap.push(sign * values[i]!, i);
  call.counts[0] = heap.drain(call.indices, call.scores, 0, sign);
}
