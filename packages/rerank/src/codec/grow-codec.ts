import type { WorkOptions } from '@rank-rank/core';
import type { I8Rows } from '@rank-rank/kernels';
import { kMeans } from './k-means.ts';
import type { ResidualCodec } from './residual-codec.ts';
import { rowsPerCentroid } from './train-codec.ts';

/** Fewer strange rows than this are no new subject. */
const fewest = 64;
/** Centroid numbers are 16 bits. */
const mostCentroids = 65_536;

/** Whether so many rows beyond the codec's reach ask for centroids of their own. By definition one row in a thousand is beyond it. */
export function asksForGrowth(codec: ResidualCodec, strange: number, rows: number): boolean {
  return strange >= Math.max(fewest, rows / 100) && codec.centroids.scales.length < mostCentroids;
}

/**
 * The codec with centroids added for rows that are strange to it, found by clustering those rows alone. What there was keeps its numbers, so codes made
 * before stay as they are (as fast-plaid and XTR-WARP grow their indexes).
 */
export async function grownCodec(
  codec: ResidualCodec,
  strange: Float32Array,
  options: { readonly iterations: number; readonly threads: number; readonly seed: number } & Pick<WorkOptions, 'signal'>,
): Promise<Omit<ResidualCodec, 'file'>> {
  const { dim, centroids } = codec;
  const rows = strange.length / dim;
  const room = mostCentroids - centroids.scales.length;
  const added = await kMeans(strange, dim, Math.max(1, Math.min(room, Math.floor(rows / rowsPerCentroid))), options);
  return { ...codec, centroids: joined(centroids, added) };
}

function joined(a: I8Rows, b: I8Rows): I8Rows {
  const data = new Int8Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  const scales = new Float32Array(a.scales.length + b.scales.length);
  scales.set(a.scales);
  scales.set(b.scales, a.scales.length);
  return { type: 'i8', data, scales, dim: a.dim };
}
