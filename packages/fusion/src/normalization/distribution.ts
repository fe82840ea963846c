import { deviations } from './deviations.ts';
import type { Normalizer } from './normalizer.ts';

/**
 * v = (s − (μ − 3σ)) / 6σ with the mean and the sample standard deviation of the list: min-max with the ends of the distribution in
 * place of the extremes that happened to be retrieved. Values beyond 3σ are not clipped. A list of equal scores gives ½.
 *
 * M. Mazzeschi, "Distribution-Based Score Fusion (DBSF), a new approach to Vector Search Ranking", 2023.
 */
export function distribution(sigmas = 3): Normalizer {
  return {
    name: 'distribution',
    needsScores: true,
    apply(scores, values) {
      if (scores[0] === scores[scores.length - 1]) {
        values.fill(0.5);
        return;
      }
      const reach = sigmas * Math.sqrt(deviations(scores, values) / (scores.length - 1));
      for (let i = 0; i < scores.length; i++) values[i] = (values[i]! + reach) / (2 * reach);
    },
  };
}
