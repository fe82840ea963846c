import { logGamma } from './gamma.ts';
import { integrate } from './quadrature.ts';

/**
 * The mean of f(s) over an estimate s of a deviation of 1 with df degrees of freedom (df · s² is χ²): how statistics with an
 * estimated deviation follow from those with a known one.
 */
export function overEstimatedDeviation(f: (s: number) => number, df: number): number {
  const logFront = Math.log(2) + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  const density = (s: number): number => Math.exp(logFront + (df - 1) * Math.log(s) - (df * s * s) / 2);
  // s has mean about 1 and deviation about 1/√(2 df).
  const spread = 9 / Math.sqrt(2 * df);
  const value = integrate((s) => density(s) * f(s), Math.max(1e-12, 1 - spread), 1 + Math.max(spread, Math.min(1, 4 * spread)), 8);
  return Math.min(1, Math.max(0, value));
}
