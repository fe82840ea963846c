import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import {
  countFactors,
  type NegativeParameter,
  negativeParameter,
  refuseNegative,
  type ScoreOptions,
  type ScoreParameters,
  sumOfScores,
} from './score-method.ts';

export type GmnzParameters = ScoreParameters &
  NegativeParameter & {
    /** How much being found often counts: 0 is CombSUM, 1 CombMNZ (the default). */
    readonly gamma: number;
  };

export const gmnzMethod: FusionMethod<GmnzParameters> = {
  name: 'gmnz',
  aliases: ['comb-gmnz', 'combgmnz'],
  formula: 'N(d)^γ · Σ s',
  citation: 'J. H. Lee, "Analyses of Multiple Evidence Combination", SIGIR 1997.',
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing, and does not count in N(d).',
  parameters: {
    gamma: {
      type: 'number',
      description: 'How much being found often counts: 0 is CombSUM, 1 is CombMNZ.',
      default: 1,
      min: 0,
      peers: 'ranx: gamma, required',
      search: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.5, 2, 3],
    },
    normalization: normalizationParameter('min-max'),
    negative: negativeParameter,
  },
  combine: (lists, { gamma, normalization, negative }) =>
    sumOfScores(
      lists,
      refuseNegative(lists, normalization, negative, 'gmnz'),
      countFactors((count) => count ** gamma),
    ),
};

/**
 * CombGMNZ: the sum of the normalized scores times N(d)^γ: between CombSUM (γ = 0) and CombMNZ (γ = 1), and beyond.
 *
 * J. H. Lee, "Analyses of Multiple Evidence Combination", SIGIR 1997.
 *
 * @example gmnz([bm25Hits, denseHits], { gamma: 0.5 });
 */
export function gmnz(rankings: Rankings, options?: ScoreOptions & Partial<NegativeParameter & Pick<GmnzParameters, 'gamma'>>): Hit[] {
  return fuseRankings(gmnzMethod, rankings, options);
}
