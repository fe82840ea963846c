import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, listCounts, positional } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';

export const isrCitation =
  'A. Mourão, F. Martins, J. Magalhães, "Multimodal medical information retrieval with unsupervised rank fusion", Computerized Medical Imaging and Graphics 39, 2015.';

export const isrMethod: FusionMethod<Record<never, never>> = {
  name: 'isr',
  aliases: ['inverse-square-rank'],
  formula: 'N(d) · Σ 1 / rank²',
  citation: isrCitation,
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing, and does not count in N(d).',
  parameters: {},
  combine: (lists) => positional(lists, forEveryList(lists, gainTable(lists, inverseSquare)), listCounts(lists)),
};

/** 1 / rank², for positions counted from 0. */
export function inverseSquare(position: number): number {
  return 1 / ((position + 1) * (position + 1));
}

/** A factor per document from the number of lists it is in. */
export function factorsOfCounts(lists: RankedLists, factor: (count: number) => number): Float64Array {
  const factors = listCounts(lists);
  for (let document = 0; document < factors.length; document++) factors[document] = factor(factors[document]!);
  return factors;
}

/**
 * Inverse square rank: N(d) · Σ 1 / rank², N(d) being the number of rankings that have the document.
 *
 * The method that rank-fusion calls `isr` is another one, {@link inverseSquareRoot}.
 *
 * A. Mourão, F. Martins, J. Magalhães, "Multimodal medical information retrieval with unsupervised rank fusion", Computerized
 * Medical Imaging and Graphics 39, 2015.
 *
 * @example isr([bm25Hits, denseHits]);
 */
export function isr(rankings: Rankings, options?: ResultOptions): Hit[] {
  return fuseRankings(isrMethod, rankings, options);
}
