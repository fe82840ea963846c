import { type Hit, RankError } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import { type FusionMethod, type ResultOptions, weightsParameter } from '../method.ts';
import type { Weights } from '../parameters.ts';
import { type RrfParameters, type RrfPreset, reciprocal, rrfParameters, rrfPresets } from './rrf.ts';

export type WeightedRrfParameters = RrfParameters & {
  readonly weights: readonly number[];
  /** What a weight acts on: `score` multiplies what a run adds, `rank` divides its ranks, as Qdrant does. */
  readonly weigh: 'score' | 'rank';
};

export type WeightedRrfOptions = Partial<Omit<WeightedRrfParameters, 'weights'>> &
  ResultOptions & { readonly weights?: Weights; readonly preset?: RrfPreset };

export const weightedRrfMethod: FusionMethod<WeightedRrfParameters> = {
  name: 'weighted-rrf',
  aliases: ['w-rrf', 'rrf-weighted'],
  formula: 'Σ w / (k + rank); with weigh = rank: Σ 1 / (k − 1 + rank / w), ranks from 1',
  citation:
    'G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009; weighted as in Elasticsearch, or as in Qdrant.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: {
    ...rrfParameters,
    weights: { ...weightsParameter, peers: 'Elasticsearch: weight; Qdrant: weights; rank-fusion: weights, scaled to add up to 1' },
    weigh: {
      type: 'choice',
      description: 'What a weight acts on: "score" multiplies what a run adds, "rank" divides its ranks.',
      default: 'score',
      choices: ['score', 'rank'],
      peers: 'Qdrant: always rank; Elasticsearch, rank-fusion: always score',
    },
  },
  presets: {
    ...rrfPresets,
    qdrant: { ...rrfPresets.qdrant, weigh: 'rank' },
  },
  combine(lists, { k, firstRank, weights, weigh }) {
    const plain = weigh === 'score' ? gainTable(lists, reciprocal(k, firstRank)) : undefined;
    const gains = lists.runs.map((run) => {
      const weight = weights[run]!;
      if (plain !== undefined) return plain.map((gain) => weight * gain);
      return gainTable(lists, reciprocalOfWeightedRank(k, firstRank, weight));
    });
    return positional(lists, gains);
  },
};

/** 1 / (k + firstRank − 1 + (position + 1) / w): with w = 1 what plain fusion gives; the larger the weight, the more slowly ranks grow. */
function reciprocalOfWeightedRank(k: number, firstRank: number, weight: number): (position: number) => number {
  const offset = k + firstRank - 1;
  if (offset < 0) {
    throw new RankError('OUT_OF_RANGE', `With weigh "rank" and ranks from ${firstRank}, k must be at least ${1 - firstRank}; it is ${k}.`);
  }
  return weight === 0 ? () => 0 : (position) => 1 / (offset + (position + 1) / weight);
}

/**
 * Reciprocal rank fusion in which some runs count more: Σ w / (k + rank).
 *
 * The preset `qdrant` divides the ranks of a run by its weight instead, as that engine does: Σ 1 / ((position + 1) / w + k − 1), k = 2.
 *
 * @example weightedRrf({ bm25, dense }, { weights: { bm25: 1, dense: 2 } });
 */
export function weightedRrf(rankings: Rankings, options?: WeightedRrfOptions): Hit[] {
  return fuseRankings(weightedRrfMethod, rankings, options);
}
