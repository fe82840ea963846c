import { type Hit, RankError } from '@rank-rank/core';
import { fuseRankings } from '../fuse-rankings.ts';
import { forEveryList, gainTable, positional } from '../lists/combination.ts';
import type { Rankings } from '../lists/ranked-lists.ts';
import type { FusionMethod, Parameter, ResultOptions } from '../method.ts';

export type RrfParameters = {
  /** What is added to the rank; the larger, the less the first ranks stand out. 60 by default. */
  readonly k: number;
  /** The rank of a run's best document: 1 by default, as in the paper; 0 in some engines. */
  readonly firstRank: number;
};

export type RrfPreset = 'cormack' | 'elasticsearch' | 'qdrant' | 'chroma' | 'rank-fusion';
export type RrfOptions = Partial<RrfParameters> & ResultOptions & { readonly preset?: RrfPreset };

export const rrfParameters: { readonly [K in keyof RrfParameters]: Parameter } = {
  k: {
    type: 'number',
    description: 'What is added to the rank; the larger, the less the first ranks stand out.',
    default: 60,
    min: 0,
    peers: 'ranx: k; Elasticsearch, OpenSearch: rank_constant (60); Qdrant: k (2); Chroma: k (60); LanceDB: K (60)',
    search: [1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
  },
  firstRank: {
    type: 'integer',
    description: "The rank of a run's best document.",
    default: 1,
    min: 0,
    max: 1,
    peers: 'ranx, Elasticsearch: always 1; Qdrant, Chroma, rank-fusion: always 0',
  },
};

/** Named parameters: `cormack` (the paper), `elasticsearch` (the same), `qdrant` (k 2, ranks from 0), `chroma` and `rank-fusion` (k 60, ranks from 0). */
export const rrfPresets: Readonly<Record<RrfPreset, RrfParameters>> = {
  cormack: { k: 60, firstRank: 1 },
  elasticsearch: { k: 60, firstRank: 1 },
  qdrant: { k: 2, firstRank: 0 },
  chroma: { k: 60, firstRank: 0 },
  'rank-fusion': { k: 60, firstRank: 0 },
};

export const rrfMethod: FusionMethod<RrfParameters> = {
  name: 'rrf',
  aliases: ['reciprocal-rank-fusion'],
  formula: 'Σ 1 / (k + rank)',
  citation:
    'G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009.',
  needs: 'ranks',
  missing: 'A run that does not have a document adds nothing.',
  parameters: rrfParameters,
  presets: rrfPresets,
  combine(lists, { k, firstRank }) {
    return positional(lists, forEveryList(lists, gainTable(lists, reciprocal(k, firstRank))));
  },
};

/** 1 / (k + rank), for positions counted from 0. */
export function reciprocal(k: number, firstRank: number): (position: number) => number {
  const offset = k + firstRank;
  if (offset === 0) {
    throw new RankError(
      'OUT_OF_RANGE',
      'With k 0 and ranks from 0 the best document would be worth 1 / 0. Take a k above 0, or firstRank 1.',
    );
  }
  return (position) => 1 / (offset + position);
}

/**
 * Reciprocal rank fusion: Σ 1 / (k + rank) over the rankings that have the document, k = 60, ranks from 1.
 *
 * G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
 * Methods", SIGIR 2009.
 *
 * @example
 * rrf([bm25Hits, denseHits]);
 * rrf([['a', 'b'], ['b', 'c']], { k: 10, topK: 2 }); // ids alone are enough: b, then a
 * rrf({ bm25, dense }, { preset: 'qdrant' });
 */
export function rrf(rankings: Rankings, options?: RrfOptions): Hit[] {
  return fuseRankings(rrfMethod, rankings, options);
}
