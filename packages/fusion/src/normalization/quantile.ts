import type { Normalizer } from './normalizer.ts';

/**
 * v = (number of lower scores + half the number of other equal scores) / (n − 1): the share of the list a document stands above.
 * Insensitive to outliers; a list of equal scores, or of one, gives ½.
 */
export const quantile: Normalizer = {
  name: 'quantile',
  needsScores: true,
  apply(scores, values) {
    const count = scores.length;
    for (let from = 0; from < count; ) {
      let to = from + 1;
      while (to < count && scores[to] === scores[from]) to++;
      const value = count === 1 ? 0.5 : (count - to + (to - from - 1) / 2) / (count - 1);
      values.fill(value, from, to);
      from = to;
    }
  },
};
