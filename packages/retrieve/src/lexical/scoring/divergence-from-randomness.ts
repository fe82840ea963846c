import { checkNumber, checkOptions } from '@rank-rank/core';
import { averageLength, type Model, type TermScore } from './model.ts';

export interface Pl2Options {
  readonly model?: 'pl2';
  /** How much lengths are evened out. 1 */
  readonly c?: number;
}

const log2e = Math.LOG2E;

/**
 * PL2 (Amati and van Rijsbergen, "Probabilistic models of information retrieval based on measuring the divergence from randomness",
 * TOIS 2002): Poisson, Laplace after-effect, length normalisation 2, as Terrier computes it. With F = f·log2(1 + c·avg/|d|) and
 * λ = occurrences ÷ documents:
 *
 * 1/(F+1) · (F·log2(F/λ) + (λ − F)·log2 e + ½·log2(2πF))
 */
export function pl2(options: Pl2Options = {}): Model {
  checkOptions('pl2', options, ['model', 'c']);
  const c = checkNumber('pl2: c', options.c ?? 1, { above: 0 });
  return {
    name: 'pl2',
    parameters: { c },
    monotone: false,
    term(term, collection, weight) {
      const average = averageLength(collection);
      const lambda = term.collectionFrequency / collection.documents;
      return (frequency, length) => {
        const f = frequency * Math.log2(1 + (c * average) / length);
        return (weight / (f + 1)) * (f * Math.log2(f / lambda) + (lambda - f) * log2e + 0.5 * Math.log2(2 * Math.PI * f));
      };
    },
    factors: divergenceFactors((term, collection) => pl2(options).term(term, collection, 1)),
  };
}

/**
 * DPH (Amati et al., "FUB, IASI-CNR and University of Tor Vergata at TREC 2007 Blog Track"): hypergeometric, without parameters, as
 * Terrier computes it. With r = f/|d|:
 *
 * (1−r)²/(f+1) · (f·log2(f·avg/|d| · N/occurrences) + ½·log2(2π·f·(1−r))); 0 where the document has no other word.
 */
export function dph(options: { readonly model?: 'dph' } = {}): Model {
  checkOptions('dph', options, ['model']);
  const term: Model['term'] = (statistics, collection, weight) => {
    const average = averageLength(collection);
    const rarity = collection.documents / statistics.collectionFrequency;
    return (f, length) => {
      const r = f / length;
      if (r >= 1) return 0;
      return (
        ((weight * (1 - r) ** 2) / (f + 1)) *
        (f * Math.log2(((f * average) / length) * rarity) + 0.5 * Math.log2(2 * Math.PI * f * (1 - r)))
      );
    };
  };
  return { name: 'dph', parameters: {}, monotone: false, term, factors: divergenceFactors((...args) => term(...args, 1)) };
}

function divergenceFactors(
  scoreOf: (...args: [Parameters<Model['term']>[0], Parameters<Model['term']>[1]]) => TermScore,
): Model['factors'] {
  return (term, collection, weight, frequency, length) => [
    ...(weight === 1 ? [] : [{ name: 'weight', value: weight, description: 'how often the query has the term, times its boost' }]),
    {
      name: 'divergence',
      value: scoreOf(term, collection)(frequency, length),
      description: `${frequency} occurrences in ${length} tokens; ${term.collectionFrequency} in ${collection.documents} documents`,
    },
  ];
}
