import type { JudgedRanking } from '../judged-ranking.ts';
import { cutoff, type MeasureFamily } from '../measure.ts';
import type { Gain } from './dcg.ts';

const tables = new Map<number, Float64Array>();

/** p^0, p^1, … up to at least p^last, kept for the persistence values in use. */
function powersOf(p: number, last: number): Float64Array {
  const known = tables.get(p);
  if (known !== undefined && known.length > last) return known;
  const powers = new Float64Array(Math.max(1024, last + 1, 2 * (known?.length ?? 0)));
  powers[0] = 1;
  for (let i = 1; i < powers.length; i++) powers[i] = powers[i - 1]! * p;
  if (tables.size >= 64) tables.clear();
  tables.set(p, powers);
  return powers;
}

/** RBP over the gains of the first k documents. */
export function rankBiasedPrecision(ranking: JudgedRanking, p: number, gain: Gain, k: number = Number.POSITIVE_INFINITY): number {
  const { places, grades } = ranking;
  const powers = powersOf(p, ranking.retrieved);
  let sum = 0;
  for (let i = 0; i < places.length && places[i]! < k; i++) {
    const value = gain(grades[i]!);
    if (value !== 0) sum += value * powers[places[i]!]!;
  }
  return (1 - p) * sum;
}

/**
 * Gains scaled to [0, 1] by the grades of the query, as trec_eval scales them: where the highest is above 1 (or the lowest below
 * 0), by lowest and highest.
 */
export function scaledGain(ranking: JudgedRanking, gain: Gain = (grade) => grade): Gain {
  let least = 0;
  let most = 0;
  for (const grade of ranking.documents.positive) {
    const value = gain(grade);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least >= 0 && most <= 1) return (grade) => (grade < 0 ? 0 : gain(grade));
  return (grade) => (grade < 0 ? 0 : (gain(grade) - least) / (most - least));
}

/** How much RBP could gain if every unjudged document were relevant, beyond the end of the ranking too. */
export function rankBiasedResidual(ranking: JudgedRanking, p: number): number {
  const { places, grades, retrieved } = ranking;
  const powers = powersOf(p, retrieved);
  let judged = 0;
  let weight = 0;
  for (let i = 0; i < places.length; i++) {
    if (grades[i]! < 0) continue;
    judged++;
    weight += powers[places[i]!]!;
  }
  if (judged === retrieved) return 0;
  // All weights up to the end make (1 − p^n) / (1 − p); those of unjudged documents are what is left of them.
  const end = powers[retrieved]!;
  return end + (1 - end - (1 - p) * weight);
}

/**
 * Rank-biased precision: the rate at which a user gains who goes from one document to the next with probability p.
 *
 * RBP = (1 − p) · Σ over ranks i of gain(i) · p^(i − 1)
 *
 * With `rel` a document gains 1 or 0. Without it grades are gains, scaled to [0, 1] within the query as in trec_eval.
 *
 * Moffat and Zobel, "Rank-biased precision for measurement of retrieval effectiveness", 2008.
 */
export const RBP: MeasureFamily = {
  name: 'RBP',
  about: 'The rate of gain of a user of persistence p.',
  parameters: {
    cutoff,
    p: { kind: 'number', above: 0, below: 1, default: 0.8, about: 'the probability of going on to the next document' },
    rel: { kind: 'number', min: 0, about: 'the least grade of a relevant document; graded gains without it' },
  },
  score: ({ cutoff, p, rel }) =>
    rel === undefined
      ? (ranking) => rankBiasedPrecision(ranking, p, scaledGain(ranking), cutoff)
      : (ranking) => rankBiasedPrecision(ranking, p, (grade) => (grade >= rel ? 1 : 0), cutoff),
};
