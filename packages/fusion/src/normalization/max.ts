import { RankError } from '@rank-rank/core';
import type { Normalizer } from './normalizer.ts';

/**
 * v = s / max, over the list: keeps ratios, and so needs scores of at least 0. A list of zeros gives 1, as every list of equal scores does.
 *
 * J. H. Lee, "Combining Multiple Evidence from Different Properties of Weighting Schemes", SIGIR 1995.
 */
export const max: Normalizer = {
  name: 'max',
  needsScores: true,
  apply(scores, values) {
    const most = scores[0]!;
    const least = scores[scores.length - 1]!;
    if (least < 0) {
      throw new RankError(
        'OUT_OF_RANGE',
        `Normalization "max" met the score ${least}; it divides by the best score and needs scores of at least 0. Use "min-max".`,
        { score: least },
      );
    }
    for (let i = 0; i < scores.length; i++) values[i] = most === 0 ? 1 : scores[i]! / most;
  },
};
