import { Random, type WorkOptions } from '@rank-rank/core';
import { assignAsync, type I8Rows, quantise, quantiseAsync, sumClustersAsync } from '@rank-rank/kernels';

export interface KMeansOptions extends Pick<WorkOptions, 'signal'> {
  readonly iterations: number;
  readonly threads: number;
  readonly seed: number;
}

/**
 * Lloyd's k-means of rows, compared as bytes: the centroids come out as bytes, as they are stored and compared with later. Starts from random
 * rows; a cluster that runs empty starts again from a row far from its centroid.
 */
export async function kMeans(rows: Float32Array, dim: number, clusters: number, options: KMeansOptions): Promise<I8Rows> {
  const { iterations, threads, seed, signal } = options;
  const random = new Random(seed);
  const count = rows.length / dim;
  const work = { threads, ...(signal && { signal }) };
  const bytes = await quantiseAsync({ type: 'f32', data: rows, dim }, 'i8', work);
  const means = new Float32Array(clusters * dim);
  random.sample(count, clusters).forEach((row, c) => {
    means.set(rows.subarray(row * dim, (row + 1) * dim), c * dim);
  });
  // Fewer rows than clusters: the rest repeat rows and stay empty.
  for (let c = count; c < clusters; c++) means.set(rows.subarray((c % count) * dim, ((c % count) + 1) * dim), c * dim);
  let centroids = quantise({ type: 'f32', data: means, dim }, 'i8');
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { ids, scores } = await assignAsync(bytes, centroids, { metric: 'l2', ...work });
    const { sums, counts } = await sumClustersAsync({ type: 'f32', data: rows, dim }, ids, clusters, work);
    const far = farthest(scores, counts);
    for (let c = 0, next = 0; c < clusters; c++) {
      const size = counts[c]!;
      if (size > 0) for (let k = c * dim; k < (c + 1) * dim; k++) means[k] = sums[k]! / size;
      else if (next < far.length) {
        const row = far[next++]!;
        means.set(rows.subarray(row * dim, (row + 1) * dim), c * dim);
      }
    }
    centroids = quantise({ type: 'f32', data: means, dim }, 'i8');
  }
  return centroids;
}

/** As many rows as clusters are empty: those farthest from their centroids. */
function farthest(distances: Float32Array, counts: Uint32Array): Uint32Array {
  let empty = 0;
  for (const count of counts) if (count === 0) empty++;
  if (empty === 0) return new Uint32Array(0);
  const order = Uint32Array.from({ length: distances.length }, (_, i) => i);
  return order.sort((a, b) => distances[b]! - distances[a]! || a - b).subarray(0, empty);
}

/**
 * How many centroids a collection of so many rows gets: PLAID's 2^⌊log2(16·√n)⌋ (Santhanam et al. 2022), fewer where a centroid would stand
 * for less than 48 rows and so take more room than it saves, at most 65,536.
 */
export function centroidCount(rows: number): number {
  const wanted = Math.min(16 * Math.sqrt(rows), rows / 48, 65_536);
  return wanted < 1 ? 1 : 2 ** Math.floor(Math.log2(wanted));
}
