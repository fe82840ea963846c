import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { type Combination, eachEntry, listCount } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { byMedian } from './order-statistic.ts';

export type MedianRankParameters = {
  /** The rank of a document that a run does not have: one `after` its last (the default), or none, so that only the runs that have it count (`ignore`). */
  readonly missing: 'after' | 'ignore';
};

export const medianRankMethod: FusionMethod<MedianRankParameters> = {
  name: 'median-rank',
  aliases: ['medrank', 'median-rank-aggregation'],
  formula: '−median rank',
  citation: 'R. Fagin, R. Kumar, D. Sivakumar, "Efficient similarity search and classification via rank aggregation", SIGMOD 2003.',
  needs: 'ranks',
  missing:
    'A run of n ranks every document that it does not have n + 1; with missing = ignore only the runs that have the document are looked at.',
  parameters: {
    missing: {
      type: 'choice',
      description: 'The rank of a document that a run does not have: one "after" its last, or "ignore" the run for this document.',
      default: 'after',
      choices: ['after', 'ignore'],
    },
  },
  combine: (lists, { missing }) => medianOf(lists, missing),
};

function medianOf(lists: RankedLists, missing: MedianRankParameters['missing']): Combination {
  if (missing === 'ignore') {
    const ranks = new Float64Array(lists.documents.length);
    eachEntry(lists, (_, at, position) => {
      ranks[at] = -(position + 1);
    });
    return byMedian(lists, ranks);
  }
  const count = listCount(lists);
  const candidates = lists.ids.length;
  const ranks = new Float64Array(count * candidates);
  const documents = new Int32Array(ranks.length);
  const starts = new Int32Array(count + 1);
  for (let list = 0; list < count; list++) {
    const row = list * candidates;
    starts[list + 1] = row + candidates;
    ranks.fill(-(lists.starts[list + 1]! - lists.starts[list]! + 1), row, row + candidates);
    for (let document = 0; document < candidates; document++) documents[row + document] = document;
  }
  eachEntry(lists, (list, at, position) => {
    ranks[list * candidates + lists.documents[at]!] = -(position + 1);
  });
  return byMedian({ ...lists, documents, starts, scores: ranks }, ranks);
}

/**
 * Median rank: documents in the order of the median of their ranks. The score is the negated median, so that more is better.
 *
 * A ranking of n documents ranks those it does not have n + 1, "Comparing top k lists" (Fagin, Kumar, Sivakumar, SODA 2003); with
 * `missing: 'ignore'` only the rankings that have the document are looked at.
 *
 * R. Fagin, R. Kumar, D. Sivakumar, "Efficient similarity search and classification via rank aggregation", SIGMOD 2003.
 *
 * @example medianRank([bm25Hits, denseHits, spladeHits]);
 */
export function medianRank(rankings: Rankings, options?: Partial<MedianRankParameters> & ResultOptions): Hit[] {
  return fuseRankings(medianRankMethod, rankings, options);
}
