import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { type Combination, listCount } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, FusionModel } from '../method.ts';
import type { TrainingRun } from '../training.ts';
import { bordaCitation } from './borda.ts';
import { type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

/** Where the levels end within which all positions are held equally likely to be relevant. */
const ends: readonly number[] = [5, 10, 15, 20, 30, 100, 200, 500, 1000];
/** Probabilities are kept this far from 0 and 1, whose odds have no logarithm. */
const least = 0.001;
/** What a document is given by a run that does not have it, or has it deeper than the last level. */
const missingOdds: number = Math.log(least / (1 - least));

export const bayesfuseMethod: FusionMethod<ModelParameters> = {
  name: 'bayesfuse',
  aliases: ['bayes-fuse'],
  formula: 'Σ ln(P / (1 − P)), P(relevant | level), levels ending at ranks 5, 10, 15, 20, 30, 100, 200, 500, 1000',
  citation: bordaCitation,
  needs: 'ranks',
  missing: 'A run that does not have a document, or has it past rank 1000, gives it ln(0.001 / 0.999).',
  parameters: { model: modelParameter },
  fit: (run) => logOddsByLevel(run),
  combine: (lists, { model }) => sumOfOdds(lists, model),
};

function logOddsByLevel({ hits }: TrainingRun): Float64Array {
  return Float64Array.from(ends, (end, level) => {
    const start = ends[level - 1] ?? 0;
    let precision = 0;
    for (const positions of hits) precision += positions.subarray(start, end).reduce((sum, hit) => sum + hit, 0) / (end - start);
    precision /= hits.length;
    const relevant = precision === 0 ? least : precision;
    const other = 1 - relevant;
    return Math.log(relevant / (other === 0 ? least : other));
  });
}

function sumOfOdds(lists: RankedLists, model: FusionModel): Combination {
  const { documents, ids, runs, starts } = lists;
  const candidates = ids.length;
  const odds = new Float64Array(listCount(lists) * candidates).fill(missingOdds);
  const scores = new Float64Array(candidates);
  for (let list = 0; list < runs.length; list++) {
    const table = model.tables[runs[list]!]!;
    const from = starts[list]!;
    const length = starts[list + 1]! - from;
    for (let level = 0, i = 0; level < ends.length; level++) {
      for (; i < Math.min(length, ends[level]!); i++) odds[list * candidates + documents[from + i]!] = table[level]!;
    }
    for (let document = 0; document < candidates; document++) scores[document]! += odds[list * candidates + document]!;
  }
  return { scores, contributions: () => odds };
}

/**
 * BayesFuse: the sum over all runs of the log odds, learned from judged queries, that a document at this rank is relevant.
 *
 * J. A. Aslam, M. Montague, "Models for Metasearch", SIGIR 2001.
 *
 * @example bayesfuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'bayesfuse' }) });
 */
export function bayesfuse(rankings: Rankings, options: ModelOptions): Hit[] {
  return fuseRankings(bayesfuseMethod, rankings, options);
}
