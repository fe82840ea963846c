import {
  checkHits,
  checkNumber,
  checkOneOf,
  checkOptions,
  type Hit,
  RankError,
  type Ranking,
  type ScoreSpace,
  shown,
  toRanking,
} from '@rank-rank/core';
import { isotonicFrom } from './isotonic.ts';
import { plattFrom } from './platt.ts';

/** A rising curve from scores to the probability of being relevant. Plain data through `JSON.stringify` and {@link calibrationFrom}. */
export interface Calibration {
  readonly method: 'platt' | 'isotonic';
  probability(score: number): number;
  toJSON(): CalibrationData;
}

export type CalibrationData =
  | { readonly method: 'platt'; readonly a: number; readonly b: number }
  | { readonly method: 'isotonic'; readonly knots: readonly (readonly [score: number, probability: number])[] };

/** A ranking that says what its scores mean. */
export interface SpacedRanking {
  readonly space: ScoreSpace;
  readonly hits: Ranking;
}

/** A calibration that was kept as JSON. */
export function calibrationFrom(data: CalibrationData): Calibration {
  checkOneOf('calibrationFrom: method', data?.method, ['platt', 'isotonic']);
  if (data.method === 'platt') return plattFrom(checkNumber('calibrationFrom: a', data.a), checkNumber('calibrationFrom: b', data.b));
  if (!Array.isArray(data.knots) || data.knots.length === 0)
    throw new RankError('INVALID_ARGUMENT', `calibrationFrom: knots are ${shown(data.knots)}; expected at least one [score, probability].`);
  data.knots.forEach(([score, probability], i) => {
    checkNumber(`calibrationFrom: knots[${i}]`, score);
    checkNumber(`calibrationFrom: knots[${i}]`, probability, { min: 0, max: 1 });
    if (i > 0 && (score < data.knots[i - 1]![0] || probability < data.knots[i - 1]![1]))
      throw new RankError('INVALID_ARGUMENT', `calibrationFrom: knots[${i}] falls; expected rising scores and probabilities.`);
  });
  return isotonicFrom(data.knots);
}

/** A ranking's scores as probabilities of relevance; the order is kept, ties that the curve makes are broken by id. */
export function calibrate(hits: Ranking, calibration: Calibration): SpacedRanking {
  checkHits('calibrate: hits', hits);
  return { space: 'probability', hits: toRanking(hits.map(({ id, score }): Hit => ({ id, score: calibration.probability(score) }))) };
}

/**
 * The scores of one result list as shares of 1: `e^(s / T) / Σ e^(s / T)`. They order one list and mean nothing beyond it.
 *
 * @example softmaxScores([{ id: 'a', score: 12 }, { id: 'b', score: 11 }]).hits[0].score // 0.731
 */
export function softmaxScores(hits: Ranking, options: { readonly temperature?: number } = {}): SpacedRanking {
  checkOptions('softmaxScores', options, ['temperature']);
  checkHits('softmaxScores: hits', hits);
  const temperature = checkNumber('softmaxScores: temperature', options.temperature ?? 1, { above: 0 });
  const largest = hits.reduce((max, { score }) => Math.max(max, score), Number.NEGATIVE_INFINITY);
  const shares = hits.map(({ score }) => Math.exp((score - largest) / temperature));
  const total = shares.reduce((a, b) => a + b, 0);
  return { space: 'relative', hits: toRanking(hits.map(({ id }, i) => ({ id, score: shares[i]! / total }))) };
}

/**
 * How far probabilities are from what came true: over `bins` equal ranges of probability, the mean distance between the mean probability and
 * the share that was relevant, weighted by size (expected calibration error; Naeini, Cooper and Hauskrecht 2015).
 */
export function calibrationError(probabilities: ArrayLike<number>, relevant: ArrayLike<boolean>, bins = 10): number {
  checkJudged('calibrationError', probabilities, relevant, false);
  const sums = Array.from({ length: bins }, () => ({ count: 0, probability: 0, positive: 0 }));
  for (let i = 0; i < probabilities.length; i++) {
    const p = checkNumber(`calibrationError: probabilities[${i}]`, probabilities[i], { min: 0, max: 1 });
    const bin = sums[Math.min(bins - 1, Math.floor(p * bins))]!;
    bin.count++;
    bin.probability += p;
    bin.positive += Number(relevant[i]);
  }
  return sums.reduce((total, { probability, positive }) => total + Math.abs(probability - positive), 0) / probabilities.length;
}

/** Refuses judgements that nothing can be learnt from. */
export function checkJudged(
  where: string,
  scores: ArrayLike<number>,
  relevant: ArrayLike<boolean>,
  both = true,
): { positives: number; negatives: number } {
  if (scores?.length !== relevant?.length)
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: ${scores?.length} scores and ${relevant?.length} judgements; expected one of each.`,
    );
  if (scores.length === 0) throw new RankError('EMPTY_INPUT', `${where}: no judged scores.`);
  let positives = 0;
  for (let i = 0; i < scores.length; i++) {
    checkNumber(`${where}: scores[${i}]`, scores[i]);
    if (relevant[i]) positives++;
  }
  const negatives = scores.length - positives;
  if (both && (positives === 0 || negatives === 0)) {
    throw new RankError(
      'EMPTY_INPUT',
      `${where}: all ${scores.length} judgements are ${positives === 0 ? 'not relevant' : 'relevant'}; expected some of both.`,
    );
  }
  return { positives, negatives };
}
