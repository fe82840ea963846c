import { heaviest, type TermVector } from './term-vector.ts';

export interface Bo1Options {
  readonly method: 'bo1';
  /** How many of the best documents are taken for relevant. 3 */
  readonly documents?: number;
  /** How many terms are taken from them. 10 */
  readonly terms?: number;
}

/**
 * Bo1 (Amati, "Probabilistic models for information retrieval based on divergence from randomness", 2003), as Terrier computes it. With f
 * the occurrences in the relevant documents, and P = occurrences in the collection ÷ its documents:
 *
 * w(t) = f·log2((1+P)/P) + log2(1+P)
 *
 * The new weight of a term is f(t, q)/max f(q) + w(t)/max w.
 */
export function bo1(
  query: TermVector,
  documents: readonly TermVector[],
  occurrencesPerDocument: (term: string) => number,
  { terms = 10 }: Omit<Bo1Options, 'method' | 'documents'> = {},
): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const vector of documents) for (const [term, frequency] of vector) frequencies.set(term, (frequencies.get(term) ?? 0) + frequency);
  const informative = new Map<string, number>();
  for (const [term, frequency] of frequencies) {
    const p = occurrencesPerDocument(term);
    if (p > 0) informative.set(term, frequency * Math.log2((1 + p) / p) + Math.log2(1 + p));
  }
  const best = heaviest(informative, terms);
  const most = best[0]?.[1] ?? 1;
  const mostInQuery = Math.max(1, ...query.values());
  const weights = new Map<string, number>();
  for (const [term, frequency] of query) weights.set(term, frequency / mostInQuery);
  for (const [term, weight] of best) weights.set(term, (weights.get(term) ?? 0) + weight / most);
  return weights;
}
