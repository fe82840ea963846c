import { heaviest, type TermVector, unitSum } from './term-vector.ts';

export interface Rm3Options {
  readonly method: 'rm3';
  /** How many of the best documents are taken for relevant. 10 */
  readonly documents?: number;
  /** How many terms are taken from them. 10 */
  readonly terms?: number;
  /** How much of the original query stays, 0 to 1. 0.5 */
  readonly originalWeight?: number;
}

/**
 * RM3 (Abdul-Jaleel et al., "UMass at TREC 2004"): the relevance model of Lavrenko and Croft (2001) mixed with the query,
 *
 * P(t) = λ·P(t|q) + (1−λ)·RM1(t), RM1(t) ∝ Σ over documents of score(d) · f(t, d)/|d|
 *
 * RM1 is cut to its heaviest terms and scaled to add up to 1, as Anserini does. Weights of the result add up to 1.
 */
export function rm3(
  query: TermVector,
  documents: readonly { readonly vector: TermVector; readonly score: number }[],
  { terms = 10, originalWeight = 0.5 }: Omit<Rm3Options, 'method' | 'documents'> = {},
): Map<string, number> {
  const model = new Map<string, number>();
  for (const { vector, score } of documents) {
    let length = 0;
    for (const frequency of vector.values()) length += frequency;
    for (const [term, frequency] of vector) model.set(term, (model.get(term) ?? 0) + (score * frequency) / length);
  }
  const mixed = new Map<string, number>();
  for (const [term, weight] of unitSum(query)) mixed.set(term, originalWeight * weight);
  for (const [term, weight] of unitSum(heaviest(model, terms))) mixed.set(term, (mixed.get(term) ?? 0) + (1 - originalWeight) * weight);
  return mixed;
}
