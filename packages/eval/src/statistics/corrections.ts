import { checkOneOf } from '@rank-rank/core';

/** How p-values are corrected when several tests are made at once. */
export type Correction = 'none' | 'bonferroni' | 'holm' | 'benjamini-hochberg';

export const corrections: readonly Correction[] = ['none', 'bonferroni', 'holm', 'benjamini-hochberg'];

/**
 * Corrected p-values, in the order given.
 *
 * - `bonferroni`: p · m. Keeps the chance of any false finding below α.
 * - `holm`: the i-th smallest p times (m − i + 1), never below one before it. The same guarantee, and never worse (Holm, "A simple
 *   sequentially rejective multiple test procedure", 1979).
 * - `benjamini-hochberg`: the i-th smallest p times m / i, never above one after it. Keeps the share of false findings among all
 *   findings below α (Benjamini and Hochberg, "Controlling the false discovery rate", 1995).
 *
 * @example correctPValues([0.01, 0.04, 0.03], 'holm') // [0.03, 0.06, 0.06]
 */
export function correctPValues(pValues: readonly number[], correction: Correction): number[] {
  checkOneOf('correctPValues: correction', correction, corrections);
  const m = pValues.length;
  if (correction === 'none') return [...pValues];
  if (correction === 'bonferroni') return pValues.map((p) => Math.min(1, p * m));
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i]! - pValues[j]!);
  const corrected = new Array<number>(m);
  if (correction === 'holm') {
    let before = 0;
    order.forEach((at, i) => {
      before = Math.max(before, Math.min(1, pValues[at]! * (m - i)));
      corrected[at] = before;
    });
  } else {
    let after = 1;
    for (let i = m - 1; i >= 0; i--) {
      after = Math.min(after, (pValues[order[i]!]! * m) / (i + 1));
      corrected[order[i]!] = after;
    }
  }
  return corrected;
}
