import { checkNumber, checkOneOf, checkOptions, RankError } from '@rank-rank/core';

/** How scores of one result list are brought to a common scale before they are added. */
export type Normalisation = 'none' | 'min-max' | 'max' | 'sum' | 'z-score' | 'rank' | 'sigmoid';

export const normalisations: readonly Normalisation[] = ['none', 'min-max', 'max', 'sum', 'z-score', 'rank', 'sigmoid'];

export interface BlendOptions {
  /** The share of the new score: 1 takes no notice of the first stage, 0 only of it. */
  readonly alpha: number;
  /** For both lists, or for each: `min-max` by default. */
  readonly normalise?: Normalisation | { readonly score: Normalisation; readonly first: Normalisation };
}

/** Refuses what is no {@link BlendOptions}, and names both normalisations. */
export function checkBlend(where: string, options: BlendOptions): { alpha: number; score: Normalisation; first: Normalisation } {
  checkOptions(where, options, ['alpha', 'normalise']);
  const alpha = checkNumber(`${where}: alpha`, options.alpha, { min: 0, max: 1 });
  const { normalise = 'min-max' } = options;
  if (typeof normalise === 'string') {
    checkOneOf(`${where}: normalise`, normalise, normalisations);
    return { alpha, score: normalise, first: normalise };
  }
  checkOptions(`${where}: normalise`, normalise, ['score', 'first']);
  return {
    alpha,
    score: checkOneOf(`${where}: normalise.score`, normalise.score, normalisations),
    first: checkOneOf(`${where}: normalise.first`, normalise.first, normalisations),
  };
}

/**
 * New scores blended with those of the stage before: `alpha · score + (1 − alpha) · first`, each list normalised on its own.
 *
 * @example blend([20, 10], [1, 3], { alpha: 0.75 }) // [0.75, 0.25]
 */
export function blend(scores: ArrayLike<number>, first: ArrayLike<number>, options: BlendOptions): Float64Array {
  const { alpha, score, first: firstName } = checkBlend('blend', options);
  if (scores.length !== first.length) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `blend: ${scores.length} scores and ${first.length} first-stage scores; expected one of each a document.`,
    );
  }
  const mine = normaliseScores(scores, score);
  const theirs = normaliseScores(first, firstName);
  return mine.map((value, i) => alpha * value + (1 - alpha) * theirs[i]!);
}

/**
 * Scores of one list on a common scale.
 *
 * | name | formula |
 * |---|---|
 * | none | s |
 * | min-max | (s − min) / (max − min); 0 where all are equal |
 * | max | s / max of absolute values |
 * | sum | (s − min) / Σ(s − min) |
 * | z-score | (s − mean) / standard deviation of the list |
 * | rank | 1 − (rank − 1) / n, equal scores sharing the better rank |
 * | sigmoid | 1 / (1 + e^−s) |
 */
export function normaliseScores(scores: ArrayLike<number>, name: Normalisation): Float64Array {
  checkOneOf('normaliseScores: name', name, normalisations);
  const values = Float64Array.from(scores);
  for (let i = 0; i < values.length; i++) checkNumber(`scores[${i}]`, values[i]);
  const n = values.length;
  if (n === 0 || name === 'none') return values;
  if (name === 'sigmoid') return values.map((s) => 1 / (1 + Math.exp(-s)));
  if (name === 'rank') return ranked(values);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const s of values) {
    min = Math.min(min, s);
    max = Math.max(max, s);
    sum += s;
  }
  if (name === 'min-max') return values.map((s) => over(s - min, max - min));
  if (name === 'max') {
    const largest = Math.max(Math.abs(min), Math.abs(max));
    return values.map((s) => over(s, largest));
  }
  if (name === 'sum') return values.map((s) => over(s - min, sum - n * min));
  const mean = sum / n;
  const deviation = Math.sqrt(values.reduce((total, s) => total + (s - mean) ** 2, 0) / n);
  return values.map((s) => over(s - mean, deviation));
}

function over(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

function ranked(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);
  const out = new Float64Array(values.length);
  let rank = 0;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && values[order[i]!]! < values[order[i - 1]!]!) rank = i;
    out[order[i]!] = 1 - rank / values.length;
  }
  return out;
}
