import { type Hit, RankError } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';

export type InverseSquareRootParameters = {
  /** What is added to the rank: 1 by default. */
  readonly k: number;
  /** The rank of a run's best document: 0 by default. */
  readonly firstRank: number;
};

export const inverseSquareRootMethod: FusionMethod<InverseSquareRootParameters> = {
  name: 'inverse-square-root',
  aliases: ['isr-sqrt', 'inverse-square-root-rank'],
  formula: 'Σ 1 / √(k + rank)',
  citation: 'The method that the crate rank-fusion 0.1 calls isr.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    k: {
      type: 'number',
      description: 'What is added to the rank; the larger, the less the first ranks stand out.',
      default: 1,
      min: 0,
      peers: 'rank-fusion: k of isr',
      search: [1, 2, 5, 10, 20, 60],
    },
    firstRank: {
      type: 'integer',
      description: "The rank of a run's best document.",
      default: 0,
      min: 0,
      max: 1,
      peers: 'rank-fusion: always 0',
    },
  },
  combine(lists, { k, firstRank }) {
    const offset = k + firstRank;
    if (offset === 0)
      throw new RankError(
        'OUT_OF_RANGE',
        'With k 0 and ranks from 0 the best document would be worth 1 / 0. Take a k above 0, or firstRank 1.',
      );
    return positional(
      lists,
      forEveryList(
        lists,
        gainTable(lists, (position) => 1 / Math.sqrt(offset + position)),
      ),
    );
  },
};

/**
 * Σ 1 / √(k + rank), k = 1, ranks from 0: falls off more slowly than {@link rrf} with the same k, so deep documents keep some weight.
 *
 * It is what the crate rank-fusion calls `isr`; the published method of that name is {@link isr}.
 *
 * @example inverseSquareRoot([bm25Hits, denseHits]);
 */
export function inverseSquareRoot(rankings: Rankings, options?: Partial<InverseSquareRootParameters> & ResultOptions): Hit[] {
  return fuseRankings(inverseSquareRootMethod, rankings, options);
}
