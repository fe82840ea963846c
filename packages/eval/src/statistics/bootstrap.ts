import { checkInteger, checkNumber, checkOneOf, checkOptions, Random } from '@rank-rank/core';
import { differences, mean, quantileOfSorted } from './moments.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { checkPairs, type TestResult } from './test-result.ts';

export interface BootstrapOptions {
  /** How many samples are drawn; 10,000 by default. */
  readonly samples?: number;
  readonly seed?: number;
}

/**
 * The paired bootstrap test of the difference in means, two-sided: how often samples of the queries, drawn with replacement from
 * differences shifted to a mean of 0, have a t at least as large as the observed one.
 *
 * p = (1 + #{|t*| ≥ |t|}) / (1 + samples)
 *
 * Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, algorithm 16.2; Sakai, "Evaluating evaluation metrics based on the
 * bootstrap", SIGIR 2006.
 */
export function bootstrapTest(a: ArrayLike<number>, b: ArrayLike<number>, options: BootstrapOptions = {}): TestResult {
  const { samples, seed } = checked('bootstrapTest', options, []);
  checkPairs('bootstrapTest', a, b);
  const d = differences(a, b);
  const n = d.length;
  const observed = tOf(d);
  if (n === 1 || observed === 0) return { pValue: 1, statistic: observed, exact: false, samples: 0 };
  const middle = mean(d);
  const shifted = d.map((value) => value - middle);
  const random = new Random(seed);
  const reach = Math.abs(observed) * (1 - 1e-12);
  let hits = 0;
  for (let i = 0; i < samples; i++) {
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < n; k++) {
      const value = shifted[draw(random, n)]!;
      sum += value;
      squares += value * value;
    }
    const spread = Math.max(0, squares - (sum * sum) / n);
    // t without its constant factors would do, but a sample of one query drawn n times has no spread at all.
    const t = spread === 0 ? (sum === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.abs(sum / n) / Math.sqrt(spread / (n - 1) / n);
    if (t >= reach) hits++;
  }
  return { pValue: (1 + hits) / (1 + samples), statistic: observed, exact: false, samples };
}

function tOf(d: Float64Array): number {
  const n = d.length;
  const middle = mean(d);
  let squares = 0;
  for (const value of d) squares += (value - middle) ** 2;
  if (middle === 0) return 0;
  return squares === 0 ? Math.sign(middle) * Number.POSITIVE_INFINITY : middle / Math.sqrt(squares / (n - 1) / n);
}

/** A number in [0, n): a product instead of a rejection, whose bias of n / 2^32 no sample can show. */
function draw(random: Random, n: number): number {
  return Math.floor((random.bits() / 4294967296) * n);
}

/** An interval that covers the true value with the given confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

export interface BootstrapIntervalOptions extends BootstrapOptions {
  /** 0.95 by default. */
  readonly confidence?: number;
  /** `bca` (the default) corrects bias and skew; `percentile` takes the quantiles as they are. */
  readonly method?: 'bca' | 'percentile';
}

/**
 * A confidence interval for a mean by the bootstrap: bias-corrected and accelerated (Efron, "Better bootstrap confidence intervals",
 * 1987), or by plain percentiles.
 *
 * @example bootstrapInterval(valuesOf(evaluation, 'nDCG@10')) // { low, high, confidence: 0.95 }
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapIntervalOptions = {}): Interval {
  const { samples, seed } = checked('bootstrapInterval', options, ['confidence', 'method']);
  const confidence = checkNumber('bootstrapInterval: confidence', options.confidence ?? 0.95, { above: 0, below: 1 });
  const method = checkOneOf('bootstrapInterval: method', options.method ?? 'bca', ['bca', 'percentile']);
  const n = values.length;
  const estimate = mean(values);
  if (n < 2) return { low: estimate, high: estimate, confidence };
  const random = new Random(seed);
  const means = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += values[draw(random, n)]!;
    means[i] = sum / n;
  }
  means.sort();
  const half = (1 - confidence) / 2;
  if (method === 'percentile') return { low: quantileOfSorted(means, half), high: quantileOfSorted(means, 1 - half), confidence };
  let below = 0;
  let equal = 0;
  for (const value of means) {
    if (value < estimate) below++;
    else if (value === estimate) equal++;
  }
  const bias = normalQuantile((below + equal / 2) / samples);
  // Without spread there is neither bias nor skew.
  if (!Number.isFinite(bias)) return { low: means[0]!, high: means.at(-1)!, confidence };
  const skew = acceleration(values, estimate);
  const corrected = (z: number): number => normalCdf(bias + (bias + z) / (1 - skew * (bias + z)));
  return {
    low: quantileOfSorted(means, corrected(normalQuantile(half))),
    high: quantileOfSorted(means, corrected(normalQuantile(1 - half))),
    confidence,
  };
}

/** A sixth of the skewness of the mean, by the jackknife. */
function acceleration(values: ArrayLike<number>, estimate: number): number {
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < values.length; i++) {
    // What the mean loses when a value is left out is in proportion to the value's distance from it.
    const distance = values[i]! - estimate;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function checked(where: string, options: BootstrapOptions, more: readonly string[]): { samples: number; seed: number } {
  checkOptions(where, options, ['samples', 'seed', ...more]);
  return { samples: checkInteger(`${where}: samples`, options.samples ?? 10_000, { min: 1 }), seed: options.seed ?? 42 };
}
