import { checkInteger, checkNumber, type Filter, RankError, type Ranking, shown } from '@rank-rank/core';
import { type FuseOptions, fuse as fuseRuns } from '@rank-rank/fusion';
import { controlsOf } from './controls-of.ts';
import type { Source } from './retrieve.ts';
import type { ResultLists, Stage, StageOptions } from './stage.ts';

/** A dense retriever that can be asked with a vector, and gives out those of its documents. */
export interface VectorSource extends Source {
  /** The vector that `search` would ask with. */
  queryVector(query: string, options?: { readonly signal?: AbortSignal }): Promise<Float32Array>;
  searchVector(vector: Float32Array, k: number, options?: { readonly signal?: AbortSignal; readonly filter?: Filter }): Promise<Ranking>;
  /** The vectors of documents; undefined for one that has none. */
  vectorsOf(ids: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
}

export interface FeedbackOptions extends StageOptions<ResultLists, ResultLists> {
  /** The list that is asked for again. `dense` by default. */
  readonly list?: string;
  /** How many of the best fused documents are believed. 3 by default. */
  readonly documents?: number;
  /** How much their mean counts against the query. 1 by default. */
  readonly weight?: number;
  /** How many hits the second search gives. As many as the first by default. */
  readonly depth?: number;
  /** How the lists are fused to find the best. Reciprocal rank fusion by default. */
  readonly fusion?: FuseOptions;
}

/**
 * Pseudo-relevance feedback in vector space (Rocchio 1971): the best documents of all lists together are taken for relevant, the query's vector
 * is moved towards their mean, q' = q + w · mean, both of length 1, and the dense list is replaced by the answer to q'.
 *
 * @example pipeline(retrieve({ bm25, dense }), feedback(dense), fuse())
 */
export function feedback(source: VectorSource, options: FeedbackOptions = {}): Stage<ResultLists, ResultLists> {
  const shared = controlsOf('feedback', options, ['list', 'documents', 'weight', 'depth', 'fusion']);
  if (typeof source?.searchVector !== 'function' || typeof source.vectorsOf !== 'function') {
    throw new RankError(
      'INVALID_ARGUMENT',
      `feedback: the source is ${shown(source)}; expected a dense retriever with queryVector(), searchVector() and vectorsOf().`,
    );
  }
  const { list = 'dense', fusion = {} } = options;
  const count = checkInteger('feedback: documents', options.documents ?? 3, { min: 1 });
  const weight = checkNumber('feedback: weight', options.weight ?? 1, { min: 0 });
  const { depth } = options;
  if (depth !== undefined) checkInteger('feedback: depth', depth, { min: 1 });
  return {
    kind: 'feedback',
    ...shared,
    async run({ lists }, { query, k, filter, signal, note }) {
      const dense = lists[list];
      if (dense === undefined) {
        note(`there is no list ${list}: nothing was asked again`);
        return { lists };
      }
      const best =
        fuseRuns(Object.fromEntries(Object.entries(lists).map(([name, { hits }]) => [name, new Map([['q', hits]])])), {
          ...fusion,
          topK: count,
        } as FuseOptions).get('q') ?? [];
      const vectors = (await source.vectorsOf(best.map(({ id }) => id))).filter((vector) => vector !== undefined);
      const asked = await source.queryVector(query.text, { signal });
      if (vectors.length === 0) {
        note('no document to learn from');
        return { lists };
      }
      const moved = towards(asked, vectors, weight);
      const hits = await source.searchVector(moved, Math.max(depth ?? dense.hits.length, k), { signal, ...(filter && { filter }) });
      return { lists: { ...lists, [list]: { hits, space: dense.space } } };
    },
  };
}

/** q + w · mean, where q and the mean have length 1; of length 1 itself. */
function towards(query: Float32Array, vectors: readonly Float32Array[], weight: number): Float32Array {
  const mean = new Float32Array(query.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + vector[i]!;
  const moved = unit(query);
  const direction = unit(mean);
  for (let i = 0; i < moved.length; i++) moved[i] = moved[i]! + weight * direction[i]!;
  return unit(moved);
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector.slice() : vector.map((value) => value / length);
}
