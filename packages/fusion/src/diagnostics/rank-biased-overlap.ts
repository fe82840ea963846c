import { checkNumber, checkOptions } from '@rank-rank/core';
import type { RankingInput } from '../lists/ranked-lists.ts';
import { commonDocuments } from './common-documents.ts';

/** RBO of two rankings of which only the beginning is known. */
export interface RankBiasedOverlap {
  /** What RBO is at least, should nothing below be shared. */
  readonly min: number;
  /** How much the unseen rest could add: RBO lies between `min` and `min + residual`. */
  readonly residual: number;
  /** The estimate that goes on with the agreement seen at the end, RBO_EXT. */
  readonly extrapolated: number;
}

export interface RankBiasedOverlapOptions {
  /** How likely a reader goes on to the next rank: 0.9 by default, with which the first ten ranks have 86 % of the weight. */
  readonly p?: number;
}

/**
 * Rank-biased overlap: the share of common documents at each depth, weighted by how likely a reader gets so far:
 * (1 − p) Σ p^(d−1) · |A_d ∩ B_d| / d. The rankings may differ in length and in documents. Of an empty ranking nothing is known:
 * min 0, residual 1, extrapolated 0.
 *
 * W. Webber, A. Moffat, J. Zobel, "A similarity measure for indefinite rankings", ACM TOIS 28, 2010; extrapolated as in its equation 32.
 *
 * @example rankBiasedOverlap(bm25.get('q1'), dense.get('q1'), { p: 0.95 }).extrapolated
 */
export function rankBiasedOverlap(a: RankingInput, b: RankingInput, options: RankBiasedOverlapOptions = {}): RankBiasedOverlap {
  checkOptions('rankBiasedOverlap', options, ['p']);
  const p = checkNumber('rankBiasedOverlap: p', options.p ?? 0.9, { above: 0, below: 1 });
  const { first, second, lengths } = commonDocuments(a, b, 'rankBiasedOverlap');
  const short = Math.min(...lengths);
  const long = Math.max(...lengths);
  // A document is shared from the deeper of its two places on.
  const overlap = new Int32Array(long + 1);
  for (let i = 0; i < first.length; i++) overlap[Math.max(first[i]!, second[i]!) + 1]!++;
  for (let depth = 1; depth <= long; depth++) overlap[depth]! += overlap[depth - 1]!;
  const atShort = overlap[short]!;
  const atLong = overlap[long]!;

  let seen = 0;
  let goingOn = 0;
  let most = 0;
  let unseen = -Math.log(1 - p);
  let weight = 1;
  for (let depth = 1; depth <= long; depth++) {
    weight *= p;
    seen += (overlap[depth]! / depth) * weight;
    unseen -= weight / depth;
    if (depth > short) {
      most += ((depth - short) / depth) * weight;
      if (short > 0) goingOn += ((atShort * (depth - short)) / (short * depth)) * weight;
    }
  }
  const min = seen + atLong * unseen;
  const extrapolated = seen + goingOn;
  // Below both ends each new place can bring two common documents, until all are common.
  most += seen;
  const complete = long + short - atLong;
  for (let depth = long + 1; depth <= complete; depth++) {
    weight *= p;
    most += ((atLong + 2 * depth - long - short) / depth) * weight;
  }
  most += p ** (complete + 1) / (1 - p);
  const scale = (1 - p) / p;
  const atEnd = long === 0 ? 0 : (atLong - atShort) / long + (short === 0 ? 0 : atShort / short);
  return { min: scale * min, residual: scale * (most - min), extrapolated: scale * extrapolated + atEnd * p ** long };
}
