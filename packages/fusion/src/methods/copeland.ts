import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Combination } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, ResultOptions } from '../method.ts';
import { majority, type PairwiseVotes, pairwiseVotes } from './pairwise-votes.ts';

export const copelandMethod: FusionMethod<Record<never, never>> = {
  name: 'copeland',
  aliases: [],
  formula: 'documents beaten by majority − documents lost to',
  citation: 'A. H. Copeland, "A reasonable social welfare function", University of Michigan, 1951.',
  needs: 'ranks',
  missing: 'A run prefers every document it has to those it does not have, and has no vote between two that it does not have.',
  parameters: {},
  combine: (lists) => copelandScores(lists),
};

/**
 * For one document at a time, the margin against every other: each list that has it votes for it, unless the other one stands above; each list that
 * does not have it votes for those it has. So only documents above, and lists without it, are visited; 10 ms for 2,000 documents of five lists.
 */
function copelandScores(lists: RankedLists): Combination {
  const { documents, starts } = lists;
  const votes = pairwiseVotes(lists);
  const { ranks, voters } = votes;
  const candidates = lists.ids.length;
  const scores = new Float64Array(candidates);
  const lost = new Int32Array(candidates);
  for (let document = 0; document < candidates; document++) {
    lost.fill(0);
    let having = 0;
    for (let list = 0; list < voters; list++) {
      const from = starts[list]!;
      const end = Math.min(starts[list + 1]!, from + ranks[document * voters + list]!);
      const has = end < starts[list + 1]!;
      if (has) having++;
      // A list that has the document and prefers another takes back its vote, and casts it for the other.
      const vote = has ? 2 : 1;
      for (let at = from; at < end; at++) lost[documents[at]!]! += vote;
    }
    let wins = 0;
    for (let other = 0; other < candidates; other++) wins += Math.sign(having - lost[other]!);
    // Against itself it has won.
    scores[document] = wins - 1;
  }
  return { scores, contributions: () => sharedByWinners(votes, candidates) };
}

/** Each pair's ±1 is shared evenly among the lists that voted for the outcome. */
function sharedByWinners(votes: PairwiseVotes, candidates: number): Float64Array {
  const { ranks, voters } = votes;
  const shares = new Float64Array(voters * candidates);
  for (let first = 0; first < candidates; first++) {
    for (let second = first + 1; second < candidates; second++) {
      const outcome = Math.sign(majority(votes, first, second));
      if (outcome === 0) continue;
      let winners = 0;
      for (let voter = 0; voter < voters; voter++) if (prefers(ranks, voters, voter, first, second) === outcome) winners++;
      for (let voter = 0; voter < voters; voter++) {
        if (prefers(ranks, voters, voter, first, second) !== outcome) continue;
        shares[voter * candidates + first]! += outcome / winners;
        shares[voter * candidates + second]! -= outcome / winners;
      }
    }
  }
  return shares;
}

/** 1 where the voter prefers the first document, −1 where the second, 0 without a vote. */
function prefers(ranks: Int32Array, voters: number, voter: number, first: number, second: number): number {
  return Math.sign(ranks[second * voters + voter]! - ranks[first * voters + voter]!);
}

/**
 * Copeland: how many documents a document beats by majority, less how many it loses to.
 *
 * A. H. Copeland, "A reasonable social welfare function", University of Michigan, 1951.
 *
 * @example copeland([bm25Hits, denseHits, spladeHits]);
 */
export function copeland(rankings: Rankings, options?: ResultOptions): Hit[] {
  return fuseRankings(copelandMethod, rankings, options);
}
