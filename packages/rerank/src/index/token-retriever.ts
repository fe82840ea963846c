import {
  checkInteger,
  checkOptions,
  checkString,
  RankError,
  type Ranking,
  type Retriever,
  type ScoreSpace,
  type SearchOptions,
  shown,
  type TokenEncoder,
  type Tokens,
} from '@rank-rank/core';
import type { TokenIndex, TokenSearchOptions } from './token-index.ts';

export interface TokenRetrieverOptions
  extends Pick<TokenSearchOptions, 'aggregate' | 'queryLength' | 'candidates' | 'probes' | 'exact' | 'threads'> {
  readonly encoder: TokenEncoder;
  /** What each query row counts, seen from its tokens. 1 by default. */
  readonly weigh?: (query: Tokens) => Float32Array | readonly number[];
}

/**
 * An index that is asked in words: the encoder makes tokens of the query. A query of which nothing counts finds nothing.
 *
 * @example
 * const retriever = tokenRetriever(index, { encoder });
 * await retriever.search('what is late interaction', 10);
 */
export function tokenRetriever(index: TokenIndex, options: TokenRetrieverOptions): Retriever & { readonly space: ScoreSpace } {
  checkOptions('tokenRetriever', options, ['encoder', 'weigh', 'aggregate', 'queryLength', 'candidates', 'probes', 'exact', 'threads']);
  const { encoder, weigh, ...settings } = options;
  if (typeof encoder?.encode !== 'function')
    throw new RankError('INVALID_ARGUMENT', `tokenRetriever: encoder is ${shown(encoder)}; expected a TokenEncoder.`);
  if (encoder.dim !== index.dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `tokenRetriever: the encoder makes rows of ${encoder.dim} dimensions and the index has ${index.dim}. Use the model that the documents were encoded with.`,
    );
  }
  return {
    space: index.space(settings),
    async search(query: string, k: number, searchOptions: SearchOptions = {}): Promise<Ranking> {
      checkOptions('search', searchOptions, ['signal', 'filter']);
      checkString('search: query', query);
      checkInteger('search: k', k, { min: 1 });
      const { signal } = searchOptions;
      const [tokens] = await encoder.encode([query], 'query', signal && { signal });
      if (tokens === undefined || tokens.rows === 0) return [];
      const weights = weigh?.(tokens);
      return index.search(tokens, k, { ...settings, ...searchOptions, text: query, ...(weights && { weights }) });
    },
  };
}
