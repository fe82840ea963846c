import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Combination } from '../lists/combination.ts';
import { orderDocuments } from '../lists/order.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { bordaCount } from './borda.ts';
import { type PairwiseVotes, pairwiseVotes, sortByMajority } from './pairwise-votes.ts';

export const condorcetCitation = 'M. H. Montague, J. A. Aslam, "Condorcet fusion for improved retrieval", CIKM 2002.';

export const condorcetMethod: FusionMethod<Record<never, never>> = {
  name: 'condorcet',
  aliases: ['condorcet-fuse', 'condorcetfuse'],
  formula: '|C| − position, in an order in which no document is beaten by a majority for the next',
  citation: condorcetCitation,
  needs: 'ranks',
  missing: 'A run prefers every document it has to those it does not have, and has no vote between two that it does not have.',
  parameters: {},
  combine: (lists) => condorcetOrder(lists),
};

/**
 * Where majorities form a cycle several orders are possible; and between some pairs there is no majority. Starting from the order of the Borda count
 * makes the result one and the same whatever the order of runs and documents, and leaves undecided pairs to the points.
 */
export function condorcetOrder(lists: RankedLists, weights?: readonly number[]): Combination {
  const candidates = lists.ids.length;
  const start = Int32Array.from(orderDocuments(lists.ids, bordaCount(lists, 'candidates', weights).scores).subarray(0, candidates));
  const votes = pairwiseVotes(lists, weights);
  const order = sortByMajority(votes, start);
  const scores = new Float64Array(candidates);
  for (let position = 0; position < candidates; position++) scores[order[position]!] = candidates - position;
  return { scores, contributions: () => sharedByVotes(votes, scores) };
}

/** The score of a document, shared among the lists in proportion to the pairs in which they voted for it. */
function sharedByVotes({ ranks, voters, weights }: PairwiseVotes, scores: Float64Array): Float64Array {
  const candidates = scores.length;
  const shares = new Float64Array(voters * candidates);
  for (let document = 0; document < candidates; document++) {
    let total = 0;
    for (let voter = 0; voter < voters; voter++) {
      const rank = ranks[document * voters + voter]!;
      // A list votes for a document against all it ranks lower and all it does not have.
      const won = rank < candidates ? weights[voter]! * (candidates - 1 - rank) : 0;
      shares[voter * candidates + document] = won;
      total += won;
    }
    for (let voter = 0; voter < voters; voter++) {
      const share = total === 0 ? 1 / voters : shares[voter * candidates + document]! / total;
      shares[voter * candidates + document] = scores[document]! * share;
    }
  }
  return shares;
}

/**
 * Condorcet fusion: documents are sorted by pairwise majority, each ranking being a voter.
 *
 * M. H. Montague, J. A. Aslam, "Condorcet fusion for improved retrieval", CIKM 2002.
 *
 * @example condorcet([bm25Hits, denseHits, spladeHits]);
 */
export function condorcet(rankings: Rankings, options?: ResultOptions): Hit[] {
  return fuseRankings(condorcetMethod, rankings, options);
}
