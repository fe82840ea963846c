import { checkNumber, checkOneOf, checkOptions } from '@rank-rank/core';
import { lossyLength } from './lossy-length.ts';
import { averageLength, type CollectionStatistics, type Model, type Saturation, saturated, type TermStatistics } from './model.ts';

/** Whose BM25 it is; they differ in idf, in a constant factor and in what long documents get. */
export type Bm25Variant = 'lucene' | 'robertson' | 'atire' | 'bm25l' | 'bm25+';

export interface Bm25Options {
  readonly model?: 'bm25';
  readonly variant?: Bm25Variant;
  /** How soon further occurrences stop counting. 1.2 */
  readonly k1?: number;
  /** How much long documents are held back, 0 to 1. 0.75 */
  readonly b?: number;
  /** What an occurrence is worth at least, in BM25L (0.5) and BM25+ (1). */
  readonly delta?: number;
  /** In BM25L and BM25+: query terms that a document lacks count with a frequency of 0. */
  readonly absentTerms?: boolean;
  /** Lengths as Lucene's one byte keeps them, for scores equal to Lucene's. */
  readonly lossyLengths?: boolean;
}

const variants: readonly Bm25Variant[] = ['lucene', 'robertson', 'atire', 'bm25l', 'bm25+'];
const single = Math.fround;

/**
 * BM25 and its variants, as Kamphuis et al., "Which BM25 do you mean?" (2020) tell them apart, and as bm25s computes them.
 * With B = 1 − b + b·|d|/avg, N documents of which n have the term:
 *
 * | variant | score of a term |
 * |---|---|
 * | `lucene` | ln(1 + (N−n+.5)/(n+.5)) · f/(f + k1·B) |
 * | `robertson` | max(0, ln((N−n+.5)/(n+.5))) · f/(f + k1·B) |
 * | `atire` | ln(N/n) · (k1+1)·f/(f + k1·B) |
 * | `bm25l` | ln((N+1)/(n+.5)) · (k1+1)·(c+δ)/(k1+c+δ), c = f/B |
 * | `bm25+` | ln((N+1)/n) · ((k1+1)·f/(f + k1·B) + δ) |
 *
 * The sum is over the terms that a document has, as Lv and Zhai define BM25L and BM25+ (2011). With `absentTerms` those that it lacks
 * count with f = 0, as bm25s has it, which takes most of δ's effect away.
 */
export function bm25(options: Bm25Options = {}): Model {
  checkOptions('bm25', options, ['model', 'variant', 'k1', 'b', 'delta', 'absentTerms', 'lossyLengths']);
  const variant = checkOneOf('bm25: variant', options.variant ?? 'lucene', variants);
  const k1 = checkNumber('bm25: k1', options.k1 ?? 1.2, { min: 0 });
  const b = checkNumber('bm25: b', options.b ?? 0.75, { min: 0, max: 1 });
  const delta = checkNumber('bm25: delta', options.delta ?? (variant === 'bm25l' ? 0.5 : 1), { min: 0 });
  const { lossyLengths = false, absentTerms = false } = options;
  const lengthOf = lossyLengths ? lossyLength : (length: number): number => length;
  const isLong = variant === 'bm25l';

  const saturation = (term: TermStatistics, collection: CollectionStatistics, weight: number): Saturation => {
    const full = single(single(weight) * single(idfOf(variant, term.documentFrequency, collection.documents)));
    if (variant === 'lucene' || variant === 'robertson') return { base: full, weight: full, absent: 0 };
    const scaled = single(full * single(k1 + 1));
    if (variant === 'atire') return { base: scaled, weight: scaled, absent: 0 };
    const saturating = isLong ? single(scaled * single(k1 / (k1 + delta))) : scaled;
    const atZero = isLong ? single(scaled - saturating) : single(full * delta);
    return absentTerms
      ? { base: saturating, weight: saturating, absent: atZero }
      : { base: single(saturating + atZero), weight: saturating, absent: 0 };
  };
  // In Lucene's order of operations, so that the last digit agrees too.
  const inverse = (length: number, collection: CollectionStatistics): number => {
    const average = averageLength(collection);
    const relative = single(single(1 - single(b)) + single(single(single(b) * lengthOf(length)) / average));
    return single(1 / single(single(isLong ? k1 + delta : k1) * relative));
  };
  return {
    name: variant === 'lucene' ? 'bm25' : variant.startsWith('bm25') ? variant : `bm25 (${variant})`,
    parameters: { variant, k1, b, ...(isLong || variant === 'bm25+' ? { delta, absentTerms } : {}), lossyLengths },
    monotone: true,
    saturation,
    inverse,
    term(term, collection, weight) {
      const { base, weight: saturating } = saturation(term, collection, weight);
      return (frequency, length) => saturated(base, saturating, frequency, inverse(length, collection));
    },
    factors(term, collection, weight, frequency, length) {
      const idf = single(idfOf(variant, term.documentFrequency, collection.documents));
      const { base, weight: saturating } = saturation(term, collection, weight);
      const score = saturated(base, saturating, frequency, inverse(length, collection));
      const counted = lengthOf(length);
      return [
        ...(weight === 1 ? [] : [{ name: 'weight', value: weight, description: 'how often the query has the term, times its boost' }]),
        {
          name: 'idf',
          value: idf,
          description: `${term.documentFrequency} of ${collection.documents} documents have the term`,
        },
        {
          name: 'tf',
          value: idf === 0 || weight === 0 ? 0 : score / (weight * idf),
          description: `${frequency} occurrences in ${counted}${counted === length ? '' : ` (${length})`} tokens, the mean being ${averageLength(collection)}; k1 ${k1}, b ${b}`,
        },
      ];
    },
  };
}

function idfOf(variant: Bm25Variant, n: number, documents: number): number {
  switch (variant) {
    case 'lucene':
      return Math.log(1 + (documents - n + 0.5) / (n + 0.5));
    case 'robertson':
      return Math.max(0, Math.log((documents - n + 0.5) / (n + 0.5)));
    case 'atire':
      return Math.log(documents / n);
    case 'bm25l':
      return Math.log((documents + 1) / (n + 0.5));
    case 'bm25+':
      return Math.log((documents + 1) / n);
  }
}
