import type { Normalizer } from './normalizer.ts';

/**
 * v = 1 − i / n for position i (0 is the best) of n: evenly spaced, the scores themselves do not matter.
 *
 * J. H. Lee, "Analyses of Multiple Evidence Combination", SIGIR 1997.
 */
export const rank: Normalizer = {
  name: 'rank',
  needsScores: false,
  apply(scores, values) {
    for (let i = 0; i < scores.length; i++) values[i] = 1 - i / scores.length;
  },
};
