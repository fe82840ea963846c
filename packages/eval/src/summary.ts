import { checkNumber, checkOptions } from '@rank-rank/core';
import { bootstrapInterval, type Interval } from './statistics/bootstrap.ts';
import { deviation, mean, quantileOfSorted } from './statistics/moments.ts';
import { tInterval } from './statistics/t-interval.ts';

export interface SummaryOptions {
  /** Of the intervals; 0.95 by default. */
  readonly confidence?: number;
  /** Queries at or above this value count as served; 0.5 by default. */
  readonly threshold?: number;
  readonly seed?: number;
}

/** What a measure's values over queries look like: the mean says little about whom a system fails. */
export interface Summary {
  readonly queries: number;
  readonly mean: number;
  /** Of values of at least 0.00001, as trec_eval has it: hard queries weigh more. */
  readonly geometricMean: number;
  readonly median: number;
  readonly deviation: number;
  readonly lowest: number;
  readonly highest: number;
  /** The mean of the worst tenth of the queries (of at least one). */
  readonly worstDecile: number;
  /** The share of queries at or above the threshold. */
  readonly above: { readonly threshold: number; readonly share: number };
  readonly interval: { readonly t: Interval; readonly bootstrap: Interval };
}

/**
 * Sums up a measure's values.
 *
 * @example summarize(valuesOf(evaluation, 'nDCG@10')).worstDecile
 */
export function summarize(values: ArrayLike<number>, options: SummaryOptions = {}): Summary {
  checkOptions('summarize', options, ['confidence', 'threshold', 'seed']);
  const threshold = checkNumber('summarize: threshold', options.threshold ?? 0.5);
  const confidence = options.confidence ?? 0.95;
  // A measure that is not defined for a query has no value there.
  const sorted = Float64Array.from(Array.from(values).filter((value) => !Number.isNaN(value))).sort();
  const count = sorted.length;
  let logs = 0;
  let above = 0;
  for (const value of sorted) {
    logs += Math.log(Math.max(value, 0.00001));
    if (value >= threshold) above++;
  }
  return {
    queries: count,
    mean: mean(sorted),
    geometricMean: count === 0 ? 0 : Math.exp(logs / count),
    median: count === 0 ? 0 : quantileOfSorted(sorted, 0.5),
    deviation: deviation(sorted),
    lowest: sorted[0] ?? 0,
    highest: sorted.at(-1) ?? 0,
    worstDecile: mean(sorted.subarray(0, Math.ceil(count / 10))),
    above: { threshold, share: count === 0 ? 0 : above / count },
    interval: {
      t: tInterval(sorted, confidence),
      bootstrap: bootstrapInterval(sorted, { confidence, ...(options.seed === undefined ? {} : { seed: options.seed }) }),
    },
  };
}
