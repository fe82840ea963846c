import type { Observed } from './calibration.ts';

/** Input channels of a layer that stand in several copies, each with its share of the value. */
export interface Splitting {
  /** The channels that are repeated after the others, and −1 for channels of zeros that fill up. */
  readonly copies: readonly number[];
  /** What each channel, copies included, is divided by. */
  readonly divisors: Float32Array;
  /** What will be seen of the channels then. */
  readonly seen: Observed;
}

/** How many of the largest channels may be split. */
const mostSplit = 8;
/** A channel this much larger than the bound is let be. */
const slack = 1.05;
/** Matrix kernels work on blocks of sixteen. */
const block = 16;

/**
 * Splits the few channels whose values tower over the others': x w = x/m · w + … + x/m · w, m times. Unlike a factor, which moves the
 * trouble into the weights, this costs them nothing; the copies come from repeating the columns of the layer before (Zhao et al.,
 * "Improving Neural Network Quantization without Retraining using Outlier Channel Splitting", 2019).
 * Gives undefined where no channel towers.
 */
export function splitOutliers(seen: Observed): Splitting | undefined {
  const channels = seen.largest.length;
  const reach = seen.largest.map((value, k) => Math.max(Math.abs(value), Math.abs(seen.smallest[k]!)));
  const bound = Float32Array.from(reach).sort()[Math.max(0, channels - 1 - mostSplit)]!;
  const divisors = reach.map((value) => Math.max(1, Math.ceil(value / bound / slack)));
  const copies: number[] = [];
  for (let k = 0; k < channels; k++) for (let i = 1; i < divisors[k]!; i++) copies.push(k);
  if (copies.length === 0 || bound === 0) return undefined;
  while ((channels + copies.length) % block !== 0) copies.push(-1);
  const extended = (values: Float32Array, divide: (value: number, by: number) => number, rest: number): Float32Array => {
    const value = (k: number): number => (k < 0 ? rest : divide(values[k]!, divisors[k]!));
    return Float32Array.from({ length: channels + copies.length }, (_, k) => value(k < channels ? k : copies[k - channels]!));
  };
  return {
    copies,
    divisors: extended(divisors, (_, by) => by, 1),
    seen: {
      largest: extended(seen.largest, (value, by) => value / by, 0),
      smallest: extended(seen.smallest, (value, by) => value / by, 0),
      power: extended(seen.power, (value, by) => value / (by * by), 0),
    },
  };
}
