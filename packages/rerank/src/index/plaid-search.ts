import { type Best, centroidScan, residualMaxSim } from '@rank-rank/kernels';
import type { Allowed } from '@rank-rank/retrieve/segments';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import type { PreparedQuery } from '../store/prepared-query.ts';
import type { ResidualRows } from '../store/residual-rows.ts';
import type { TokenSegment } from '../store/token-segment.ts';
import { bestDocuments, bestOf, exactSearch, listedDocuments, type SegmentSearchSettings } from './segment-search.ts';

/**
 * PLAID's centroid interaction without its inverted lists: every document is scored as if its rows were their centroids, with one byte for each
 * similarity of a query row and a centroid; the best are scored by their codes.
 *
 * A scan reads two bytes a row and looks up one short line of a table that stays in the cache: about half a nanosecond a row, so that lists to
 * skip documents by pay only in collections of very many rows.
 */
export async function plaidSearch(
  segment: TokenSegment,
  query: PreparedQuery,
  k: number,
  allowed: Allowed | undefined,
  codec: ResidualCodec,
  settings: SegmentSearchSettings,
): Promise<Best> {
  const stored = segment.stored as ResidualRows;
  const wanted = Math.max(k, settings.candidates);
  if (wanted >= (allowed?.count ?? segment.size)) return exactSearch(segment, query, k, allowed, settings);
  const table = query.table(codec);
  const listed = listedDocuments(allowed, segment.size);
  const { offsets } = segment;
  const coarse = centroidScan(table.bytes, { centroidIds: stored.centroidIds, offsets }, listed === undefined ? {} : { only: listed });
  const candidates = bestDocuments(coarse, wanted, listed, allowed).indices;
  return bestOf(candidates, k, (only) => residualMaxSim(table, { rows: stored.rows(codec), offsets }, { only }));
}
