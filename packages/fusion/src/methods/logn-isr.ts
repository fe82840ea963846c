import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { factorsOfCounts, inverseSquare, isrCitation } from './isr.ts';

export type LognIsrParameters = {
  /** What is added to the number of lists before the logarithm: 0.01 by default. */
  readonly sigma: number;
};

export const lognIsrMethod: FusionMethod<LognIsrParameters> = {
  name: 'logn-isr',
  aliases: ['normalized-log-inverse-square-rank'],
  formula: 'ln(N(d) + σ) · Σ 1 / rank²',
  citation: isrCitation,
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing, and does not count in N(d).',
  parameters: {
    sigma: {
      type: 'number',
      description: 'What is added to the number of lists before the logarithm, so that documents of one list keep an order.',
      default: 0.01,
      min: 0,
      max: 1,
      peers: 'ranx: sigma',
      search: [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    },
  },
  combine: (lists, { sigma }) =>
    positional(
      lists,
      forEveryList(lists, gainTable(lists, inverseSquare)),
      factorsOfCounts(lists, (count) => Math.log(count + sigma)),
    ),
};

/**
 * Logarithmic inverse square rank with an order among documents of one ranking: ln(N(d) + σ) · Σ 1 / rank², σ = 0.01.
 *
 * A. Mourão, F. Martins, J. Magalhães, "Multimodal medical information retrieval with unsupervised rank fusion", Computerized
 * Medical Imaging and Graphics 39, 2015.
 *
 * @example lognIsr([bm25Hits, denseHits], { sigma: 0.1 });
 */
export function lognIsr(rankings: Rankings, options?: Partial<LognIsrParameters> & ResultOptions): Hit[] {
  return fuseRankings(lognIsrMethod, rankings, options);
}
