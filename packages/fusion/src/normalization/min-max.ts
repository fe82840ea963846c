import type { Normalizer } from './normalizer.ts';

/**
 * v = (s − min) / (max − min), over the list: the best is 1, the last 0. A list whose scores are all equal gives 1: being
 * retrieved says something, and nothing is better than its best.
 *
 * J. H. Lee, "Analyses of Multiple Evidence Combination", SIGIR 1997.
 */
export const minMax: Normalizer = {
  name: 'min-max',
  needsScores: true,
  apply(scores, values) {
    const most = scores[0]!;
    const least = scores[scores.length - 1]!;
    const range = most - least;
    for (let i = 0; i < scores.length; i++) values[i] = range === 0 ? 1 : (scores[i]! - least) / range;
  },
};

/** v = (max − s) / (max − min): for distances and ranks, where less is better. The least is 1, the greatest 0. */
export const minMaxInverted: Normalizer = {
  name: 'min-max-inverted',
  needsScores: true,
  apply(scores, values) {
    const most = scores[0]!;
    const range = most - scores[scores.length - 1]!;
    for (let i = 0; i < scores.length; i++) values[i] = range === 0 ? 1 : (most - scores[i]!) / range;
  },
};
