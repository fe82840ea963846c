import type { SearchOptions, SparseEncoder, SparseVector } from '@rank-rank/core';
import type { SparseIndex } from '@rank-rank/retrieve';
import type { Source } from '../stage/retrieve.ts';

/**
 * A sparse index and the encoder of its queries as one retriever: the dot product of the weights of words.
 *
 * @example retrieve({ bm25: lexical, sparse: sparseSource(index, encoder) })
 */
export function sparseSource(index: SparseIndex, encoder: SparseEncoder): Source {
  const queryVector = async (query: string, { signal }: SearchOptions = {}): Promise<SparseVector> => {
    const [vector] = await encoder.encode([query], 'query', signal && { signal });
    return vector!;
  };
  return {
    space: 'dot',
    search: async (query, k, options = {}) => index.search(await queryVector(query, options), k, options),
    searchDetailed: async (query, k, options) => index.searchDetailed(await queryVector(query, options), k, options),
    async explain(query, id) {
      const found = index.explain(await queryVector(query), id, (term) => encoder.termOf?.(term) ?? `term ${term}`);
      // A document that shares no word with the query is not found by it.
      if (found?.parts === undefined || found.parts.length === 0) return undefined;
      return { ...found, name: 'sparse', description: `words in common: ${found.parts.length}` };
    },
  };
}
