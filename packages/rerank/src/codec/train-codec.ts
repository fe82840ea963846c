import { Random, type WorkOptions } from '@rank-rank/core';
import { assignAsync, dequantise, encodeScaledResidualsAsync, type I8Rows, quantiseAsync } from '@rank-rank/kernels';
import { crc32 } from '@rank-rank/storage';
import { centroidCount, kMeans } from './k-means.ts';
import { lloydLevels } from './lloyd-levels.ts';
import type { Bits, ResidualCodec } from './residual-codec.ts';

export interface TrainOptions extends WorkOptions {
  readonly bits: Bits;
  /** How many rows there are in all. */
  readonly rows: number;
  /** {@link centroidCount} of the rows by default. */
  readonly centroids?: number;
  readonly iterations: number;
  readonly threads: number;
  readonly seed: number;
}

/** Rows that clustering looks at for each centroid. */
export const rowsPerCentroid = 32;
/** Rows whose residuals set the levels and the scales. */
const residualRows = 8192;

/**
 * Learns centroids, levels and scales from a sample of rows.
 *
 * Levels are Lloyd's for residuals that are scaled to length √dim; as they are whole numbers of −127 to 127, rows can be compared in bytes.
 */
export async function trainCodec(sample: Float32Array, dim: number, options: TrainOptions): Promise<Omit<ResidualCodec, 'file'>> {
  const { bits, threads, seed, signal, onProgress } = options;
  const count = options.centroids ?? centroidCount(options.rows);
  onProgress?.({ stage: 'clustering', done: 0, total: 1 });
  const centroids = await kMeans(sample, dim, count, { iterations: options.iterations, threads, seed, ...(signal && { signal }) });
  const rows = rowsOf(sample, dim, new Random(seed).sample(sample.length / dim, residualRows));
  const { ids, scores } = await assignAsync(await quantiseAsync({ type: 'f32', data: rows, dim }, 'i8'), centroids, {
    metric: 'l2',
    threads,
  });
  const { levels, cutoffs } = levelsFor(bits, rows, ids, centroids, dim);
  const scales = await scalesFor({ bits, centroids, levels, cutoffs }, rows, ids, dim);
  onProgress?.({ stage: 'clustering', done: 1, total: 1 });
  const distances = scores.slice().sort();
  const lineage = crc32(new Uint8Array(centroids.data.buffer, centroids.data.byteOffset, centroids.data.length), count).toString(16);
  return { bits, dim, lineage, centroids, levels, cutoffs, scales, reach: distances[Math.floor((distances.length - 1) * 0.999)] ?? 0 };
}

function rowsOf(data: Float32Array, dim: number, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}

function levelsFor(
  bits: Bits,
  rows: Float32Array,
  ids: Uint32Array,
  centroids: I8Rows,
  dim: number,
): { levels: Int8Array; cutoffs: Float32Array } {
  if (bits === 8) return { levels: new Int8Array(0), cutoffs: new Float32Array(0) };
  const nearest = dequantise(centroids, { only: ids }).data;
  const residuals = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += dim) {
    let square = 0;
    for (let k = at; k < at + dim; k++) square += (residuals[k] = rows[k]! - nearest[k]!) ** 2;
    const factor = square > 0 ? Math.sqrt(dim / square) : 0;
    for (let k = at; k < at + dim; k++) residuals[k]! *= factor;
  }
  const ideal = lloydLevels(residuals, 2 ** bits);
  const largest = Math.max(1e-6, ...ideal.map(Math.abs));
  const levels = Int8Array.from(ideal, (level) => Math.round((level / largest) * 127));
  const cutoffs = Float32Array.from({ length: levels.length - 1 }, (_, i) => ((levels[i]! + levels[i + 1]!) / 254) * largest);
  return { levels, cutoffs };
}

/** 256 scales in equal steps of their logarithm, over the range that rows need. */
async function scalesFor(
  codec: Pick<ResidualCodec, 'bits' | 'centroids' | 'levels' | 'cutoffs'>,
  rows: Float32Array,
  ids: Uint32Array,
  dim: number,
): Promise<Float32Array> {
  const steps = (low: number, high: number) =>
    Float32Array.from({ length: 256 }, (_, i) => Math.exp(Math.log(low) + (i / 255) * Math.log(high / low)));
  // A first look in steps of 7 % finds the range.
  const coarse = steps(1e-7, 4);
  const { scaleCodes } = await encodeScaledResidualsAsync({ type: 'f32', data: rows, dim }, ids, { ...codec, scales: coarse });
  const sorted = scaleCodes.slice().sort();
  const low = coarse[sorted[Math.floor(sorted.length * 0.002)] ?? 0]!;
  const high = coarse[sorted.at(-1) ?? 255]!;
  return steps(low * 0.9, high * 1.2);
}
