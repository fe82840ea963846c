import { Random, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import { assignAsync, quantiseAsync } from '@rank-rank/kernels';
import { batchEnd, type RowSource } from '../store/row-source.ts';
import type { CodecKeeper } from './codec-keeper.ts';
import { asksForGrowth } from './grow-codec.ts';
import { centroidCount } from './k-means.ts';
import type { ResidualCodec } from './residual-codec.ts';
import { rowsPerCentroid } from './train-codec.ts';

/** Rows assigned at a time. */
const batchRows = 16_384;
/** Strange rows that growth looks at, at most. */
const mostStrange = 262_144;

/**
 * The nearest centroid of every row of a source, with the codec they belong to: learnt first if there is none, and grown if many rows are
 * strange to it. Rows that have codes of the codec keep their centroids.
 */
export async function assignRows(
  source: RowSource,
  keeper: CodecKeeper,
  options: { readonly threads: number; readonly seed: number; readonly centroids: number | undefined } & WorkOptions,
): Promise<{ codec: ResidualCodec; centroidIds: Uint16Array }> {
  const { offsets, dim } = source;
  const total = offsets.at(-1)!;
  const codec =
    keeper.codec ?? (await keeper.train(sampleOf(source, options.centroids ?? centroidCount(total), options.seed), total, options));
  const centroidIds = new Uint16Array(total);
  const strange: number[] = [];
  const strangeRows: Float32Array[] = [];
  for await (const { rows, data, places } of uncoded(source, codec, centroidIds)) {
    throwIfCancelled(options.signal, 'Clustering tokens');
    const work = { threads: options.threads, ...(options.signal && { signal: options.signal }) };
    const bytes = await quantiseAsync({ type: 'f32', data, dim }, 'i8', work);
    const { ids, scores } = await assignAsync(bytes, codec.centroids, { metric: 'l2', ...work });
    for (let i = 0; i < rows; i++) {
      centroidIds[places[i]!] = ids[i]!;
      if (scores[i]! > codec.reach && strange.length < mostStrange) {
        strange.push(places[i]!);
        strangeRows.push(data.slice(i * dim, (i + 1) * dim));
      }
    }
    options.onProgress?.({ stage: 'assigning', done: places[rows - 1]! + 1, total, unit: 'tokens' });
  }
  // A codec that was learnt just now knows its own strangers: that one row in a thousand is one was how `reach` was set.
  if (!asksForGrowth(codec, strange.length, total)) return { codec, centroidIds };
  const data = new Float32Array(strange.length * dim);
  strangeRows.forEach((row, i) => {
    data.set(row, i * dim);
  });
  const grown = await keeper.grow(data, options);
  const { ids } = await assignAsync(await quantiseAsync({ type: 'f32', data, dim }, 'i8'), grown.centroids, {
    metric: 'l2',
    threads: options.threads,
  });
  strange.forEach((place, i) => {
    centroidIds[place] = ids[i]!;
  });
  return { codec: grown, centroidIds };
}

/** Batches of rows that have no codes of the codec; the centroids of those that have are written down on the way. */
async function* uncoded(
  source: RowSource,
  codec: ResidualCodec,
  centroidIds: Uint16Array,
): AsyncGenerator<{ rows: number; data: Float32Array; places: Uint32Array }> {
  const { offsets, dim } = source;
  const documents = offsets.length - 1;
  for (let from = 0; from < documents; ) {
    const to = batchEnd(offsets, from, batchRows);
    const data = new Float32Array((offsets[to]! - offsets[from]!) * dim);
    const places = new Uint32Array(offsets[to]! - offsets[from]!);
    let rows = 0;
    for (let d = from; d < to; d++) {
      const coded = source.coded(d);
      if (coded?.lineage === codec.lineage) {
        centroidIds.set(coded.centroidIds, offsets[d]);
        continue;
      }
      source.read(d, data, rows * dim);
      for (let row = offsets[d]!; row < offsets[d + 1]!; row++) places[rows++] = row;
    }
    if (rows > 0) yield { rows, data: data.subarray(0, rows * dim), places };
    from = to;
  }
}

/** Rows to learn from: all of them, or whole documents drawn at random. */
function sampleOf({ offsets, dim, read }: RowSource, centroids: number, seed: number): Float32Array {
  const total = offsets.at(-1)!;
  if (total === 0) return new Float32Array(dim);
  const documents = offsets.length - 1;
  const wanted = Math.min(total, Math.max(8192, centroids * rowsPerCentroid));
  const order = new Random(seed).shuffle(
    Uint32Array.from({ length: documents }, (_, d) => d) as unknown as { length: number; [index: number]: unknown },
  ) as unknown as Uint32Array;
  const chosen: number[] = [];
  let rows = 0;
  for (let i = 0; i < documents && rows < wanted; i++) {
    rows += offsets[order[i]! + 1]! - offsets[order[i]!]!;
    chosen.push(order[i]!);
  }
  const sample = new Float32Array(rows * dim);
  let at = 0;
  for (const d of chosen) {
    read(d, sample, at);
    at += (offsets[d + 1]! - offsets[d]!) * dim;
  }
  return sample;
}
