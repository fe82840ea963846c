import { checkNumber, checkOptions, RankError, shown } from '@rank-rank/core';
import { deviation, mean } from '../statistics/moments.ts';
import { normalQuantile } from '../statistics/normal.ts';

/** One logged decision: what was shown, what it brought, and how probable it was then and would be now. */
export interface LoggedAction {
  /** What it brought: a click, a purchase, a gain. */
  readonly reward: number;
  /** The probability with which the logging policy did it; above 0. */
  readonly logged: number;
  /** The probability with which the policy in question would do it. */
  readonly target: number;
  /** What a model expects of this action. Needed, with `expected`, for the doubly robust estimate. */
  readonly estimate?: number;
  /** What a model expects of the policy in question here: Σ over actions of target probability × estimate. */
  readonly expected?: number;
}

/** The value of a policy that was not in use, by an estimator. */
export interface CounterfactualEstimate {
  readonly value: number;
  /** Of the estimate, not of single rewards. */
  readonly standardError: number;
  readonly interval: { readonly low: number; readonly high: number; readonly confidence: number };
  /** (Σw)² / Σw²: how many decisions the weights leave. A small share of the log says that the policies differ too much. */
  readonly effectiveSamples: number;
}

export interface CounterfactualOptions {
  /** Weights above this are cut down to it: less variance, some bias. Not cut by default. */
  readonly clip?: number;
  readonly confidence?: number;
}

/** The estimates of one log. */
export interface Counterfactual {
  /** Inverse propensity scoring: mean of w · r. Unbiased; large weights make it vary. */
  readonly ips: CounterfactualEstimate;
  /** Self-normalised: Σ w · r / Σ w. A little bias, far less variance. */
  readonly snips: CounterfactualEstimate;
  /** Doubly robust: mean of expected + w · (r − estimate). Right where the propensities or the model are. Absent without a model. */
  readonly dr?: CounterfactualEstimate;
}

/**
 * What a policy would have brought, estimated from the log of another.
 *
 * w = target / logged. Horvitz and Thompson 1952; Swaminathan and Joachims, "The self-normalized estimator for counterfactual
 * learning", NIPS 2015; Dudík, Langford and Li, "Doubly robust policy evaluation and learning", ICML 2011.
 *
 * @example counterfactual(log).snips.value
 */
export function counterfactual(log: Iterable<LoggedAction>, options: CounterfactualOptions = {}): Counterfactual {
  const { clip, confidence } = checked('counterfactual', options, []);
  const weights: number[] = [];
  const rewards: number[] = [];
  const robust: number[] = [];
  let modelled = true;
  let at = 0;
  for (const { reward, logged, target, estimate, expected } of log) {
    const where = `counterfactual: decision ${at++}`;
    checkNumber(`${where}: reward`, reward);
    checkNumber(`${where}: logged`, logged, { above: 0, max: 1 });
    checkNumber(`${where}: target`, target, { min: 0, max: 1 });
    const weight = Math.min(target / logged, clip);
    weights.push(weight);
    rewards.push(reward);
    if (estimate === undefined || expected === undefined) modelled = false;
    else robust.push(expected + weight * (reward - estimate));
  }
  if (weights.length === 0) throw new RankError('EMPTY_INPUT', 'counterfactual: the log is empty.');
  return estimates(
    weights,
    rewards.map((reward, i) => weights[i]! * reward),
    modelled ? robust : undefined,
    confidence,
  );
}

/** One result page of a log: what was shown, in order, and what was clicked. */
export interface LoggedPage {
  readonly query: string;
  readonly shown: readonly string[];
  readonly clicks: readonly string[];
}

export interface ClickOptions extends CounterfactualOptions {
  /** The probability that a place, counted from 1, is looked at; 1 / place by default. */
  readonly examination?: (place: number) => number;
  /** What a relevant document at a rank, counted from 1, is worth; 1 / log2(rank + 1), DCG's, by default. */
  readonly worth?: (rank: number) => number;
  /** Query, document → how probable it is, by a model, that a user who looks clicks. Gives the doubly robust estimate. */
  readonly attraction?: (query: string, id: string) => number;
}

/**
 * What rankings would be worth to users, estimated from clicks on other rankings: a click counts as much more as its place was looked
 * at less (position-based model), and as much as the document's new rank is worth.
 *
 * IPS: mean over pages of Σ over clicks of worth(new rank) / examination(place); SNIPS: in relation to the same sum without worth;
 * DR: Σ over the new ranking of worth · attraction, plus worth / examination · (click − examination · attraction) for what was shown
 *
 * Joachims, Swaminathan and Schnabel, "Unbiased learning-to-rank with biased feedback", WSDM 2017; Oosterhuis, "Doubly robust
 * estimation for counterfactual learning to rank", 2023.
 *
 * @example counterfactualClicks(pages, (query) => newRanker.rank(query), { examination: (place) => 1 / place ** 0.8 }).ips
 */
export function counterfactualClicks(
  pages: Iterable<LoggedPage>,
  ranking: (query: string) => readonly string[],
  options: ClickOptions = {},
): Counterfactual {
  const { clip, confidence } = checked('counterfactualClicks', options, ['examination', 'worth', 'attraction']);
  const { examination = (place) => 1 / place, worth = (rank) => 1 / Math.log2(rank + 1), attraction } = options;
  const weights: number[] = [];
  const gains: number[] = [];
  const robust: number[] = [];
  for (const { query, shown: page, clicks } of pages) {
    const ranks = new Map(ranking(query).map((id, at) => [id, at + 1]));
    const worthOf = (id: string): number => (ranks.has(id) ? worth(ranks.get(id)!) : 0);
    const clicked = new Set(clicks);
    for (const id of clicked) {
      if (!page.includes(id))
        throw new RankError('INVALID_ARGUMENT', `counterfactualClicks: ${shown(id)} was clicked but not shown for query ${shown(query)}.`, {
          query,
          id,
        });
    }
    let weight = 0;
    let gain = 0;
    let robustly = 0;
    if (attraction !== undefined) for (const id of ranks.keys()) robustly += worthOf(id) * attraction(query, id);
    page.forEach((id, at) => {
      const looked = checkNumber(`counterfactualClicks: examination(${at + 1})`, examination(at + 1), { above: 0, max: 1 });
      const inverse = Math.min(1 / looked, clip);
      if (clicked.has(id)) {
        weight += inverse;
        gain += inverse * worthOf(id);
      }
      if (attraction !== undefined) robustly += inverse * worthOf(id) * ((clicked.has(id) ? 1 : 0) - looked * attraction(query, id));
    });
    weights.push(weight);
    gains.push(gain);
    robust.push(robustly);
  }
  if (weights.length === 0) throw new RankError('EMPTY_INPUT', 'counterfactualClicks: the log is empty.');
  return estimates(weights, gains, attraction === undefined ? undefined : robust, confidence);
}

function estimates(
  weights: readonly number[],
  weighted: readonly number[],
  robust: readonly number[] | undefined,
  confidence: number,
): Counterfactual {
  const n = weights.length;
  let sum = 0;
  let squares = 0;
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  const effectiveSamples = squares === 0 ? 0 : (sum * sum) / squares;
  const estimate = (value: number, standardError: number): CounterfactualEstimate => {
    const reach = normalQuantile((1 + confidence) / 2) * standardError;
    return { value, standardError, interval: { low: value - reach, high: value + reach, confidence }, effectiveSamples };
  };
  const plain = (values: readonly number[]): CounterfactualEstimate => estimate(mean(values), deviation(values) / Math.sqrt(n));
  const ratio = sum === 0 ? 0 : weighted.reduce((all, value) => all + value, 0) / sum;
  // The error of a ratio of means, by the delta method.
  const errors = weighted.reduce((all, value, i) => all + (value - ratio * weights[i]!) ** 2, 0);
  return {
    ips: plain(weighted),
    snips: estimate(ratio, sum === 0 ? 0 : Math.sqrt(errors) / sum),
    ...(robust === undefined ? {} : { dr: plain(robust) }),
  };
}

function checked(where: string, options: CounterfactualOptions, more: readonly string[]): { clip: number; confidence: number } {
  checkOptions(where, options, ['clip', 'confidence', ...more]);
  return {
    clip: options.clip === undefined ? Number.POSITIVE_INFINITY : checkNumber(`${where}: clip`, options.clip, { above: 0 }),
    confidence: checkNumber(`${where}: confidence`, options.confidence ?? 0.95, { above: 0, below: 1 }),
  };
}
