import type { JudgedRanking } from '../judged-ranking.ts';
import { condensedIf, cutoff, type Gains, judgedOnly, type MeasureFamily, type Parameter } from '../measure.ts';

let discounts: Float64Array = Float64Array.from({ length: 2048 }, (_, place) => Math.log2(place + 2));

/** log2(rank + 1) of a place counted from 0, which is what gains are divided by. */
export function discountAt(place: number): number {
  if (place >= discounts.length) discounts = Float64Array.from({ length: place * 2 }, (_, at) => Math.log2(at + 2));
  return discounts[place]!;
}

/** What a grade is worth. */
export type Gain = (grade: number) => number;

export const linearGain: Gain = (grade) => grade;
export const exponentialGain: Gain = (grade) => 2 ** grade - 1;

/** Gains by grade; a grade that is not named is worth itself. */
export function gainsFrom(gains: Gains): Gain {
  const named = new Map(Object.entries(gains).map(([grade, gain]) => [Number(grade), gain]));
  return (grade) => named.get(grade) ?? grade;
}

/** Discounted cumulated gain of the first k documents. Grades of 0 or less gain nothing. */
export function dcg(ranking: JudgedRanking, k: number, gain: Gain): number {
  const { places, grades } = ranking;
  let sum = 0;
  for (let i = 0; i < places.length && places[i]! < k; i++) {
    const grade = grades[i]!;
    if (grade > 0) sum += gain(grade) / discountAt(places[i]!);
  }
  return sum;
}

/** The most that a ranking of k documents can have. */
export function idealDcg(ranking: JudgedRanking, k: number, gain: Gain): number {
  const { positive } = ranking.documents;
  // Gains other than the grade itself may put grades into another order.
  const gains = gain === linearGain ? positive : positive.map(gain).sort().reverse();
  let sum = 0;
  for (let place = 0; place < gains.length && place < k && gains[place]! > 0; place++) sum += gains[place]! / discountAt(place);
  return sum;
}

export function ndcg(ranking: JudgedRanking, k: number, gain: Gain): number {
  const ideal = idealDcg(ranking, k, gain);
  return ideal > 0 ? dcg(ranking, k, gain) / ideal : 0;
}

const formulation: Parameter = {
  kind: 'choice',
  choices: ['log2', 'exp-log2'],
  default: 'log2',
  about: 'gain of a grade g: g (log2) or 2^g − 1 (exp-log2)',
};
const gains: Parameter = { kind: 'gains', about: 'gains by grade, {1: 1, 2: 3}' };

function gainOf(parameters: { dcg: 'log2' | 'exp-log2'; gains?: Gains }): Gain {
  const base = parameters.dcg === 'log2' ? linearGain : exponentialGain;
  if (parameters.gains === undefined) return base;
  const mapped = gainsFrom(parameters.gains);
  return parameters.dcg === 'log2' ? mapped : (grade) => base(mapped(grade));
}

/**
 * Normalised discounted cumulated gain: DCG in relation to that of the best ranking possible.
 *
 * DCG@k = Σ over ranks i ≤ k of gain(grade at i) / log2(i + 1); nDCG@k = DCG@k / ideal DCG@k
 *
 * The gain is the grade (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002; trec_eval), or with
 * `dcg='exp-log2'` 2^grade − 1 (Burges et al., "Learning to rank using gradient descent", 2005).
 *
 * @example parseMeasure("nDCG(dcg='exp-log2')@10")
 */
export const nDCG: MeasureFamily = {
  name: 'nDCG',
  aliases: ['NDCG'],
  about: 'Discounted gain in relation to the best ranking possible.',
  parameters: { cutoff, dcg: formulation, gains, judged_only: judgedOnly },
  score: ({ cutoff = Number.POSITIVE_INFINITY, judged_only, ...parameters }) => {
    const gain = gainOf(parameters);
    return condensedIf(judged_only, (ranking) => ndcg(ranking, cutoff, gain));
  },
};

/** Discounted cumulated gain, not normalised. */
export const DCG: MeasureFamily = {
  name: 'DCG',
  about: 'Discounted cumulated gain.',
  parameters: { cutoff, dcg: formulation, gains, judged_only: judgedOnly },
  score: ({ cutoff = Number.POSITIVE_INFINITY, judged_only, ...parameters }) => {
    const gain = gainOf(parameters);
    return condensedIf(judged_only, (ranking) => dcg(ranking, cutoff, gain));
  },
};
