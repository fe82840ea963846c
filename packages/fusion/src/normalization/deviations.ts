/**
 * Writes the deviation of each score from the mean, and gives the sum of their squares. Scores are first stretched to [0, 1], which changes
 * neither z-scores nor anything else that is a ratio of deviations, and keeps squares of very small or large ones from vanishing.
 * The list is ordered best first, and its scores are not all equal.
 */
export function deviations(scores: Float64Array, values: Float64Array): number {
  const count = scores.length;
  const least = scores[count - 1]!;
  const range = scores[0]! - least;
  let total = 0;
  for (let i = 0; i < count; i++) {
    values[i] = (scores[i]! - least) / range;
    total += values[i]!;
  }
  const mean = total / count;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const deviation = values[i]! - mean;
    values[i] = deviation;
    squares += deviation * deviation;
  }
  return squares;
}
