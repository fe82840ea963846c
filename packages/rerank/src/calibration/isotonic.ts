import { type Calibration, checkJudged } from './calibration.ts';

/**
 * Isotonic regression: the rising step function nearest to the judgements in squared error, by pooling adjacent violators (Zadrozny and
 * Elkan 2002), joined by straight lines between the steps' scores and constant outside them. Needs more judgements than Platt's curve and
 * assumes less.
 *
 * @example isotonicCalibration(scores, relevant).probability(12.3)
 */
export function isotonicCalibration(scores: ArrayLike<number>, relevant: ArrayLike<boolean>): Calibration {
  checkJudged('isotonicCalibration', scores, relevant);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  // Equal scores are one point: nothing could tell them apart later.
  const points: { score: number; value: number; weight: number }[] = [];
  for (const i of order) {
    const last = points.at(-1);
    const value = relevant[i] ? 1 : 0;
    if (last !== undefined && last.score === scores[i]) {
      last.value = (last.value * last.weight + value) / (last.weight + 1);
      last.weight++;
    } else points.push({ score: scores[i]!, value, weight: 1 });
  }
  const blocks: { from: number; to: number; value: number; weight: number }[] = [];
  for (const { score, value, weight } of points) {
    blocks.push({ from: score, to: score, value, weight });
    while (blocks.length > 1 && blocks.at(-2)!.value >= blocks.at(-1)!.value) {
      const b = blocks.pop()!;
      const a = blocks.pop()!;
      const total = a.weight + b.weight;
      blocks.push({ from: a.from, to: b.to, value: (a.value * a.weight + b.value * b.weight) / total, weight: total });
    }
  }
  const knots: [number, number][] = [];
  for (const { from, to, value } of blocks) {
    knots.push([from, value]);
    if (to > from) knots.push([to, value]);
  }
  return isotonicFrom(knots);
}

/** The curve through known knots, ascending in score and value. */
export function isotonicFrom(knots: readonly (readonly [score: number, probability: number])[]): Calibration {
  const probability = (score: number): number => {
    if (score <= knots[0]![0]) return knots[0]![1];
    let low = 0;
    let high = knots.length - 1;
    if (score >= knots[high]![0]) return knots[high]![1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (knots[middle]![0] <= score) low = middle;
      else high = middle;
    }
    const [x0, y0] = knots[low]!;
    const [x1, y1] = knots[high]!;
    return x1 === x0 ? y1 : y0 + ((score - x0) / (x1 - x0)) * (y1 - y0);
  };
  return { method: 'isotonic', probability, toJSON: () => ({ method: 'isotonic', knots }) };
}
