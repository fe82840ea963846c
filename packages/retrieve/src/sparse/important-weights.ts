/** The part of a document's weights, by their sum, that documents are found by in approximate search. */
const foundBy = 0.7;

/**
 * The least of a document's important weights: its largest that together make up most of their sum. Learned sparse vectors have most of their mass in few
 * weights, so that a product with these alone nearly tells which documents are the best (the "concentration of importance" of Bruch et al.,
 * "Efficient Inverted Indexes for Approximate Retrieval over Learned Sparse Representations", 2024).
 */
export function leastImportant(weights: Float32Array): number {
  const sorted = weights.slice().sort();
  let left = 0;
  for (let i = 0; i < sorted.length; i++) left += sorted[i]!;
  left *= foundBy;
  let i = sorted.length - 1;
  for (; i > 0; i--) {
    left -= sorted[i]!;
    if (left <= 0) break;
  }
  return sorted[i] ?? 0;
}
