import { deviation, differences, mean } from './moments.ts';
import { studentTwoSided } from './student-t.ts';
import { checkPairs, type TestResult } from './test-result.ts';

/**
 * Student's paired t-test, two-sided.
 *
 * t = mean(d) / (sd(d) / √n), n − 1 degrees of freedom
 *
 * "Student", "The probable error of a mean", 1908. Where all differences are equal, p is 1 if they are 0, and 0 otherwise; a single
 * query says nothing: p is 1.
 *
 * @example pairedTTest([0.2, 0.4, 0.1], [0.3, 0.5, 0.4]).pValue
 */
export function pairedTTest(a: ArrayLike<number>, b: ArrayLike<number>): TestResult {
  checkPairs('pairedTTest', a, b);
  const d = differences(a, b);
  const df = d.length - 1;
  const middle = mean(d);
  const spread = deviation(d);
  if (df === 0) return { pValue: 1, statistic: 0, df, exact: true };
  // A spread within rounding of the values is none: 0.3 − 0.2 and 0.2 − 0.1 differ in their last digit.
  if (spread <= 1e-14 * Math.abs(middle) || spread === 0) {
    const statistic = middle === 0 ? 0 : Math.sign(middle) * Number.POSITIVE_INFINITY;
    return { pValue: middle === 0 ? 1 : 0, statistic, df, exact: true };
  }
  const statistic = middle / (spread / Math.sqrt(d.length));
  return { pValue: studentTwoSided(statistic, df), statistic, df, exact: true };
}
