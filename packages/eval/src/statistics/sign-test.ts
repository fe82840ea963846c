import { logGamma } from './gamma.ts';
import { checkPairs, type TestResult } from './test-result.ts';

/**
 * The sign test, two-sided and exact: whether one system wins more queries than a coin would. Ties are left out.
 *
 * p = 2 · P(Binomial(wins + losses, ½) ≤ the smaller of the two), at most 1
 */
export function signTest(a: ArrayLike<number>, b: ArrayLike<number>): TestResult {
  checkPairs('signTest', a, b);
  let wins = 0;
  let losses = 0;
  for (let i = 0; i < a.length; i++) {
    if (b[i]! > a[i]!) wins++;
    else if (b[i]! < a[i]!) losses++;
  }
  return { pValue: signTestOf(wins, losses), statistic: wins, exact: true };
}

/** The p-value of the sign test for so many wins and losses. */
export function signTestOf(wins: number, losses: number): number {
  const n = wins + losses;
  const fewer = Math.min(wins, losses);
  // From here on both tails together are everything.
  if (2 * fewer + 1 >= n) return 1;
  let share = 0;
  for (let k = 0; k <= fewer; k++) {
    share += Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2);
  }
  return Math.min(1, 2 * share);
}
