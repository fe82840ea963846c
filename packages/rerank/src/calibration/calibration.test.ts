import { readFileSync } from 'node:fs';
import { Random, type RankError } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, calibrationError, calibrationFrom, softmaxScores } from './calibration.ts';
import { isotonicCalibration } from './isotonic.ts';
import { plattCalibration } from './platt.ts';

/** scikit-learn's IsotonicRegression, and Platt's likelihood maximised by SciPy, on 40 random judgements. */
const recorded = JSON.parse(readFileSync(new URL('./calibration.reference.json', import.meta.url), 'utf8')) as {
  scores: number[];
  relevant: number[];
  at: number[];
  isotonic: number[];
  platt: number[];
};
const relevant = recorded.relevant.map(Boolean);
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

describe('calibration', () => {
  it("agrees with SciPy's maximum of Platt's likelihood", () => {
    const curve = plattCalibration(recorded.scores, relevant);
    recorded.scores.forEach((score, i) => {
      expect(curve.probability(score)).toBeCloseTo(recorded.platt[i]!, 4);
    });
  });

  it("agrees with scikit-learn's isotonic regression", () => {
    const curve = isotonicCalibration(recorded.scores, relevant);
    recorded.at.forEach((score, i) => {
      expect(curve.probability(score)).toBeCloseTo(recorded.isotonic[i]!, 5);
    });
  });

  it('survives as JSON', () => {
    for (const fit of [plattCalibration, isotonicCalibration]) {
      const curve = fit(recorded.scores, relevant);
      const again = calibrationFrom(JSON.parse(JSON.stringify(curve)));
      for (const score of recorded.at) expect(again.probability(score)).toBe(curve.probability(score));
    }
    expect(() => calibrationFrom({ method: 'isotonic', knots: [] })).toThrow(code('INVALID_ARGUMENT'));
    expect(() =>
      calibrationFrom({
        method: 'isotonic',
        knots: [
          [1, 0.5],
          [2, 0.2],
        ],
      }),
    ).toThrow(/knots\[1\] falls/);
    expect(() => calibrationFrom({ method: 'beta' } as never)).toThrow(code('UNKNOWN_OPTION'));
  });

  it('never falls, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 60 }), (seed, n) => {
        const random = new Random(seed);
        const scores = Array.from({ length: n }, () => Math.round(random.normal() * 10) / 4);
        const labels = scores.map((score, i) => (i === 0 ? true : i === 1 ? false : random.next() < 1 / (1 + Math.exp(-score))));
        const curve = isotonicCalibration(scores, labels);
        let last = 0;
        for (let score = -12; score <= 12; score += 0.25) {
          const p = curve.probability(score);
          expect(p).toBeGreaterThanOrEqual(last);
          expect(p).toBeLessThanOrEqual(1);
          last = p;
        }
        const platt = plattCalibration(scores, labels).probability(1);
        expect(platt >= 0 && platt <= 1).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('says what its scores mean', () => {
    const curve = plattCalibration(recorded.scores, relevant);
    const hits = [
      { id: 'a', score: 3 },
      { id: 'b', score: -2 },
    ];
    expect(calibrate(hits, curve)).toEqual({
      space: 'probability',
      hits: [
        { id: 'a', score: curve.probability(3) },
        { id: 'b', score: curve.probability(-2) },
      ],
    });
    const shares = softmaxScores([
      { id: 'a', score: 1012 },
      { id: 'b', score: 1011 },
    ]);
    expect(shares.space).toBe('relative');
    expect(shares.hits[0]!.score).toBeCloseTo(1 / (1 + Math.exp(-1)), 9);
    expect(
      softmaxScores(
        [
          { id: 'a', score: 1 },
          { id: 'b', score: 0 },
        ],
        { temperature: 0.1 },
      ).hits[0]!.score,
    ).toBeGreaterThan(0.999);
  });

  it('knows how wrong probabilities are', () => {
    expect(calibrationError([0.05, 0.05, 0.95, 0.95], [false, false, true, true])).toBeCloseTo(0.05, 9);
    expect(calibrationError([0.9, 0.9], [false, true])).toBeCloseTo(0.4, 9);
  });

  it.each([
    ['judgements of one kind', () => plattCalibration([1, 2], [true, true]), 'EMPTY_INPUT'],
    ['no judgements', () => isotonicCalibration([], []), 'EMPTY_INPUT'],
    ['lists of different length', () => plattCalibration([1], [true, false]), 'DIMENSION_MISMATCH'],
    ['a NaN score', () => isotonicCalibration([Number.NaN, 1], [true, false]), 'NOT_FINITE'],
    ['a temperature of 0', () => softmaxScores([{ id: 'a', score: 1 }], { temperature: 0 }), 'OUT_OF_RANGE'],
  ])('refuses %s', (_, work, expected) => {
    expect(work).toThrow(code(expected));
  });
});
