import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { factorsOfCounts, inverseSquare, isrCitation } from './isr.ts';

export const logIsrMethod: FusionMethod<Record<never, never>> = {
  name: 'log-isr',
  aliases: ['log-inverse-square-rank'],
  formula: 'ln N(d) · Σ 1 / rank²',
  citation: isrCitation,
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing; a document of one run only has the score 0.',
  parameters: {},
  combine: (lists) => positional(lists, forEveryList(lists, gainTable(lists, inverseSquare)), factorsOfCounts(lists, Math.log)),
};

/**
 * Logarithmic inverse square rank: ln N(d) · Σ 1 / rank². Documents that only one ranking has all score 0; {@link lognIsr} tells them apart.
 *
 * A. Mourão, F. Martins, J. Magalhães, "Multimodal medical information retrieval with unsupervised rank fusion", Computerized
 * Medical Imaging and Graphics 39, 2015.
 *
 * @example logIsr([bm25Hits, denseHits]);
 */
export function logIsr(rankings: Rankings, options?: ResultOptions): Hit[] {
  return fuseRankings(logIsrMethod, rankings, options);
}
