import type { DenseEncoder, Explanation, Filter, Ranking, SearchOptions } from '@rank-rank/core';
import type { DenseIndex } from '@rank-rank/retrieve';
import type { VectorSource } from '../stage/feedback.ts';

/**
 * A dense index and the encoder of its queries as one retriever.
 *
 * @example retrieve({ bm25: lexical, dense: denseSource(index, encoder) })
 */
export function denseSource(index: DenseIndex, encoder: DenseEncoder): VectorSource {
  const space = index.metric === 'cosine' ? 'cosine' : index.metric === 'dot' ? 'dot' : 'l2';
  const queryVector = async (query: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Float32Array> => {
    const { data } = await encoder.encode([query], 'query', signal && { signal });
    return data;
  };
  const searchVector = async (
    vector: Float32Array,
    k: number,
    options: { readonly signal?: AbortSignal; readonly filter?: Filter } = {},
  ): Promise<Ranking> =>
    // A query without a known word has no direction, and nothing is nearest to it.
    vector.every((value) => value === 0) ? [] : index.search(vector, k, options);
  return {
    space,
    queryVector,
    searchVector,
    search: async (query: string, k: number, options: SearchOptions = {}) => searchVector(await queryVector(query, options), k, options),
    vectorsOf: async (ids) => ids.map((id) => index.reader.vector(id)),
    async explain(query: string, id: string): Promise<Explanation | undefined> {
      const vector = index.reader.vector(id);
      if (vector === undefined) return undefined;
      const asked = await queryVector(query);
      const length = Math.hypot(...asked);
      if (length === 0) return undefined;
      let dot = 0;
      for (let i = 0; i < vector.length; i++) dot += (asked[i]! / (space === 'cosine' ? length : 1)) * vector[i]!;
      return {
        name: 'dense',
        value: dot,
        space,
        description: `${space} of the vectors of the query and the document, ${index.dim} dimensions`,
      };
    },
  };
}
