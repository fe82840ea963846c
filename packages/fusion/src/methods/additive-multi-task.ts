import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter, weightsParameter } from '../method.ts';
import { sumOfScores } from './score-method.ts';
import type { WeightedScoreOptions, WeightedSumParameters } from './weighted-sum.ts';

export const additiveMultiTaskMethod: FusionMethod<WeightedSumParameters> = {
  name: 'additive-multi-task',
  aliases: ['resflow', 'multi-task'],
  formula: 'Σ w · z',
  citation: 'ResFlow, arXiv:2411.09705, 2024.',
  needs: 'scores',
  missing: 'A task that does not score a document adds nothing: as much as its mean document.',
  parameters: {
    weights: { ...weightsParameter, peers: 'rank-fusion: weights (1, 1); ResFlow: 1 for clicks, 20 for conversions' },
    normalization: normalizationParameter('z-score-clipped', 'rank-fusion: normalization (ZScore, which clips at 3)'),
  },
  combine: (lists, { weights, normalization }) => sumOfScores(lists, normalization, undefined, weights),
};

/**
 * Additive fusion of the tasks of one model, such as clicks and conversions: Σ w · z, with z-scores clipped at ±3.
 *
 * ResFlow, arXiv:2411.09705, 2024, whose weights are 1 for clicks and 20 for conversions.
 *
 * @example additiveMultiTask({ clicks, conversions }, { weights: { clicks: 1, conversions: 20 } });
 */
export function additiveMultiTask(rankings: Rankings, options?: WeightedScoreOptions): Hit[] {
  return fuseRankings(additiveMultiTaskMethod, rankings, options);
}
