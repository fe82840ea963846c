import { deviations } from './deviations.ts';
import type { Normalizer } from './normalizer.ts';

/**
 * v = (s − μ) / σ with the mean and the population standard deviation of the list: zero mean, unit variance (ZMUV). With `clip`,
 * values beyond ±clip are set to it, so that one outlier cannot decide. A list of equal scores gives 0.
 *
 * M. Montague, J. A. Aslam, "Relevance Score Normalization for Metasearch", CIKM 2001.
 */
export function zScore(low: number = Number.NEGATIVE_INFINITY, high: number = Number.POSITIVE_INFINITY): Normalizer {
  return {
    name: 'z-score',
    needsScores: true,
    apply(scores, values) {
      if (scores[0] === scores[scores.length - 1]) {
        values.fill(0);
        return;
      }
      const deviation = Math.sqrt(deviations(scores, values) / scores.length);
      for (let i = 0; i < scores.length; i++) values[i] = Math.min(high, Math.max(low, values[i]! / deviation));
    },
  };
}
