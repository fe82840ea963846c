import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { type Combination, listCount } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, Parameter, ResultOptions } from '../method.ts';

export type BordaParameters = {
  /** Whose number of documents the points are counted from: `candidates` of all runs (the paper), or the `list` itself. */
  readonly points: 'candidates' | 'list';
};

export const bordaCitation = 'J. A. Aslam, M. Montague, "Models for Metasearch", SIGIR 2001.';

export const bordaPoints: Parameter = {
  type: 'choice',
  description:
    'What the points are counted from: "candidates", the documents of all runs, where documents that a run does not have share its remaining points evenly; or "list", the length of the run, where they get none.',
  default: 'candidates',
  choices: ['candidates', 'list'],
  peers: 'ranx: always candidates; rank-fusion: always list',
};

export const bordaMethod: FusionMethod<BordaParameters> = {
  name: 'borda',
  aliases: ['bordafuse', 'borda-fuse', 'borda-count'],
  formula: 'Σ (|C| − rank + 1), and (|C| − n + 1) / 2 for the documents that a run of n does not have',
  citation: bordaCitation,
  needs: 'ranks',
  missing: 'The documents that a run does not have share evenly the points it has left.',
  parameters: { points: bordaPoints },
  combine: (lists, { points }) => bordaCount(lists, points),
};

/**
 * Points for all documents: position i (0 is the best) of a list earns `size − i`, and where the candidates are counted each missing
 * document the mean of the points left. Adding that mean for every list first, and the difference for those that have the document, costs one visit per entry.
 */
export function bordaCount(lists: RankedLists, points: BordaParameters['points'], weights?: readonly number[]): Combination {
  const { documents, ids, starts, runs } = lists;
  const candidates = ids.length;
  const count = listCount(lists);
  const missing = new Float64Array(count);
  const first = new Float64Array(count);
  const weightOf = new Float64Array(count);
  const scores = new Float64Array(candidates);
  let forAll = 0;
  for (let list = 0; list < count; list++) {
    const length = starts[list + 1]! - starts[list]!;
    first[list] = points === 'candidates' ? candidates : length;
    missing[list] = points === 'candidates' ? (candidates - length + 1) / 2 : 0;
    weightOf[list] = weights === undefined ? 1 : weights[runs[list]!]!;
    forAll += weightOf[list]! * missing[list]!;
  }
  scores.fill(forAll);
  for (let list = 0; list < count; list++) {
    const weight = weightOf[list]!;
    const best = first[list]! - missing[list]!;
    const from = starts[list]!;
    for (let at = from; at < starts[list + 1]!; at++) scores[documents[at]!]! += weight * (best - (at - from));
  }
  return {
    scores,
    contributions() {
      const shares = new Float64Array(count * candidates);
      for (let list = 0; list < count; list++) {
        const row = list * candidates;
        shares.fill(weightOf[list]! * missing[list]!, row, row + candidates);
        const from = starts[list]!;
        for (let at = from; at < starts[list + 1]!; at++) shares[row + documents[at]!] = weightOf[list]! * (first[list]! - (at - from));
      }
      return shares;
    },
  };
}

/**
 * Borda count: each ranking is a voter who gives its first document as many points as there are candidates |C|, the next one less, and
 * shares what is left evenly among the documents it does not have.
 *
 * J. A. Aslam, M. Montague, "Models for Metasearch", SIGIR 2001.
 *
 * @example borda([bm25Hits, denseHits]);
 */
export function borda(rankings: Rankings, options?: Partial<BordaParameters> & ResultOptions): Hit[] {
  return fuseRankings(bordaMethod, rankings, options);
}
