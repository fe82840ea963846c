import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { additive, type Combination } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, type FusionModel, normalizationParameter } from '../method.ts';
import { normalizeLists } from '../normalization/normalize-lists.ts';
import type { Normalizer } from '../normalization/normalizer.ts';
import type { TrainingRun } from '../training.ts';
import type { ScoreOptions, ScoreParameters } from './score-method.ts';
import { type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

/** Where the ten segments end: 10 · 2^k − 5, so that they double in length: 5, 10, 20, 40 … documents. */
const ends: readonly number[] = Array.from({ length: 10 }, (_, k) => 10 * 2 ** k - 5);

export const segfuseMethod: FusionMethod<ModelParameters & ScoreParameters> = {
  name: 'segfuse',
  aliases: ['seg-fuse'],
  formula: 'Σ P(relevant | segment) · (1 + s), segments ending at positions 10 · 2^k − 5',
  citation: 'M. Shokouhi, "Segmentation of Search Engine Results for Effective Data-Fusion", ECIR 2007.',
  needs: 'ranks and scores',
  missing: 'A run that does not have a document adds nothing; nor does a position past the tenth segment.',
  parameters: { model: modelParameter, normalization: normalizationParameter('min-max') },
  fit: (run) => relevanceBySegment(run),
  combine: (lists, { model, normalization }) => combineSegments(lists, model, normalization),
};

/** The mean over the queries of relevant documents in a segment / length of the segment. */
function relevanceBySegment({ hits }: TrainingRun): Float64Array {
  const probabilities = new Float64Array(ends.length);
  for (const positions of hits) {
    ends.forEach((end, segment) => {
      const start = ends[segment - 1] ?? 0;
      const relevant = positions.subarray(start, end).reduce((sum, hit) => sum + hit, 0);
      probabilities[segment]! += relevant / (end - start);
    });
  }
  return probabilities.map((sum) => sum / hits.length);
}

function combineSegments(lists: RankedLists, model: FusionModel, normalizer: Normalizer): Combination {
  const normalized = normalizeLists(lists, normalizer);
  const { starts, runs } = normalized.lists;
  const values = new Float64Array(normalized.values.length);
  for (let list = 0; list < runs.length; list++) {
    const probabilities = model.tables[runs[list]!]!;
    const from = starts[list]!;
    const length = starts[list + 1]! - from;
    for (let segment = 0, i = 0; segment < ends.length; segment++) {
      for (; i < Math.min(length, ends[segment]!); i++) values[from + i] = probabilities[segment]! * (1 + normalized.values[from + i]!);
    }
  }
  return { ...additive(normalized.lists, values), normalized };
}

/**
 * SegFuse: rankings are cut into segments that double in length, and a document is worth the probability, learned from judged
 * queries, that a document of its segment is relevant, times 1 + its normalized score.
 *
 * M. Shokouhi, "Segmentation of Search Engine Results for Effective Data-Fusion", ECIR 2007.
 *
 * @example segfuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'segfuse' }) });
 */
export function segfuse(rankings: Rankings, options: ModelOptions & ScoreOptions): Hit[] {
  return fuseRankings(segfuseMethod, rankings, options);
}
