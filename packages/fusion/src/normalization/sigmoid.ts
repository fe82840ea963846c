import type { Normalizer } from './normalizer.ts';

/** v = 1 / (1 + e^−s): for logits, such as those of cross-encoders. Does not depend on the rest of the list. */
export const sigmoid: Normalizer = {
  name: 'sigmoid',
  needsScores: true,
  apply(scores, values) {
    for (let i = 0; i < scores.length; i++) values[i] = 1 / (1 + Math.exp(-scores[i]!));
  },
};
