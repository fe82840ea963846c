import { checkNumber, checkOneOf, checkOptions } from '@rank-rank/core';
import type { CollectionStatistics, Model, TermStatistics } from './model.ts';

export interface QueryLikelihoodOptions {
  readonly model?: 'ql';
  readonly smoothing?: 'dirichlet' | 'jelinek-mercer';
  /** Dirichlet's prior: how many tokens of the collection every document is mixed with. 1000 */
  readonly mu?: number;
  /** Jelinek–Mercer: how much of the collection's model is mixed in, above 0 and below 1. 0.5 */
  readonly lambda?: number;
}

/**
 * Query likelihood (Zhai and Lafferty, "A study of smoothing methods for language models", TOIS 2004), less what is the same for
 * every document. With p(t) = occurrences in the collection ÷ its tokens:
 *
 * - Dirichlet: Σ ln(1 + f/(μ·p(t))) over matching terms, + |q| · ln(μ/(|d|+μ))
 * - Jelinek–Mercer: Σ ln(1 + (1−λ)·f/(λ·|d|·p(t)))
 */
export function queryLikelihood(options: QueryLikelihoodOptions = {}): Model {
  checkOptions('ql', options, ['model', 'smoothing', 'mu', 'lambda']);
  const smoothing = checkOneOf('ql: smoothing', options.smoothing ?? 'dirichlet', ['dirichlet', 'jelinek-mercer']);
  const mu = checkNumber('ql: mu', options.mu ?? 1000, { above: 0 });
  const lambda = checkNumber('ql: lambda', options.lambda ?? 0.5, { above: 0, below: 1 });
  const dirichlet = smoothing === 'dirichlet';
  const probability = (term: TermStatistics, collection: CollectionStatistics): number => term.collectionFrequency / collection.totalLength;
  const termScore = (term: TermStatistics, collection: CollectionStatistics, weight: number): ((f: number, length: number) => number) => {
    const p = probability(term, collection);
    if (dirichlet) return (f) => weight * Math.log(1 + f / (mu * p));
    return (f, length) => weight * Math.log(1 + ((1 - lambda) * f) / (lambda * length * p));
  };
  return {
    name: `ql (${smoothing})`,
    parameters: dirichlet ? { smoothing, mu } : { smoothing, lambda },
    monotone: true,
    term: termScore,
    ...(dirichlet && {
      document: (length: number, _: CollectionStatistics, queryLength: number) => queryLength * Math.log(mu / (length + mu)),
    }),
    factors: (term, collection, weight, frequency, length) => [
      ...(weight === 1 ? [] : [{ name: 'weight', value: weight, description: 'how often the query has the term, times its boost' }]),
      {
        name: 'likelihood',
        value: termScore(term, collection, 1)(frequency, length),
        description: `${frequency} occurrences in ${length} tokens, ${term.collectionFrequency} in the collection's ${collection.totalLength}`,
      },
    ],
  };
}
