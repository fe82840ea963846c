import { checkInteger, checkOptions, RankError } from '@rank-rank/core';
import type { LexicalReader } from '../lexical-reader.ts';
import type { BooleanQuery } from '../query/lexical-query.ts';
import { sourceText } from '../segment/fields.ts';
import { heaviest, termVector } from './term-vector.ts';

export interface MoreLikeThisOptions {
  /** The field that is compared; the first by default. */
  readonly field?: string;
  /** How many of the text's terms are asked for. 25 */
  readonly terms?: number;
  /** Terms that fewer documents have are left out. 2 */
  readonly minDocuments?: number;
  /** Terms that occur less often in the text are left out. 1 */
  readonly minFrequency?: number;
}

/**
 * A query for documents like a text, or like a document of the index (which it does not find itself): the text's terms with the largest
 * frequency · idf, weighted so.
 *
 * @example await index.search(moreLikeThis(index.reader, { id: 'd1' }), 10);
 */
export function moreLikeThis(
  reader: LexicalReader,
  like: { readonly id: string } | { readonly text: string },
  options: MoreLikeThisOptions = {},
): BooleanQuery {
  checkOptions('moreLikeThis', options, ['field', 'terms', 'minDocuments', 'minFrequency']);
  checkOptions('moreLikeThis: what', like, ['id', 'text']);
  const terms = checkInteger('moreLikeThis: terms', options.terms ?? 25, { min: 1, max: 1000 });
  const minDocuments = checkInteger('moreLikeThis: minDocuments', options.minDocuments ?? 2, { min: 1 });
  const minFrequency = checkInteger('moreLikeThis: minFrequency', options.minFrequency ?? 1, { min: 1 });
  const field = reader.fieldOf(options.field);
  const { analyzer, name, from } = reader.fields[field]!;
  let text: string;
  if ('id' in like) {
    const stored = reader.textOf(like.id);
    if (stored === undefined)
      throw new RankError('NOT_FOUND', `moreLikeThis: there is no document "${like.id}" in this commit.`, { id: like.id });
    text = sourceText({ id: like.id, ...stored }, from);
  } else text = like.text;
  const { documents } = reader.statistics(field);
  const weights = new Map<string, number>();
  for (const [term, frequency] of termVector(analyzer, text)) {
    const { documentFrequency } = reader.termStatistics(field, term);
    if (frequency < minFrequency || documentFrequency < minDocuments) continue;
    weights.set(term, frequency * Math.log(1 + documents / documentFrequency));
  }
  const best = heaviest(weights, terms);
  const most = best[0]?.[1] ?? 1;
  return {
    should: best.map(([term, weight]) => ({ term, field: name, boost: weight / most })),
    ...('id' in like && { mustNot: [{ id: like.id }] }),
  };
}
