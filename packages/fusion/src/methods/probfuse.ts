import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { positional } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod } from '../method.ts';
import type { TrainingRun } from '../training.ts';
import { type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

export type ProbfuseParameters = ModelParameters & {
  /** How many segments of equal length a ranking is cut into: 25 by default. The model keeps the number it was trained with. */
  readonly segments: number;
};

export const probfuseMethod: FusionMethod<ProbfuseParameters> = {
  name: 'probfuse',
  aliases: ['prob-fuse'],
  formula: 'Σ P(relevant | segment k) / k, a ranking being cut into segments of equal length, k = 1, 2, …',
  citation: 'D. Lillis, F. Toolan, R. Collier, J. Dunnion, "ProbFuse: A Probabilistic Approach to Data Fusion", SIGIR 2006.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    model: modelParameter,
    segments: {
      type: 'integer',
      description: 'How many segments of equal length a ranking is cut into. The model keeps the number it was trained with.',
      default: 25,
      min: 1,
      peers: 'ranx: n_segments, required, in training',
      search: [1, 2, 4, 6, 8, 10, 15, 20, 25, 30, 40, 50, 75, 100],
    },
  },
  fit: (run, { segments }) => relevanceBySegment(run, segments),
  combine: (lists, { model }) =>
    positional(
      lists,
      lists.runs.map((run, list) => gainsOfSegments(lists, list, model.tables[run]!)),
    ),
};

/** The mean over the queries of the share of a segment's documents that are relevant; a segment that a ranking does not reach has none. */
function relevanceBySegment({ hits }: TrainingRun, segments: number): Float64Array {
  const probabilities = new Float64Array(segments);
  for (const positions of hits) {
    const size = Math.ceil(positions.length / segments);
    for (let segment = 0; segment < segments; segment++) {
      const part = positions.subarray(segment * size, (segment + 1) * size);
      if (part.length > 0) probabilities[segment]! += part.reduce((sum, hit) => sum + hit, 0) / part.length;
    }
  }
  return probabilities.map((sum) => sum / hits.length);
}

function gainsOfSegments({ starts }: RankedLists, list: number, probabilities: readonly number[]): Float64Array {
  const length = starts[list + 1]! - starts[list]!;
  const size = Math.ceil(length / probabilities.length);
  return Float64Array.from({ length }, (_, i) => {
    const segment = Math.floor(i / size);
    return probabilities[segment]! / (segment + 1);
  });
}

/**
 * ProbFuse: rankings are cut into segments, and a document is worth the probability, learned from judged queries, that a document of
 * its segment is relevant, divided by the number of the segment.
 *
 * D. Lillis, F. Toolan, R. Collier, J. Dunnion, "ProbFuse: A Probabilistic Approach to Data Fusion", SIGIR 2006.
 *
 * @example probfuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'probfuse', segments: 25 }) });
 */
export function probfuse(rankings: Rankings, options: ModelOptions): Hit[] {
  return fuseRankings(probfuseMethod, rankings, options);
}
