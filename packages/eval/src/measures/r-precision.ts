import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, judgedOnly, type MeasureFamily, rel } from '../measure.ts';

export function rPrecision(ranking: JudgedRanking, level: number): number {
  const { total } = ranking.relevant(level);
  return total === 0 ? 0 : ranking.relevantWithin(level, total) / total;
}

/** Precision at multiples of R: cut-offs are R times each factor, rounded up from .1. */
export function rPrecisionMultiple(ranking: JudgedRanking, level: number, factor: number): number {
  const at = Math.trunc(factor * ranking.relevant(level).total + 0.9);
  return at === 0 ? 0 : ranking.relevantWithin(level, at) / at;
}

/**
 * R-precision: precision at R, the number of relevant documents of the query, where it equals recall.
 *
 * Buckley and Voorhees, "Retrieval system evaluation", 2005.
 */
export const Rprec: MeasureFamily = {
  name: 'Rprec',
  aliases: ['RPrec'],
  about: 'Precision at the number of relevant documents.',
  parameters: { rel, judged_only: judgedOnly },
  score: ({ rel, judged_only }) => condensedIf(judged_only, (ranking) => rPrecision(ranking, rel)),
};
