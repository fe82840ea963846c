import { checkOneOf, checkOptions } from '@rank-rank/core';
import type { CollectionStatistics, Model, TermStatistics } from './model.ts';

export interface TfIdfOptions {
  readonly model?: 'tfidf';
  /** `linear`: f; `log` (the default): 1 + ln f; `binary`: 1. */
  readonly tf?: 'linear' | 'log' | 'binary';
  /** `standard` (the default): ln(N/n); `smoothed`: ln(1 + (N−n+.5)/(n+.5)). */
  readonly idf?: 'standard' | 'smoothed';
  /** `none` (the default), or by the root of the length in tokens, as Lucene's classic similarity. */
  readonly norm?: 'none' | 'length';
}

/**
 * TF–IDF: tf(f) · idf(n, N), after Salton and Buckley, "Term-weighting approaches in automatic text retrieval" (1988).
 */
export function tfIdf(options: TfIdfOptions = {}): Model {
  checkOptions('tfidf', options, ['model', 'tf', 'idf', 'norm']);
  const tf = checkOneOf('tfidf: tf', options.tf ?? 'log', ['linear', 'log', 'binary']);
  const idf = checkOneOf('tfidf: idf', options.idf ?? 'standard', ['standard', 'smoothed']);
  const norm = checkOneOf('tfidf: norm', options.norm ?? 'none', ['none', 'length']);
  const tfOf = (frequency: number): number => (tf === 'linear' ? frequency : tf === 'log' ? 1 + Math.log(frequency) : 1);
  const normOf = (length: number): number => (norm === 'length' && length > 0 ? 1 / Math.sqrt(length) : 1);
  const idfOf = ({ documentFrequency: n }: TermStatistics, { documents }: CollectionStatistics): number =>
    idf === 'standard' ? Math.log(documents / n) : Math.log(1 + (documents - n + 0.5) / (n + 0.5));
  return {
    name: 'tfidf',
    parameters: { tf, idf, norm },
    monotone: true,
    term(term, collection, weight) {
      const factor = weight * idfOf(term, collection);
      return (frequency, length) => factor * tfOf(frequency) * normOf(length);
    },
    factors: (term, collection, weight, frequency, length) => [
      ...(weight === 1 ? [] : [{ name: 'weight', value: weight, description: 'how often the query has the term, times its boost' }]),
      {
        name: 'idf',
        value: idfOf(term, collection),
        description: `${term.documentFrequency} of ${collection.documents} documents have the term`,
      },
      { name: 'tf', value: tfOf(frequency), description: `${frequency} occurrences (${tf})` },
      ...(norm === 'none' ? [] : [{ name: 'length', value: normOf(length), description: `${length} tokens` }]),
    ],
  };
}
