import { checkInteger, checkNumber, checkOptions, Random } from '@rank-rank/core';
import { differences, mean, variance } from './moments.ts';
import { studentCdf, studentTail } from './student-t.ts';
import { checkPairs } from './test-result.ts';

/** How probable it is that one system is better, the other is, or the difference is too small to matter. They add up to 1. */
export interface Posterior {
  /** That the first system is better, by more than the rope. */
  readonly worse: number;
  /** That they differ by no more than the rope. */
  readonly equivalent: number;
  /** That the second system is better, by more than the rope. */
  readonly better: number;
}

export interface BayesianTOptions {
  /** The region of practical equivalence: differences up to this do not matter; 0 by default. */
  readonly rope?: number;
  /**
   * How much the values depend on one another: 0 (the default) for values by query; the share of the test part for values of repeated
   * cross-validation (Nadeau and Bengio's correction).
   */
  readonly correlation?: number;
}

/**
 * The Bayesian (correlated) t-test: the posterior of the mean difference is Student's t around the observed one.
 *
 * mean difference ~ t with n − 1 degrees of freedom, scale √((1/n + ρ/(1 − ρ)) · s²)
 *
 * Corani and Benavoli, "A Bayesian approach for comparing cross-validated algorithms on multiple data sets", 2015; Benavoli, Corani,
 * Demšar and Zaffalon, "Time for a change: a tutorial for comparing multiple classifiers through Bayesian analysis", 2017.
 *
 * @example bayesianT(valuesOf(a, 'nDCG@10'), valuesOf(b, 'nDCG@10'), { rope: 0.01 }).better
 */
export function bayesianT(a: ArrayLike<number>, b: ArrayLike<number>, options: BayesianTOptions = {}): Posterior {
  checkOptions('bayesianT', options, ['rope', 'correlation']);
  checkPairs('bayesianT', a, b);
  const rope = checkNumber('bayesianT: rope', options.rope ?? 0, { min: 0 });
  const correlation = checkNumber('bayesianT: correlation', options.correlation ?? 0, { min: 0, below: 1 });
  const d = differences(a, b);
  const middle = mean(d);
  const scale = Math.sqrt((1 / d.length + correlation / (1 - correlation)) * variance(d));
  const df = d.length - 1;
  if (scale === 0 || df === 0) {
    // Nothing varies: all is certain, but a difference that lies exactly on the border may fall either way.
    const better = middle > rope ? 1 : middle === rope && rope === 0 ? 0.5 : 0;
    const worse = middle < -rope ? 1 : middle === -rope && rope === 0 ? 0.5 : 0;
    return { worse, equivalent: 1 - better - worse, better };
  }
  const worse = studentCdf((-rope - middle) / scale, df);
  const better = studentTail((rope - middle) / scale, df);
  return { worse, equivalent: rope === 0 ? 0 : Math.max(0, 1 - worse - better), better: rope === 0 ? 1 - worse : better };
}

export interface BayesianSignedRankOptions {
  /** The region of practical equivalence; 0 by default. */
  readonly rope?: number;
  /** How many samples of the posterior are drawn; 50,000 by default. */
  readonly samples?: number;
  readonly seed?: number;
  /** The weight of the prior, which says that there is no difference, in queries; 0.5 by default. */
  readonly prior?: number;
}

/**
 * The Bayesian signed-rank test: which of the three is most probable for the difference of a new pair of queries, when the queries seen
 * are a sample of all there could be (a Dirichlet process).
 *
 * Each sample draws weights w ~ Dirichlet(prior, 1, …, 1) and adds w_i · w_j over the pairs whose sum of differences is below
 * −2·rope, within, and above 2·rope; the posterior is how often each of the three is largest.
 *
 * Benavoli, Mangili, Corani, Zaffalon and Ruggeri, "A Bayesian Wilcoxon signed-rank test based on the Dirichlet process", ICML 2014.
 */
export function bayesianSignedRank(a: ArrayLike<number>, b: ArrayLike<number>, options: BayesianSignedRankOptions = {}): Posterior {
  checkOptions('bayesianSignedRank', options, ['rope', 'samples', 'seed', 'prior']);
  checkPairs('bayesianSignedRank', a, b);
  const rope = checkNumber('bayesianSignedRank: rope', options.rope ?? 0, { min: 0 });
  const prior = checkNumber('bayesianSignedRank: prior', options.prior ?? 0.5, { above: 0 });
  const samples = checkInteger('bayesianSignedRank: samples', options.samples ?? 50_000, { min: 1 });
  const random = new Random(options.seed ?? 42);

  const d = differences(a, b);
  // The prior is one more difference, of 0. Sorted, the partners of a difference are a stretch at either end.
  const order = [-1, ...d.keys()].sort((i, j) => (i < 0 ? 0 : d[i]!) - (j < 0 ? 0 : d[j]!));
  const sorted = Float64Array.from(order, (i) => (i < 0 ? 0 : d[i]!));
  const n = sorted.length;
  const priorAt = order.indexOf(-1);
  const { above, notBelow } = partners(sorted, 2 * rope);
  const { above: under, notBelow: notUnder } = partners(sorted.map((value) => -value).reverse(), 2 * rope);

  const weights = new Float64Array(n);
  const sums = new Float64Array(n + 1);
  const most = [0, 0, 0];
  for (let sample = 0; sample < samples; sample++) {
    for (let i = 0; i < n; i++) weights[i] = i === priorAt ? gamma(random, prior) : -Math.log(1 - random.next());
    sums[0] = 0;
    for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + weights[i]!;
    const all = sums[n]!;
    let better = 0;
    let worse = 0;
    for (let i = 0; i < n; i++) {
      // Pairs that lie exactly on the border count half.
      better += weights[i]! * (all - (sums[above[i]!]! + sums[notBelow[i]!]!) / 2);
      const mirrored = n - 1 - i;
      worse += weights[i]! * ((sums[n - under[mirrored]!]! + sums[n - notUnder[mirrored]!]!) / 2);
    }
    better /= all * all;
    worse = rope === 0 ? 1 - better : worse / (all * all);
    const equivalent = rope === 0 ? 0 : 1 - better - worse;
    most[worse >= equivalent && worse >= better ? 0 : equivalent >= better ? 1 : 2]!++;
  }
  return { worse: most[0]! / samples, equivalent: most[1]! / samples, better: most[2]! / samples };
}

/** For each value of a sorted list: from where on the sum with it exceeds the limit, and from where on it reaches it. */
function partners(sorted: Float64Array, limit: number): { above: Int32Array; notBelow: Int32Array } {
  const n = sorted.length;
  const above = new Int32Array(n);
  const notBelow = new Int32Array(n);
  let from = n;
  let reach = n;
  for (let i = 0; i < n; i++) {
    while (from > 0 && sorted[i]! + sorted[from - 1]! > limit) from--;
    while (reach > 0 && sorted[i]! + sorted[reach - 1]! >= limit) reach--;
    above[i] = from;
    notBelow[i] = reach;
  }
  return { above, notBelow };
}

/** A gamma deviate (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000). */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random.next() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
