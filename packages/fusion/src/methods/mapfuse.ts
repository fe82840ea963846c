import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod } from '../method.ts';
import type { TrainingRun } from '../training.ts';
import { lillis2010 } from './posfuse.ts';
import { type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

export const mapfuseMethod: FusionMethod<ModelParameters> = {
  name: 'mapfuse',
  aliases: ['map-fuse'],
  formula: 'Σ MAP(run) / rank',
  citation: lillis2010,
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: { model: modelParameter },
  fit: (run) => Float64Array.of(meanAveragePrecision(run)),
  combine: (lists, { model }) =>
    positional(
      lists,
      lists.runs.map((run) => gainTable(lists, (position) => model.tables[run]![0]! / (position + 1))),
    ),
};

/** The mean over the queries of Σ precision at each relevant document / number of relevant documents. */
function meanAveragePrecision({ hits, relevant }: TrainingRun): number {
  let total = 0;
  for (let query = 0; query < hits.length; query++) {
    let found = 0;
    let precisions = 0;
    hits[query]!.forEach((isRelevant, i) => {
      if (isRelevant === 1) precisions += ++found / (i + 1);
    });
    total += precisions / relevant[query]!;
  }
  return total / hits.length;
}

/**
 * MAPFuse: Σ MAP / rank, where MAP is the mean average precision of the run on judged queries.
 *
 * D. Lillis et al., "Estimating Probabilities for Effective Data Fusion", SIGIR 2010.
 *
 * @example mapfuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'mapfuse' }) });
 */
export function mapfuse(rankings: Rankings, options: ModelOptions): Hit[] {
  return fuseRankings(mapfuseMethod, rankings, options);
}
