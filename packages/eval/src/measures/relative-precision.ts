import type { JudgedRanking } from '../judged-ranking.ts';

/** Precision at k in relation to the best possible: precision up to R, recall beyond. */
export function relativePrecision(ranking: JudgedRanking, level: number, k: number): number {
  const { total } = ranking.relevant(level);
  return total === 0 ? 0 : ranking.relevantWithin(level, k) / Math.min(k, total);
}
