/** Mean and sum of squared deviations from it, in two passes, which loses no digits where the mean is large. */
export function moments(scores: Float64Array): { mean: number; squares: number } {
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += scores[i]!;
  const mean = total / scores.length;
  let squares = 0;
  for (let i = 0; i < scores.length; i++) {
    const deviation = scores[i]! - mean;
    squares += deviation * deviation;
  }
  return { mean, squares };
}
