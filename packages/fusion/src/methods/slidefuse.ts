import type { Hit } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { additive, type Combination } from '../lists/combination.ts';
import type { RankedLists, Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, FusionModel } from '../method.ts';
import { relevanceByPosition } from './posfuse.ts';
import { type ModelOptions, type ModelParameters, modelParameter } from './trained.ts';

export type SlidefuseParameters = ModelParameters & {
  /** How many positions to either side are averaged with: 5 by default. */
  readonly window: number;
};

export const slidefuseMethod: FusionMethod<SlidefuseParameters> = {
  name: 'slidefuse',
  aliases: ['slide-fuse'],
  formula: 'Σ mean of P(relevant | position) over positions i − w … i + w of the ranking',
  citation: 'D. Lillis, F. Toolan, R. W. Collier, J. Dunnion, "Extending Probabilistic Data Fusion Using Sliding Windows", ECIR 2008.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    model: modelParameter,
    window: {
      type: 'integer',
      description: 'How many positions to either side are averaged with.',
      default: 5,
      min: 0,
      peers: 'ranx: w, required',
      search: [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100],
    },
  },
  fit: (run) => relevanceByPosition(run),
  combine: (lists, { model, window }) => slide(lists, model, window),
};

/** The window is cut where the ranking ends, so a document near the end of a short ranking is averaged over fewer positions. */
function slide(lists: RankedLists, model: FusionModel, window: number): Combination {
  const { starts, runs } = lists;
  const values = new Float64Array(lists.documents.length);
  for (let list = 0; list < runs.length; list++) {
    const probabilities = model.tables[runs[list]!]!;
    const from = starts[list]!;
    const length = starts[list + 1]! - from;
    const sums = new Float64Array(length + 1);
    for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + (probabilities[i] ?? 0);
    for (let i = 0; i < length; i++) {
      const first = Math.max(0, i - window);
      const end = Math.min(length, i + window + 1);
      values[from + i] = (sums[end]! - sums[first]!) / (end - first);
    }
  }
  return additive(lists, values);
}

/**
 * SlideFuse: PosFuse with the probability at each position averaged over its neighbours, which few training queries need.
 *
 * D. Lillis, F. Toolan, R. W. Collier, J. Dunnion, "Extending Probabilistic Data Fusion Using Sliding Windows", ECIR 2008.
 *
 * @example slidefuse([bm25Hits, denseHits], { model: fit([bm25, dense], qrels, { method: 'slidefuse' }), window: 5 });
 */
export function slidefuse(rankings: Rankings, options: ModelOptions & { readonly window?: number }): Hit[] {
  return fuseRankings(slidefuseMethod, rankings, options);
}
