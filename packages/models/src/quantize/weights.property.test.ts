/** Rounded weights against what they stand for. */
import { Random } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBlocks } from './blockwise.ts';
import type { Observed } from './calibration.ts';
import { errorFeedback } from './error-feedback.ts';
import { toColumnCodes, toRowCodes } from './integer-weights.ts';
import { splitOutliers } from './outlier-splitting.ts';
import { smooth } from './smoothing.ts';

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 6 }))
  .chain(([inner, out]) =>
    fc.tuple(
      fc.constant(inner),
      fc.constant(out),
      fc.float32Array({ minLength: inner * out, maxLength: inner * out, noNaN: true, min: -100, max: 100 }),
    ),
  );

describe('weights in blocks', () => {
  it.each([4, 8] as const)('of %i bits are within a step, or four where the largest is cut, padding left at zero', (bits) => {
    fc.assert(
      fc.property(matrix, fc.constantFrom(16, 32), ([inner, out, weights], blockSize) => {
        const { codes, scales, zeros } = toBlocks(weights, inner, out, { bits, blockSize });
        const blocks = Math.ceil(inner / blockSize);
        const blob = (blockSize * bits) / 8;
        expect(codes).toHaveLength(out * blocks * blob);
        expect(scales).toHaveLength(out * blocks);
        for (let n = 0; n < out; n++) {
          for (let k = 0; k < blocks * blockSize; k++) {
            const block = n * blocks + Math.floor(k / blockSize);
            const at = k % blockSize;
            const byte = codes[block * blob + (bits === 8 ? at : at >> 1)]!;
            const code = bits === 8 ? byte : at % 2 === 0 ? byte & 15 : byte >> 4;
            const zeroByte = zeros?.[n * Math.ceil(blocks / 2) + (Math.floor(k / blockSize) >> 1)] ?? 0;
            const zero = bits === 8 ? 128 : Math.floor(k / blockSize) % 2 === 0 ? zeroByte & 15 : zeroByte >> 4;
            const value = (code - zero) * scales[block]!;
            const wanted = k < inner ? weights[k * out + n]! : 0;
            // A scale that reaches the largest weight with the further code may cut the other sign by one step; of four bits' sixteen
            // codes a scale may leave out three tenths.
            const steps = bits === 8 ? 1 : 4;
            expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1.0001 * steps * Math.abs(scales[block]!) + 1e-30);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('errors that are fed back', () => {
  const random = new Random(3);
  const [inner, out, tokens] = [48, 12, 40];
  // Channels that say much the same, as those of real activations do.
  const topics = Array.from({ length: 6 * inner }, () => random.normal());
  const inputs = Array.from({ length: tokens }, () => {
    const mixed = Array.from({ length: 6 }, () => random.normal());
    return Array.from(
      { length: inner },
      (_, k) => mixed.reduce((sum, share, t) => sum + share * topics[t * inner + k]!, 0) + random.normal() / 4,
    );
  });
  const products = new Float64Array(inner * inner);
  for (const row of inputs) for (let i = 0; i < inner; i++) for (let j = i; j < inner; j++) products[i * inner + j]! += row[i]! * row[j]!;
  const feedback = errorFeedback(Float64Array.from(products), inner);

  it('go the way of the inverse of the products', () => {
    // The first step of the method, by its definition: w_j −= e · H⁻¹[0, j] / H⁻¹[0, 0], with H x = e₀ solved by elimination.
    let trace = 0;
    for (let k = 0; k < inner; k++) trace += products[k * inner + k]!;
    const rows = Array.from({ length: inner }, (_, i) =>
      Array.from({ length: inner + 1 }, (_, j) =>
        j === inner ? Number(i === 0) : products[Math.min(i, j) * inner + Math.max(i, j)]! + (i === j ? (0.1 * trace) / inner : 0),
      ),
    );
    for (let p = 0; p < inner; p++) {
      for (let i = 0; i < inner; i++) {
        if (i === p) continue;
        const share = rows[i]![p]! / rows[p]![p]!;
        for (let j = p; j <= inner; j++) rows[i]![j]! -= share * rows[p]![j]!;
      }
    }
    const column = rows.map((row, i) => row[inner]! / row[i]!);
    for (let j = 0; j < inner; j++) expect(feedback[j]!).toBeCloseTo(column[j]! / column[0]!, 9);
  });

  it('leave outputs closer than rounding each weight by itself', () => {
    const weights = Float32Array.from({ length: inner * out }, () => random.normal());
    const errorWith = (given: Float64Array | undefined): number => {
      const { codes, scales, zeros } = toBlocks(weights, inner, out, { bits: 4, blockSize: 16 }, undefined, given);
      let error = 0;
      for (let n = 0; n < out; n++) {
        const off = Array.from({ length: inner }, (_, k) => {
          const block = n * (inner / 16) + (k >> 4);
          const code = (codes[block * 8 + ((k & 15) >> 1)]! >> (4 * (k & 1))) & 15;
          const zero = (zeros![n * 2 + (k >> 5)]! >> (4 * ((k >> 4) & 1))) & 15;
          return (code - zero) * scales[block]! - weights[k * out + n]!;
        });
        for (const row of inputs) error += row.reduce((sum, value, k) => sum + value * off[k]!, 0) ** 2;
      }
      return error;
    };
    expect(errorWith(feedback)).toBeLessThan(errorWith(undefined) / 2);
  });

  it('are those of inputs that are never seen too: each by itself', () => {
    expect([...errorFeedback(new Float64Array(9), 3)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});

describe('weights by columns and rows', () => {
  it.each([127, 63])('of %i levels are within half a step of each column', (levels) => {
    fc.assert(
      fc.property(matrix, ([inner, out, weights]) => {
        const { codes, scales } = toColumnCodes(weights, inner, out, levels);
        for (let i = 0; i < inner * out; i++) {
          expect(Math.abs(codes[i]!)).toBeLessThanOrEqual(levels);
          expect(Math.abs(codes[i]! * scales[i % out]! - weights[i]!)).toBeLessThanOrEqual(0.501 * scales[i % out]!);
        }
        const rows = toRowCodes(weights, inner, out);
        for (let i = 0; i < inner * out; i++) {
          const scale = rows.scales[Math.floor(i / out)]!;
          expect(Math.abs(rows.codes[i]! * scale - weights[i]!)).toBeLessThanOrEqual(0.501 * scale);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('outliers', () => {
  const seen = (reach: readonly number[]): Observed => ({
    largest: Float32Array.from(reach),
    smallest: Float32Array.from(reach, (value) => -value / 2),
    power: Float32Array.from(reach, (value) => value * value),
  });

  it('are split so that the copies’ shares add up to the whole', () => {
    const reach = Array.from({ length: 60 }, (_, k) => (k === 7 ? 100 : k === 20 ? 35 : 1 + (k % 5) / 10));
    const { copies, divisors, seen: after } = splitOutliers(seen(reach))!;
    expect((reach.length + copies.length) % 16).toBe(0);
    const share = new Float64Array(reach.length);
    for (let k = 0; k < reach.length; k++) share[k]! += 1 / divisors[k]!;
    for (const [i, k] of copies.entries()) if (k >= 0) share[k]! += 1 / divisors[reach.length + i]!;
    for (const sum of share) expect(sum).toBeCloseTo(1, 5);
    expect(Math.max(...after.largest)).toBeLessThan(2);
  });

  it('are none where no channel towers', () => {
    expect(splitOutliers(seen(new Array<number>(32).fill(2)))).toBeUndefined();
    expect(splitOutliers(seen(new Array<number>(32).fill(0)))).toBeUndefined();
  });

  it('are smoothed into the weights where that lowers the expected error', () => {
    const reach = Array.from({ length: 32 }, (_, k) => (k === 3 ? 50 : 1));
    const weights = Float32Array.from({ length: 32 * 8 }, (_, i) => Math.sin(i));
    const { factors, error, without } = smooth(weights, 32, 8, seen(reach), 127);
    expect(error).toBeLessThan(without / 2);
    expect(factors[3]! / factors[4]!).toBeGreaterThan(3);
  });
});
