import { heaviest, type TermVector } from './term-vector.ts';

export interface RocchioOptions {
  readonly method: 'rocchio';
  /** How many of the best documents are taken for relevant. 10 */
  readonly documents?: number;
  /** How many terms the new query has besides its own. 10 */
  readonly terms?: number;
  /** Weights of the query, of the relevant documents and of the others. 1, 0.75, 0 */
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
}

/**
 * Rocchio's feedback ("Relevance feedback in information retrieval", 1971): towards the mean of the relevant documents, away from that of
 * the others. Vectors are (1 + ln f)·idf, scaled to length 1; terms whose weight is not above 0 go.
 *
 * q′ = α·q + β·mean(relevant) − γ·mean(others)
 */
export function rocchio(
  query: TermVector,
  relevant: readonly TermVector[],
  others: readonly TermVector[],
  idf: (term: string) => number,
  { terms = 10, alpha = 1, beta = 0.75, gamma = 0 }: Omit<RocchioOptions, 'method' | 'documents'> = {},
): Map<string, number> {
  const weights = new Map<string, number>();
  const add = (vector: TermVector, factor: number): void => {
    const weighted = [...vector].map(([term, frequency]) => [term, (1 + Math.log(frequency)) * idf(term)] as const);
    const length = Math.hypot(...weighted.map(([, weight]) => weight));
    if (length === 0) return;
    for (const [term, weight] of weighted) weights.set(term, (weights.get(term) ?? 0) + (factor * weight) / length);
  };
  for (const vector of relevant) add(vector, beta / relevant.length);
  for (const vector of others) add(vector, -gamma / others.length);
  const kept = new Map(heaviest(weights, terms));
  weights.clear();
  add(query, alpha);
  for (const [term, weight] of weights) kept.set(term, (kept.get(term) ?? 0) + weight);
  return kept;
}
