import { differences } from './moments.ts';
import { normalTail } from './normal.ts';
import { checkPairs, type TestResult } from './test-result.ts';

/** Up to this many differences without ties the distribution is computed. */
const exactLimit = 50;

/**
 * Wilcoxon's signed-rank test, two-sided. Queries without a difference are left out, as Wilcoxon has it; equal differences share
 * their ranks. Up to 50 differences without ties p is exact; otherwise by the normal approximation, whose variance takes ties into
 * account. As `scipy.stats.wilcoxon(correction=False)`, except that scipy counts out small samples with ties too.
 *
 * W = the smaller of the sums of the ranks of positive and of negative differences
 *
 * Wilcoxon, "Individual comparisons by ranking methods", 1945.
 */
export function wilcoxonSignedRank(a: ArrayLike<number>, b: ArrayLike<number>): TestResult {
  checkPairs('wilcoxonSignedRank', a, b);
  const d = differences(a, b).filter((value) => value !== 0);
  const n = d.length;
  if (n === 0) return { pValue: 1, statistic: 0, exact: true };
  const order = Array.from(d.keys()).sort((i, j) => Math.abs(d[i]!) - Math.abs(d[j]!));
  let positive = 0;
  let ties = 0;
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && Math.abs(d[order[end]!]!) === Math.abs(d[order[start]!]!)) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (d[order[i]!]! > 0) positive += rank;
    const size = end - start;
    ties += size ** 3 - size;
    start = end;
  }
  const all = (n * (n + 1)) / 2;
  const statistic = Math.min(positive, all - positive);
  if (ties === 0 && n <= exactLimit) return { pValue: Math.min(1, 2 * shareAtMost(n, statistic)), statistic, exact: true };
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = Math.abs(statistic - all / 2) / Math.sqrt(variance);
  return { pValue: Math.min(1, 2 * normalTail(z)), statistic, exact: false };
}

/** The share of the 2^n ways to give signs to the ranks 1…n whose positive ones add up to at most w. */
function shareAtMost(n: number, w: number): number {
  const shares = new Float64Array(w + 1);
  shares[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = w; sum >= 0; sum--) shares[sum] = (shares[sum]! + (sum >= rank ? shares[sum - rank]! : 0)) / 2;
  }
  return shares.reduce((sum, share) => sum + share, 0);
}
