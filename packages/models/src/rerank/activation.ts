/** 1 / (1 + e⁻ˣ) in double precision: in half precision the best candidates all become 1, and their order is lost. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** Logits → probabilities that add up to 1, in double precision. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const result = Float64Array.from(logits);
  const largest = result.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = Math.exp(result[i]! - largest);
    sum += result[i]!;
  }
  for (let i = 0; i < result.length; i++) result[i]! /= sum;
  return result;
}
