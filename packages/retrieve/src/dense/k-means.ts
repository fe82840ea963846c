import { Random, throwIfCancelled } from '@rank-rank/core';
import { assignAsync, sumClusters } from '@rank-rank/kernels';

/**
 * Centroids that lie close to the vectors: Lloyd's iterations (1982) from a random choice of vectors. A centroid that loses all its vectors takes
 * over half of the largest cluster: a copy, moved by a hair.
 *
 * Gives `clusters × dim` numbers, or as many centroids as there are vectors if those are fewer.
 */
export async function kMeans(
  data: Float32Array,
  dim: number,
  clusters: number,
  options: {
    readonly iterations?: number;
    readonly seed?: number;
    readonly threads?: number;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Float32Array> {
  const { iterations = 10, seed = 42, threads = 1, signal } = options;
  const rows = data.length / dim;
  const k = Math.min(clusters, rows);
  const random = new Random(seed);
  const centroids = new Float32Array(k * dim);
  random.sample(rows, k).forEach((row, i) => {
    centroids.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const vectors = { type: 'f32', data, dim } as const;
  for (let iteration = 0; iteration < iterations; iteration++) {
    throwIfCancelled(signal, 'Clustering');
    const { ids } = await assignAsync(vectors, { type: 'f32', data: centroids, dim }, { metric: 'l2', threads, ...(signal && { signal }) });
    const { sums, counts } = sumClusters(vectors, ids, k);
    for (let c = 0; c < k; c++) {
      for (let i = c * dim; i < (c + 1) * dim && counts[c]! > 0; i++) centroids[i] = sums[i]! / counts[c]!;
    }
    for (let c = 0; c < k; c++) if (counts[c] === 0) splitLargest(centroids, dim, counts, c);
  }
  return centroids;
}

function splitLargest(centroids: Float32Array, dim: number, counts: Uint32Array, empty: number): void {
  const largest = counts.reduce((best, count, c) => (count > counts[best]! ? c : best), 0);
  for (let i = 0; i < dim; i++) {
    const number = centroids[largest * dim + i]!;
    const step = (i % 2 === 0 ? 1 : -1) * 2 ** -10 * (Math.abs(number) || 2 ** -10);
    centroids[empty * dim + i] = number + step;
    centroids[largest * dim + i] = number - step;
  }
  counts[empty] = counts[largest]! >> 1;
  counts[largest]! -= counts[empty]!;
}
