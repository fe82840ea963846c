import { deviation, differences, mean, variance } from './moments.ts';
import { checkPairs } from './test-result.ts';

/** How large a difference is, in units of how much values vary. */
export interface EffectSize {
  /** Cohen's d: the difference in means over the deviation of the values, pooled over both systems. */
  readonly cohensD: number;
  /** Hedges' g: Cohen's d without its bias in small samples, d · (1 − 3 / (4 df − 1)), df = 2n − 2. */
  readonly hedgesG: number;
  /** d_z: the mean of the paired differences over their deviation, which is what the paired t-test looks at (t = d_z √n). */
  readonly cohensDz: number;
}

/**
 * Effect sizes of b over a (Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 1988; Hedges, "Distribution theory for
 * Glass's estimator of effect size", 1981). 0 where nothing varies and nothing differs; infinite where only the latter does.
 */
export function effectSize(a: ArrayLike<number>, b: ArrayLike<number>): EffectSize {
  checkPairs('effectSize', a, b);
  const d = differences(a, b);
  const difference = mean(d);
  const cohensD = ratio(difference, Math.sqrt((variance(a) + variance(b)) / 2));
  const df = 2 * a.length - 2;
  return { cohensD, hedgesG: df < 1 ? cohensD : cohensD * (1 - 3 / (4 * df - 1)), cohensDz: ratio(difference, deviation(d)) };
}

function ratio(difference: number, spread: number): number {
  return difference === 0 ? 0 : difference / spread;
}
