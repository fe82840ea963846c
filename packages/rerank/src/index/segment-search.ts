import { type Best, describeKernels, topK } from '@rank-rank/kernels';
import type { Allowed } from '@rank-rank/retrieve/segments';
import type { PreparedQuery } from '../store/prepared-query.ts';
import type { TokenSegment } from '../store/token-segment.ts';

/** How one segment is searched. */
export interface SegmentSearchSettings {
  readonly candidates: number;
  readonly probes: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** Where so few of a segment's documents are allowed, they are scored from a list; where more, all are scored and the others passed over. */
const listedShare = 0.5;

/** The documents to be scored: a list, or undefined for all. */
export function listedDocuments(allowed: Allowed | undefined, size: number): Uint32Array | undefined {
  return allowed !== undefined && allowed.count < size * listedShare ? allowed.bitmap.members() : undefined;
}

/** The k best of scores of all documents, or of the listed ones. */
export function bestDocuments(scores: Float32Array, k: number, listed: Uint32Array | undefined, allowed: Allowed | undefined): Best {
  if (listed === undefined) return topK(scores, k, allowed === undefined ? {} : { allow: allowed.bitmap.words });
  const best = topK(scores, k);
  for (let i = 0; i < best.indices.length; i++) best.indices[i] = listed[best.indices[i]!]!;
  return best;
}

/** Multiply-adds that take about five milliseconds: what is longer leaves the event loop free. */
const fiveMilliseconds = describeKernels().backend === 'native' ? 5e8 : describeKernels().backend === 'wasm' ? 5e7 : 5e6;

export function isLong(rows: number, query: PreparedQuery): boolean {
  return rows * query.count * query.rows.dim > fiveMilliseconds;
}

/** Documents that comparing bytes with bytes leaves to the floats of the query: its errors move a document by a few places. */
export function finishedFor(k: number): number {
  return k + Math.max(4, k >> 2);
}

/**
 * Every row of every allowed document. Rows in bytes are first compared with the query's bytes, at a quarter of the time; the best of them then with
 * its floats, so that the order is that of the rows as they are kept.
 */
export async function exactSearch(
  segment: TokenSegment,
  query: PreparedQuery,
  k: number,
  allowed: Allowed | undefined,
  { threads }: SegmentSearchSettings,
): Promise<Best> {
  const listed = listedDocuments(allowed, segment.size);
  const { stored } = segment;
  const finished = finishedFor(k);
  const quantised = stored.storage === 'int8' && finished < (allowed?.count ?? segment.size);
  const rows = listed === undefined ? segment.tokens : (segment.tokens / Math.max(1, segment.size)) * listed.length;
  const scores =
    isLong(rows, query) || threads > 1
      ? await stored.scoresAsync(query, listed, quantised, threads)
      : stored.scores(query, listed, quantised);
  if (!quantised) return bestDocuments(scores, k, listed, allowed);
  const candidates = bestDocuments(scores, finished, listed, allowed).indices;
  return bestOf(candidates, k, (only) => stored.scores(query, only, false));
}

/** The k best of some documents, by scores that are worked out for them alone. Ascending, so that memory is read forwards and equal scores come out by document. */
export function bestOf(documents: Uint32Array, k: number, scoresOf: (documents: Uint32Array) => Float32Array): Best {
  documents.sort();
  const best = topK(scoresOf(documents), k);
  for (let i = 0; i < best.indices.length; i++) best.indices[i] = documents[best.indices[i]!]!;
  return best;
}
