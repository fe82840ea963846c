import { checkInteger, checkOneOf, checkString, type Tokens } from '@rank-rank/core';
import type { IndexDocument } from '../index/token-index.ts';
import { rowsOf } from './rows.ts';

/** How a field of token matrices is mapped: kept as it is and not parsed, which is what `lateInteractionScore` reads (OpenSearch 3.3 and later). */
export const opensearchMapping: { readonly type: 'object'; readonly enabled: false } = { type: 'object', enabled: false };

/** A document as two lines of `_bulk`: the action, and the source. */
export function opensearchBulk(
  { id, tokens, text, title, metadata }: IndexDocument,
  index: string,
  field: string,
): readonly [action: Readonly<Record<string, unknown>>, source: Readonly<Record<string, unknown>>] {
  checkString('opensearchBulk: index', index);
  checkString('opensearchBulk: field', field);
  return [
    { index: { _index: index, _id: id } },
    {
      ...metadata,
      ...(title !== undefined && { title }),
      ...(text !== undefined && { text }),
      [field]: rowsOf('opensearchBulk', tokens),
    },
  ];
}

/**
 * The `rescore` of a search: the best of the query are scored by MaxSim. The space is always said, because OpenSearch's default is Euclidean.
 *
 * @example await client.search({ index, body: { query, rescore: opensearchRescore(tokens, 'colbert', { window: 100 }) } })
 */
export function opensearchRescore(
  tokens: Tokens,
  field: string,
  options: { readonly window?: number; readonly space?: 'innerproduct' | 'cosinesimil' } = {},
): Readonly<Record<string, unknown>> {
  checkString('opensearchRescore: field', field);
  const space_type = checkOneOf('opensearchRescore: space', options.space ?? 'innerproduct', ['innerproduct', 'cosinesimil']);
  const source = `lateInteractionScore(params.query_vectors, '${field.replaceAll("'", "\\'")}', params._source, params.space_type)`;
  return {
    window_size: checkInteger('opensearchRescore: window', options.window ?? 100, { min: 1 }),
    query: {
      query_weight: 0,
      rescore_query_weight: 1,
      rescore_query: {
        script_score: {
          query: { match_all: {} },
          script: { source, params: { query_vectors: rowsOf('opensearchRescore', tokens), space_type } },
        },
      },
    },
  };
}
