import type { JudgedRanking } from '../judged-ranking.ts';
import { type MeasureFamily, rel, requiredCutoff } from '../measure.ts';

/** F of the first k documents. */
export function fMeasure(ranking: JudgedRanking, level: number, k: number, beta: number): number {
  const found = ranking.relevantWithin(level, k);
  if (found === 0) return 0;
  const weight = beta * beta;
  return ((1 + weight) * found) / (weight * ranking.relevant(level).total + k);
}

/**
 * The weighted harmonic mean of precision and recall at k (van Rijsbergen, *Information Retrieval*, 1979).
 *
 * F@k = (1 + β²) · P · R / (β² · P + R)
 */
export const F: MeasureFamily = {
  name: 'F',
  aliases: ['F1'],
  about: 'The harmonic mean of precision and recall at k.',
  parameters: {
    cutoff: requiredCutoff,
    rel,
    beta: { kind: 'number', above: 0, default: 1, about: 'how much more recall counts than precision' },
  },
  score:
    ({ cutoff, rel, beta }) =>
    (ranking) =>
      fMeasure(ranking, rel, cutoff, beta),
};
