import { checkNumber } from '@rank-rank/core';
import type { Interval } from './bootstrap.ts';
import { deviation, mean } from './moments.ts';
import { studentQuantile } from './student-t.ts';

/** A confidence interval for a mean by Student's t: mean ± t · sd / √n. One value gives no interval, and comes back as both ends. */
export function tInterval(values: ArrayLike<number>, confidence = 0.95): Interval {
  checkNumber('tInterval: confidence', confidence, { above: 0, below: 1 });
  const middle = mean(values);
  const n = values.length;
  const reach = n < 2 ? 0 : (studentQuantile((1 + confidence) / 2, n - 1) * deviation(values)) / Math.sqrt(n);
  return { low: middle - reach, high: middle + reach, confidence };
}
