import { type Best, search, warpScan } from '@rank-rank/kernels';
import type { Allowed } from '@rank-rank/retrieve/segments';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import type { ListedRows } from '../store/listed-rows.ts';
import type { PreparedQuery } from '../store/prepared-query.ts';
import type { TokenSegment } from '../store/token-segment.ts';
import type { SegmentSearchSettings } from './segment-search.ts';

/** Centroids of each query row that are looked at for the similarity to impute. */
const imputeDepth = 256;

/**
 * WARP (Scheerer et al., "WARP: an efficient engine for multi-vector retrieval", 2025): for each query row the rows of the nearest centroids, compared without
 * decompression; where a document has no row among them, the similarity that the next rows would have is imputed.
 *
 * Unlike there, a row that is met is compared with every query row, since a kernel compares it with sixteen at the price of one.
 */
export async function warpSearch(
  segment: TokenSegment,
  query: PreparedQuery,
  k: number,
  allowed: Allowed | undefined,
  codec: ResidualCodec,
  settings: SegmentSearchSettings,
): Promise<Best> {
  const stored = segment.stored as ListedRows;
  const lists = stored.lists(codec);
  const centroids = codec.centroids.scales.length;
  const probes = Math.min(centroids, settings.probes);
  const depth = Math.min(centroids, Math.max(probes + 1, imputeDepth));
  const nearest = search(query.bytes, codec.centroids, depth);
  const probed = new Set<number>();
  const missing = new Float32Array(query.count);
  // The rows that a query row would have met if it had looked for this many: WARP's t', growing with the root of the collection.
  const enough = Math.sqrt(8 * segment.tokens) * 8;
  for (let i = 0; i < query.count; i++) {
    let met = 0;
    let at = 0;
    for (; at < depth; at++) {
      const centroid = nearest.indices[i * depth + at]!;
      if (at < probes) probed.add(centroid);
      met += lists.offsets[centroid + 1]! - lists.offsets[centroid]!;
      if (at >= probes && met >= enough) break;
    }
    missing[i] = probes === centroids ? Number.NEGATIVE_INFINITY : nearest.scores[i * depth + Math.min(at, depth - 1)]!;
  }
  const table = query.table(codec);
  return warpScan(table, lists, Uint32Array.from(probed).sort(), missing, k, allowed === undefined ? {} : { allow: allowed.bitmap.words });
}
