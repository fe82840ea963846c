import { overEstimatedDeviation } from './chi.ts';
import { normalTail } from './normal.ts';

/** P(T > t) of the noncentral t distribution: (Z + shift) / s, the mean of P(Z > t · s − shift) over the estimate s. */
export function noncentralTail(t: number, df: number, shift: number): number {
  return overEstimatedDeviation((s) => normalTail(t * s - shift), df);
}
