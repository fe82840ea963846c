import { checkInteger, checkOptions, Random } from '@rank-rank/core';
import { differences } from './moments.ts';
import { checkPairs, type TestResult } from './test-result.ts';

export interface RandomizationOptions {
  /** How many random assignments of the results to the systems are tried, where there are too many to try all; 100,000 by default. */
  readonly permutations?: number;
  readonly seed?: number;
}

/** Up to this many queries with a difference, all 2^n assignments are tried. */
const exactLimit = 20;

/**
 * Fisher's randomisation test of the difference in means, two-sided: if the systems are alike, each query's two values could as well
 * have come from the other one.
 *
 * p = share of the assignments whose |difference| reaches the observed one. Up to 20 queries that differ, all assignments are tried
 * and p is exact. Beyond that, p = (1 + hits) / (1 + tried): an estimate that cannot be 0 (Phipson and Smyth, "Permutation p-values
 * should never be zero", 2010).
 *
 * Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation", CIKM 2007.
 *
 * @example fisherRandomization(valuesOf(a, 'AP'), valuesOf(b, 'AP')).pValue
 */
export function fisherRandomization(a: ArrayLike<number>, b: ArrayLike<number>, options: RandomizationOptions = {}): TestResult {
  return fisherRandomizations([[a, b]], options)[0]!;
}

/** The test for several pairs of systems over the same queries; they share their random assignments, which saves most of the time. */
export function fisherRandomizations(
  pairs: readonly (readonly [a: ArrayLike<number>, b: ArrayLike<number>])[],
  options: RandomizationOptions = {},
): TestResult[] {
  checkOptions('fisherRandomization', options, ['permutations', 'seed']);
  const permutations = checkInteger('fisherRandomization: permutations', options.permutations ?? 100_000, { min: 1 });
  const seed = options.seed ?? 42;
  for (const [a, b] of pairs) checkPairs('fisherRandomization', a, b);
  const lists = pairs.map(([a, b]) => new FlipSums(differences(a, b)));
  const results: (TestResult | undefined)[] = lists.map((sums) => (sums.differing <= exactLimit ? exactly(sums) : undefined));
  const random = lists.filter((_, i) => results[i] === undefined);
  if (random.length > 0) {
    const hits = sample(random, permutations, seed);
    let next = 0;
    for (let i = 0; i < lists.length; i++) {
      if (results[i] !== undefined) continue;
      results[i] = {
        pValue: (1 + hits[next]!) / (1 + permutations),
        statistic: lists[i]!.meanDifference,
        exact: false,
        samples: permutations,
      };
      next++;
    }
  }
  return results as TestResult[];
}

/**
 * Sums of differences with some signs turned, eight at a time: a table per eight queries holds the sums of their 256 subsets, so that
 * a random byte stands for eight coin tosses.
 */
class FlipSums {
  /** Twice the sum of each subset: what turning its signs takes from the whole. */
  readonly tables: Float64Array;
  readonly bytes: number;
  readonly total: number;
  readonly differing: number;
  readonly meanDifference: number;
  /** A sum this far from 0 is as far as the observed one. A little less, because sums in another order round differently. */
  readonly threshold: number;

  constructor(all: Float64Array) {
    // A query without a difference is the same whichever way it falls.
    const d = all.filter((value) => value !== 0);
    this.differing = d.length;
    this.bytes = Math.ceil(d.length / 8);
    this.tables = new Float64Array(this.bytes * 256);
    let total = 0;
    let size = 0;
    for (const value of d) {
      total += value;
      size += Math.abs(value);
    }
    for (let byte = 0; byte < this.bytes; byte++) {
      for (let subset = 1; subset < 256; subset++) {
        const lowest = 31 - Math.clz32(subset & -subset);
        this.tables[byte * 256 + subset] = this.tables[byte * 256 + (subset & (subset - 1))]! + 2 * (d[byte * 8 + lowest] ?? 0);
      }
    }
    this.total = total;
    this.meanDifference = total / all.length;
    this.threshold = Math.abs(total) - 1e-12 * size;
  }
}

function exactly(sums: FlipSums): TestResult {
  const { tables, bytes, total, threshold, differing, meanDifference } = sums;
  const count = 2 ** differing;
  let hits = 0;
  for (let flips = 0; flips < count; flips++) {
    let sum = total;
    for (let byte = 0; byte < bytes; byte++) sum -= tables[byte * 256 + ((flips >>> (8 * byte)) & 255)]!;
    if (Math.abs(sum) >= threshold) hits++;
  }
  return { pValue: hits / count, statistic: meanDifference, exact: true };
}

function sample(lists: readonly FlipSums[], permutations: number, seed: number): Uint32Array {
  const random = new Random(seed);
  const words = Math.ceil(Math.max(...lists.map(({ bytes }) => bytes)) / 4);
  const tosses = new Uint8Array(words * 4);
  const hits = new Uint32Array(lists.length);
  for (let i = 0; i < permutations; i++) {
    for (let word = 0; word < words; word++) {
      const bits = random.bits();
      tosses[word * 4] = bits;
      tosses[word * 4 + 1] = bits >>> 8;
      tosses[word * 4 + 2] = bits >>> 16;
      tosses[word * 4 + 3] = bits >>> 24;
    }
    for (let list = 0; list < lists.length; list++) {
      const { tables, bytes, total, threshold } = lists[list]!;
      let sum = total;
      for (let byte = 0, at = 0; byte < bytes; byte++, at += 256) sum -= tables[at + tosses[byte]!]!;
      if (sum >= threshold || -sum >= threshold) hits[list]!++;
    }
  }
  return hits;
}
