import type { Calibration } from './calibration.ts';
import { checkJudged } from './calibration.ts';

/**
 * Platt scaling: `p = 1 / (1 + e^(a·s + b))`, fitted to judgements by maximum likelihood with Platt's smoothed targets, by Newton's method
 * with backtracking (Platt 1999; Lin, Lin and Weng, "A note on Platt's probabilistic outputs", 2007).
 *
 * @example plattCalibration([2.1, 0.3, 1.7], [true, false, true]).probability(1.9)
 */
export function plattCalibration(scores: ArrayLike<number>, relevant: ArrayLike<boolean>): Calibration {
  const { positives, negatives } = checkJudged('plattCalibration', scores, relevant);
  const n = scores.length;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  let a = 0;
  let b = Math.log((negatives + 1) / (positives + 1));
  const loss = (x: number, y: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const f = scores[i]! * x + y;
      const t = relevant[i] ? high : low;
      sum += f >= 0 ? t * f + Math.log1p(Math.exp(-f)) : (t - 1) * f + Math.log1p(Math.exp(f));
    }
    return sum;
  };
  let value = loss(a, b);
  for (let iteration = 0; iteration < 100; iteration++) {
    let h11 = 1e-12;
    let h22 = 1e-12;
    let h21 = 0;
    let g1 = 0;
    let g2 = 0;
    for (let i = 0; i < n; i++) {
      const p = 1 / (1 + Math.exp(scores[i]! * a + b));
      const curvature = p * (1 - p);
      const error = (relevant[i] ? high : low) - p;
      h11 += scores[i]! ** 2 * curvature;
      h22 += curvature;
      h21 += scores[i]! * curvature;
      g1 += scores[i]! * error;
      g2 += error;
    }
    if (Math.abs(g1) < 1e-5 && Math.abs(g2) < 1e-5) break;
    const determinant = h11 * h22 - h21 * h21;
    const da = -(h22 * g1 - h21 * g2) / determinant;
    const db = -(-h21 * g1 + h11 * g2) / determinant;
    const slope = g1 * da + g2 * db;
    let step = 1;
    for (; step >= 1e-10; step /= 2) {
      const next = loss(a + step * da, b + step * db);
      if (next < value + 1e-4 * step * slope) {
        a += step * da;
        b += step * db;
        value = next;
        break;
      }
    }
    if (step < 1e-10) break;
  }
  return plattFrom(a, b);
}

/** Platt's curve with known parameters. */
export function plattFrom(a: number, b: number): Calibration {
  return { method: 'platt', probability: (score) => 1 / (1 + Math.exp(a * score + b)), toJSON: () => ({ method: 'platt', a, b }) };
}
