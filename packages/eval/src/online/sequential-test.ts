import { checkNumber, checkOneOf, checkOptions } from '@rank-rank/core';
import { logGamma } from '../statistics/gamma.ts';

export interface SequentialTestOptions {
  /** The chance of ever finding a difference where there is none, however often one looks; 0.05 by default. */
  readonly alpha?: number;
  /**
   * `normal` (the default): values are differences of any kind. `binary`: values are 0 or 1, such as which of two rankers won an
   * impression, tested against ½; exact.
   */
  readonly kind?: 'normal' | 'binary';
  /** For `normal`: how large differences are expected to be, in their own standard deviations; 0.1 by default. The test is fastest for those. */
  readonly scale?: number;
}

/**
 * A test that may be looked at after every value and stopped at any time: the mixture sequential probability ratio test. Its p-value
 * never rises, and stays above α forever with probability 1 − α where there is no difference.
 *
 * normal: Λ = (1 + n τ²)^(-½) · ((1 + r) / (1 + r / (1 + n τ²)))^(n / 2), r = n m² / Σ(x - m)², m the mean, τ the scale; exact
 * for normal values of any variance;
 * binary: Λ = B(1 + wins, 1 + losses) / B(1, 1) · 2^n; p = 1 / the largest Λ so far
 *
 * Robbins, "Statistical methods related to the law of the iterated logarithm", 1970; Wang and Ramdas, "Anytime-valid t-tests and
 * confidence sequences through Gaussian mixtures", 2023.
 *
 * @example
 * const test = new SequentialTest({ kind: 'binary' });
 * for (const winner of impressions) if (test.add(winner === 'b' ? 1 : 0).significant) break;
 */
export class SequentialTest {
  readonly #alpha: number;
  readonly #kind: 'normal' | 'binary';
  readonly #scale: number;
  #count = 0;
  #mean = 0;
  #squares = 0;
  #pValue = 1;

  constructor(options: SequentialTestOptions = {}) {
    checkOptions('SequentialTest', options, ['alpha', 'kind', 'scale']);
    this.#alpha = checkNumber('SequentialTest: alpha', options.alpha ?? 0.05, { above: 0, below: 1 });
    this.#kind = checkOneOf('SequentialTest: kind', options.kind ?? 'normal', ['normal', 'binary']);
    this.#scale = checkNumber('SequentialTest: scale', options.scale ?? 0.1, { above: 0 });
  }

  /** Takes one more value: a difference, or 1 for a win and 0 for a loss. */
  add(value: number): this {
    checkNumber('SequentialTest.add: value', value, this.#kind === 'binary' ? { min: 0, max: 1 } : {});
    this.#count++;
    const distance = value - this.#mean;
    this.#mean += distance / this.#count;
    this.#squares += distance * (value - this.#mean);
    this.#pValue = Math.min(this.#pValue, Math.exp(-this.#logRatio()));
    return this;
  }

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#mean;
  }

  /** Always valid: it may be looked at after every value. */
  get pValue(): number {
    return this.#pValue;
  }

  get significant(): boolean {
    return this.#pValue < this.#alpha;
  }

  /** A confidence interval for the mean that holds at all times together; for `normal` values. Without bound at first. */
  get interval(): { readonly low: number; readonly high: number } {
    const n = this.#count;
    const spread = 1 + n * this.#scale ** 2;
    const odds = n === 0 ? spread : (Math.sqrt(spread) / this.#alpha) ** (2 / n);
    if (odds >= spread) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    const reach = Math.sqrt(((this.#squares / n) * (odds - 1)) / (1 - odds / spread));
    return { low: this.#mean - reach, high: this.#mean + reach };
  }

  #logRatio(): number {
    const n = this.#count;
    if (this.#kind === 'binary') {
      const wins = this.#mean * n;
      return logGamma(1 + wins) + logGamma(1 + n - wins) - logGamma(2 + n) + n * Math.LN2;
    }
    if (this.#mean === 0) return 0;
    const spread = 1 + n * this.#scale ** 2;
    const signal = (n * this.#mean ** 2) / this.#squares;
    const ratio = this.#squares === 0 ? spread : (1 + signal) / (1 + signal / spread);
    return (n * Math.log(ratio) - Math.log(spread)) / 2;
  }
}
