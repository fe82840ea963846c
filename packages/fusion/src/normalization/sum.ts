import type { Normalizer } from './normalizer.ts';

/**
 * v = (s − min) / Σ (s − min), over the list: the values add up to 1. A list of equal scores shares it evenly.
 *
 * M. Montague, J. A. Aslam, "Relevance Score Normalization for Metasearch", CIKM 2001.
 */
export const sum: Normalizer = {
  name: 'sum',
  needsScores: true,
  apply(scores, values) {
    const least = scores[scores.length - 1]!;
    let total = 0;
    for (let i = 0; i < scores.length; i++) total += scores[i]! - least;
    for (let i = 0; i < scores.length; i++) values[i] = total === 0 ? 1 / scores.length : (scores[i]! - least) / total;
  },
};
