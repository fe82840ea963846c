import type { JudgedRanking } from '../judged-ranking.ts';
import { cutoff, type MeasureFamily, type Parameter } from '../measure.ts';

/** Grades come with the chance 2^grade − 1 over 2^max that they satisfy. */
function satisfaction(grade: number, max: number): number {
  return grade <= 0 ? 0 : (2 ** Math.min(grade, max) - 1) / 2 ** max;
}

export function expectedReciprocalRank(ranking: JudgedRanking, k: number, max: number): number {
  const { places, grades } = ranking;
  let sum = 0;
  let stillLooking = 1;
  for (let i = 0; i < places.length && places[i]! < k; i++) {
    const chance = satisfaction(grades[i]!, max);
    sum += (chance * stillLooking) / (places[i]! + 1);
    stillLooking *= 1 - chance;
  }
  return sum;
}

function idealExpectedReciprocalRank(ranking: JudgedRanking, k: number, max: number): number {
  let sum = 0;
  let stillLooking = 1;
  const { positive } = ranking.documents;
  for (let place = 0; place < positive.length && place < k; place++) {
    const chance = satisfaction(positive[place]!, max);
    sum += (chance * stillLooking) / (place + 1);
    stillLooking *= 1 - chance;
  }
  return sum;
}

const max: Parameter = { kind: 'number', above: 0, default: 4, about: 'the highest grade of the scale; 4 in TREC (gdeval)' };

/**
 * Expected reciprocal rank: the expected 1/rank at which a user who reads from the top is satisfied.
 *
 * ERR@k = Σ over ranks i ≤ k of 1/i · s(i) · Π over j < i of (1 − s(j)), s = (2^grade − 1) / 2^max
 *
 * Chapelle, Metzler, Zhang and Grinspan, "Expected reciprocal rank for graded relevance", CIKM 2009.
 */
export const ERR: MeasureFamily = {
  name: 'ERR',
  about: 'The expected reciprocal rank at which a user is satisfied.',
  parameters: { cutoff, max },
  score:
    ({ cutoff = Number.POSITIVE_INFINITY, max }) =>
    (ranking) =>
      expectedReciprocalRank(ranking, cutoff, max),
};

/** ERR in relation to that of the best ranking possible. */
export const nERR: MeasureFamily = {
  name: 'nERR',
  about: 'ERR in relation to the best ranking possible.',
  parameters: { cutoff, max },
  score:
    ({ cutoff = Number.POSITIVE_INFINITY, max }) =>
    (ranking) => {
      const ideal = idealExpectedReciprocalRank(ranking, cutoff, max);
      return ideal > 0 ? expectedReciprocalRank(ranking, cutoff, max) / ideal : 0;
    },
};
