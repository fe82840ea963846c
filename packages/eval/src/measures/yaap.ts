import type { JudgedRanking } from '../judged-ranking.ts';
import { precisionSum } from './average-precision.ts';

/**
 * Yet another average precision: AP on a logit scale, so that queries of very low and very high AP can be averaged.
 *
 * ln((1 + Σ precision at relevant documents) / (1 + R − Σ)); Robertson, "On smoothing average precision", ECIR 2012.
 */
export function yaap(ranking: JudgedRanking, level: number): number {
  const sum = precisionSum(ranking, level, Number.POSITIVE_INFINITY);
  return Math.log((1 + sum) / (1 + ranking.relevant(level).total - sum));
}
