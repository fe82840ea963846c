import { overEstimatedDeviation } from './chi.ts';
import { normalCdf, normalDensity } from './normal.ts';
import { integrate } from './quadrature.ts';

/** P(range of k standard normal deviates ≤ w) = k ∫ φ(z) (Φ(z) − Φ(z − w))^(k−1) dz. */
function rangeCdf(w: number, k: number): number {
  if (w <= 0) return 0;
  return Math.min(1, k * integrate((z) => normalDensity(z) * (normalCdf(z) - normalCdf(z - w)) ** (k - 1), -8, 8 + Math.min(w, 8), 6));
}

/**
 * P(Q > q): Tukey's studentised range of k means with df degrees of freedom for their standard error: the mean of the range's
 * distribution at q · s over the estimate s (Copenhaver and Holland, "Computation of the distribution of the maximum studentized
 * range statistic", 1988).
 */
export function studentizedRangeTail(q: number, k: number, df: number): number {
  if (!(q > 0)) return 1;
  if (q === Number.POSITIVE_INFINITY) return 0;
  if (df > 1e6) return 1 - rangeCdf(q, k);
  return overEstimatedDeviation((s) => 1 - rangeCdf(q * s, k), df);
}
