import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod } from '../method.ts';
import type { TrainingRun } from '../training.ts';
import { byLearnedPosition, type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

export const lillis2010 =
  'D. Lillis, L. Zhang, F. Toolan, R. W. Collier, D. Leonard, J. Dunnion, "Estimating Probabilities for Effective Data Fusion", SIGIR 2010.';

export const posfuseMethod: FusionMethod<ModelParameters> = {
  name: 'posfuse',
  aliases: ['pos-fuse'],
  formula: 'Σ P(relevant | position)',
  citation: lillis2010,
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing; nor does a position deeper than any seen in training.',
  parameters: { model: modelParameter },
  fit: (run) => relevanceByPosition(run),
  combine: (lists, { model }) => byLearnedPosition(lists, model),
};

/** At each position, the share of the queries that reach so far whose document there is relevant. */
export function relevanceByPosition({ hits }: TrainingRun): Float64Array {
  const depth = hits.reduce((deepest, { length }) => Math.max(deepest, length), 0);
  const relevant = new Float64Array(depth);
  const reached = new Float64Array(depth);
  for (const positions of hits) {
    for (let i = 0; i < positions.length; i++) {
      relevant[i]! += positions[i]!;
      reached[i]!++;
    }
  }
  return relevant.map((count, i) => count / reached[i]!);
}

/**
 * PosFuse: the sum over the rankings of the probability, learned from judged queries, that a run's document at this position is relevant.
 *
 * D. Lillis et al., "Estimating Probabilities for Effective Data Fusion", SIGIR 2010.
 *
 * @example posfuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'posfuse' }) });
 */
export function posfuse(rankings: Rankings, options: ModelOptions): Hit[] {
  return fuseRankings(posfuseMethod, rankings, options);
}
