import { checkInteger, checkNumber, checkOneOf, checkOptions, checkString, type Hit, RankError } from '@rank-rank/core';
import type { LexicalReader, LexicalSearchOptions } from '../lexical-reader.ts';
import type { BooleanQuery } from '../query/lexical-query.ts';
import { sourceText } from '../segment/fields.ts';
import { type Bo1Options, bo1 } from './bo1.ts';
import { type Rm3Options, rm3 } from './rm3.ts';
import { type RocchioOptions, rocchio } from './rocchio.ts';
import { heaviest, termVector } from './term-vector.ts';

export type FeedbackOptions = (Rm3Options | RocchioOptions | Bo1Options) & {
  /** The field whose terms are taken and asked; the first by default. */
  readonly field?: string;
  readonly filter?: LexicalSearchOptions['filter'];
  readonly model?: LexicalSearchOptions['model'];
  /** Documents known to be relevant (their ids), instead of the best found. */
  readonly relevant?: readonly string[];
  /** Documents known not to be relevant, for Rocchio. */
  readonly notRelevant?: readonly string[];
};

const optionsOf = {
  rm3: ['documents', 'terms', 'originalWeight'],
  rocchio: ['documents', 'terms', 'alpha', 'beta', 'gamma', 'notRelevant'],
  bo1: ['documents', 'terms'],
} as const;

/**
 * A longer query from what a first search finds (pseudo-relevance feedback), or from documents known to be relevant. Search with the
 * result as with any query. The index has to keep its texts.
 *
 * @example
 * const query = expandQuery(index.reader, 'jaguar', { method: 'rm3' });
 * await index.search(query, 10);
 */
export function expandQuery(reader: LexicalReader, query: string, options: FeedbackOptions): BooleanQuery {
  checkString('expandQuery: query', query);
  const method = checkOneOf('expandQuery: method', options?.method, ['rm3', 'rocchio', 'bo1']);
  checkOptions('expandQuery', options, ['method', 'field', 'filter', 'model', 'relevant', ...optionsOf[method]]);
  const count = checkInteger('expandQuery: documents', options.documents ?? (method === 'bo1' ? 3 : 10), { min: 1, max: 1000 });
  checkInteger('expandQuery: terms', options.terms ?? 10, { min: 1, max: 1000 });
  for (const name of ['originalWeight', 'alpha', 'beta', 'gamma'] as const) {
    const value = (options as unknown as Record<string, unknown>)[name];
    if (value !== undefined) checkNumber(`expandQuery: ${name}`, value, { min: 0, ...(name === 'originalWeight' && { max: 1 }) });
  }
  const field = reader.fieldOf(options.field);
  const { analyzer, queryAnalyzer, name, from } = reader.fields[field]!;
  const original = termVector(queryAnalyzer, query);
  const vectorOf = (id: string): ReturnType<typeof termVector> => {
    const text = reader.textOf(id);
    if (text === undefined) throw new RankError('NOT_FOUND', `expandQuery: there is no document "${id}" in this commit.`, { id });
    return termVector(analyzer, sourceText({ id, ...text }, from));
  };
  const hits: readonly Hit[] =
    options.relevant !== undefined
      ? options.relevant.map((id) => ({ id, score: 1 }))
      : reader.searchDetailed(query, count, {
          fields: [name],
          ...(options.filter && { filter: options.filter }),
          ...(options.model && { model: options.model }),
        }).hits;
  const documents = hits.map(({ id, score }) => ({ vector: vectorOf(id), score })).filter(({ vector }) => vector.size > 0);
  const collection = reader.statistics(field);
  let weights: Map<string, number>;
  if (options.method === 'rm3') weights = rm3(original, documents, options);
  else if (options.method === 'rocchio') {
    const idf = (term: string): number => {
      const { documentFrequency } = reader.termStatistics(field, term);
      return documentFrequency === 0 ? 0 : Math.log(1 + collection.documents / documentFrequency);
    };
    weights = rocchio(
      original,
      documents.map(({ vector }) => vector),
      (options.notRelevant ?? []).map(vectorOf),
      idf,
      options,
    );
  } else {
    weights = bo1(
      original,
      documents.map(({ vector }) => vector),
      (term) => reader.termStatistics(field, term).collectionFrequency / collection.documents,
      options,
    );
  }
  return { should: heaviest(weights, weights.size).map(([term, boost]) => ({ term, field: name, boost })) };
}
