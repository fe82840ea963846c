import { logGamma } from './gamma.ts';
import { normalCdf, normalDensity } from './normal.ts';

/** Nodes and weights of Gauss–Legendre quadrature on [−1, 1], by Newton's method on the Legendre polynomial. */
function legendre(n: number): readonly [nodes: Float64Array, weights: Float64Array] {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    for (;;) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      const slope = (n * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) {
        nodes[i] = x;
        weights[i] = 2 / ((1 - x * x) * slope * slope);
        break;
      }
    }
  }
  return [nodes, weights];
}

const [nodes, weights] = legendre(32);

/** ∫ f over [from, to] in pieces. */
function integrate(f: (x: number) => number, from: number, to: number, pieces: number): number {
  const half = (to - from) / pieces / 2;
  let sum = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const middle = from + (2 * piece + 1) * half;
    for (let i = 0; i < nodes.length; i++) sum += weights[i]! * f(middle + half * nodes[i]!);
  }
  return sum * half;
}

/** P(range of k standard normal deviates ≤ w) = k ∫ φ(z) (Φ(z) − Φ(z − w))^(k−1) dz. */
function rangeCdf(w: number, k: number): number {
  if (w <= 0) return 0;
  return Math.min(1, k * integrate((z) => normalDensity(z) * (normalCdf(z) - normalCdf(z - w)) ** (k - 1), -8, 8 + Math.min(w, 8), 6));
}

/**
 * P(Q > q): Tukey's studentised range of k means with df degrees of freedom for their standard error.
 *
 * The range over an independent estimate s of the deviation, where df · s² is χ²: the mean over s of the range's distribution at
 * q · s (Copenhaver and Holland, "Computation of the distribution of the maximum studentized range statistic", 1988).
 */
export function studentizedRangeTail(q: number, k: number, df: number): number {
  if (!(q > 0)) return 1;
  if (q === Number.POSITIVE_INFINITY) return 0;
  if (df > 1e6) return 1 - rangeCdf(q, k);
  const logFront = Math.log(2) + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  const density = (s: number): number => Math.exp(logFront + (df - 1) * Math.log(s) - (df * s * s) / 2);
  // s has mean about 1 and deviation about 1/√(2 df).
  const spread = 9 / Math.sqrt(2 * df);
  const from = Math.max(1e-12, 1 - spread);
  const tail = integrate((s) => density(s) * (1 - rangeCdf(q * s, k)), from, 1 + Math.max(spread, 1), 8);
  return Math.min(1, Math.max(0, tail));
}
