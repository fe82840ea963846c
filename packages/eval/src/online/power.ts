import { checkInteger, checkNumber, checkOptions } from '@rank-rank/core';
import { noncentralTail } from '../statistics/noncentral-t.ts';
import { normalQuantile, normalTail } from '../statistics/normal.ts';
import { studentQuantile } from '../statistics/student-t.ts';

export interface PowerOptions {
  /** The chance of finding a difference where there is none; 0.05 by default. */
  readonly alpha?: number;
}

export interface SampleSizeOptions extends PowerOptions {
  /** The chance of finding the difference where there is one; 0.8 by default. */
  readonly power?: number;
}

/**
 * The chance that a paired two-sided t-test over `queries` queries finds a difference of effect size `effect` (mean difference over
 * its deviation, d_z).
 *
 * Exact, by the noncentral t distribution: P(|T| > t_crit), noncentrality d_z √n.
 *
 * @example power(0.2, 100) // 0.508: half of all such differences would be missed
 */
export function power(effect: number, queries: number, options: PowerOptions = {}): number {
  checkOptions('power', options, ['alpha']);
  checkNumber('power: effect', effect);
  checkInteger('power: queries', queries, { min: 2 });
  const alpha = checkNumber('power: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  return powerOf(Math.abs(effect), queries, alpha);
}

function powerOf(effect: number, n: number, alpha: number): number {
  const df = n - 1;
  const reach = studentQuantile(1 - alpha / 2, df);
  const shift = effect * Math.sqrt(n);
  return Math.min(1, noncentralTail(reach, df, shift) + noncentralTail(reach, df, -shift));
}

/**
 * How many queries a paired t-test needs to find a difference of effect size `effect`.
 *
 * @example sampleSize(0.2) // 199
 */
export function sampleSize(effect: number, options: SampleSizeOptions = {}): number {
  checkOptions('sampleSize', options, ['alpha', 'power']);
  const size = Math.abs(checkNumber('sampleSize: effect', effect));
  checkNumber('sampleSize: the absolute effect', size, { above: 0 });
  const alpha = checkNumber('sampleSize: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  const wanted = checkNumber('sampleSize: power', options.power ?? 0.8, { above: alpha, below: 1 });
  // The normal distribution's answer is a little too small; the exact one is near.
  const start = Math.max(2, Math.floor(((normalQuantile(1 - alpha / 2) + normalQuantile(wanted)) / size) ** 2));
  let low = 1;
  let high = start;
  while (powerOf(size, high, alpha) < wanted) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle >= 2 && powerOf(size, middle, alpha) >= wanted) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * How many impressions each of two variants needs to tell two rates (of clicks, of conversions) apart, by the two-sided z-test.
 *
 * n = (z_{1−α/2} √(2 p̄ q̄) + z_{power} √(p₁ q₁ + p₂ q₂))² / (p₁ − p₂)² (Fleiss, *Statistical Methods for Rates and Proportions*, 1981)
 *
 * @example sampleSizeForRates(0.10, 0.12) // 3841 impressions each
 */
export function sampleSizeForRates(first: number, second: number, options: SampleSizeOptions = {}): number {
  checkOptions('sampleSizeForRates', options, ['alpha', 'power']);
  checkNumber('sampleSizeForRates: first', first, { min: 0, max: 1 });
  checkNumber('sampleSizeForRates: second', second, { min: 0, max: 1 });
  checkNumber('sampleSizeForRates: the difference', Math.abs(first - second), { above: 0 });
  const alpha = checkNumber('sampleSizeForRates: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  const wanted = checkNumber('sampleSizeForRates: power', options.power ?? 0.8, { above: alpha, below: 1 });
  const pooled = (first + second) / 2;
  const spread =
    normalQuantile(1 - alpha / 2) * Math.sqrt(2 * pooled * (1 - pooled)) +
    normalQuantile(wanted) * Math.sqrt(first * (1 - first) + second * (1 - second));
  return Math.ceil((spread / (first - second)) ** 2);
}

/**
 * How many impressions an interleaving needs, of which each has a winner, to find that users prefer one ranker in the share
 * `preference` of them.
 *
 * @example sampleSizeForInterleaving(0.55) // 783 impressions with a winner
 */
export function sampleSizeForInterleaving(preference: number, options: SampleSizeOptions = {}): number {
  checkOptions('sampleSizeForInterleaving', options, ['alpha', 'power']);
  checkNumber('sampleSizeForInterleaving: preference', preference, { min: 0, max: 1 });
  checkNumber('sampleSizeForInterleaving: the distance from ½', Math.abs(preference - 0.5), { above: 0 });
  const alpha = checkNumber('sampleSizeForInterleaving: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  const wanted = checkNumber('sampleSizeForInterleaving: power', options.power ?? 0.8, { above: alpha, below: 1 });
  const spread = normalQuantile(1 - alpha / 2) * 0.5 + normalQuantile(wanted) * Math.sqrt(preference * (1 - preference));
  return Math.ceil((spread / (preference - 0.5)) ** 2);
}

/**
 * The smallest effect size that a paired t-test over so many queries finds with the given power: what a test collection can show.
 *
 * @example detectableEffect(50) // 0.404
 */
export function detectableEffect(queries: number, options: SampleSizeOptions = {}): number {
  checkOptions('detectableEffect', options, ['alpha', 'power']);
  checkInteger('detectableEffect: queries', queries, { min: 2 });
  const alpha = checkNumber('detectableEffect: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  const wanted = checkNumber('detectableEffect: power', options.power ?? 0.8, { above: alpha, below: 1 });
  let low = 0;
  let high = 1;
  while (powerOf(high, queries, alpha) < wanted) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (powerOf(middle, queries, alpha) >= wanted) high = middle;
    else low = middle;
  }
  return high;
}

/** The chance that the z-test of two rates finds a difference with so many impressions each. */
export function powerForRates(first: number, second: number, impressions: number, options: PowerOptions = {}): number {
  checkOptions('powerForRates', options, ['alpha']);
  checkNumber('powerForRates: first', first, { min: 0, max: 1 });
  checkNumber('powerForRates: second', second, { min: 0, max: 1 });
  checkInteger('powerForRates: impressions', impressions, { min: 1 });
  const alpha = checkNumber('powerForRates: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
  const pooled = (first + second) / 2;
  const spread = Math.sqrt(first * (1 - first) + second * (1 - second));
  const distance = Math.abs(first - second) * Math.sqrt(impressions);
  if (spread === 0) return distance > 0 ? 1 : alpha;
  return normalTail((normalQuantile(1 - alpha / 2) * Math.sqrt(2 * pooled * (1 - pooled)) - distance) / spread);
}
