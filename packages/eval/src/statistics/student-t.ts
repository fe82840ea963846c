import { logGamma, regularizedBeta } from './gamma.ts';
import { normalQuantile } from './normal.ts';

/** P(T > t) of Student's distribution. */
export function studentTail(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  if (t === Number.POSITIVE_INFINITY) return 0;
  if (t === Number.NEGATIVE_INFINITY) return 1;
  const half = regularizedBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t >= 0 ? half : 1 - half;
}

export function studentCdf(t: number, df: number): number {
  return studentTail(-t, df);
}

/** P(|T| ≥ |t|). */
export function studentTwoSided(t: number, df: number): number {
  return Math.min(1, 2 * studentTail(Math.abs(t), df));
}

/** The t with P(T ≤ t) = p, by Newton's method on the distribution. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, df);
  const logFront = logGamma((df + 1) / 2) - logGamma(df / 2) - 0.5 * Math.log(df * Math.PI);
  // Bracketed, because heavy tails throw Newton's steps far out.
  let low = 0;
  let high = Math.max(2, normalQuantile(p));
  while (studentTail(high, df) > 1 - p) high *= 2;
  let t = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const error = studentTail(t, df) - (1 - p);
    if (error > 0) low = t;
    else high = t;
    const density = Math.exp(logFront - ((df + 1) / 2) * Math.log1p((t * t) / df));
    let next = t + error / density;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - t) <= 1e-14 * Math.max(1, Math.abs(t))) return next;
    t = next;
  }
  return t;
}
