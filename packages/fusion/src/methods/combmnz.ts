import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { listCounts } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, normalizationParameter } from '../method.ts';
import { foxAndShaw } from './combsum.ts';
import {
  type NegativeParameter,
  negativeParameter,
  refuseNegative,
  type ScoreOptions,
  type ScoreParameters,
  sumOfScores,
} from './score-method.ts';

export const combmnzMethod: FusionMethod<ScoreParameters & NegativeParameter> = {
  name: 'combmnz',
  aliases: ['mnz', 'comb-mnz'],
  formula: 'N(d) · Σ s',
  citation: foxAndShaw,
  needs: 'scores',
  missing: 'A run that does not have a document adds nothing, and does not count in N(d).',
  parameters: { normalization: normalizationParameter('min-max'), negative: negativeParameter },
  combine: (lists, { normalization, negative }) =>
    sumOfScores(lists, refuseNegative(lists, normalization, negative, 'combmnz'), listCounts),
};

/**
 * CombMNZ: the sum of the normalized scores times N(d), the number of rankings that have the document.
 *
 * E. A. Fox, J. A. Shaw, "Combination of Multiple Searches", TREC-2, 1993.
 *
 * @example combmnz([bm25Hits, denseHits]);
 */
export function combmnz(rankings: Rankings, options?: ScoreOptions & Partial<NegativeParameter>): Hit[] {
  return fuseRankings(combmnzMethod, rankings, options);
}
