import { Random } from '@rank-rank/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainMaxSim, randomTokens } from '../testing/tokens.ts';
import { packTokens } from '../tokens/pack.ts';
import { maxsimScores } from './maxsim.ts';

const shape = fc.record({
  seed: fc.nat(),
  dim: fc.constantFrom(1, 3, 16, 96, 128),
  query: fc.integer({ min: 1, max: 40 }),
  lengths: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }),
});

it('is the formula of the paper, whatever the shapes', () => {
  fc.assert(
    fc.property(shape, ({ seed, dim, query: rows, lengths }) => {
      const random = new Random(seed);
      const query = randomTokens(random, rows, dim);
      const documents = lengths.map((length) => randomTokens(random, length, dim));
      const weights = Float32Array.from({ length: rows }, () => random.next() + 0.01);
      const scores = maxsimScores(query, documents, { weights });
      documents.forEach((document, d) => {
        expect(scores[d]).toBeCloseTo(plainMaxSim(query, document, weights), 3);
      });
    }),
    { numRuns: 60 },
  );
});

it('loses little in int8, with a float query or an int8 one', () => {
  fc.assert(
    fc.property(shape, ({ seed, query: rows, lengths }) => {
      const random = new Random(seed);
      const query = randomTokens(random, rows, 64);
      const documents = lengths.map((length) => randomTokens(random, length, 64));
      const packed = packTokens(documents, { type: 'int8' });
      const float = maxsimScores(query, packed);
      const integer = maxsimScores(query, packed, { query: 'quantised' });
      documents.forEach((document, d) => {
        const exact = plainMaxSim(query, document);
        expect(Math.abs(float[d]! - exact)).toBeLessThan(0.01 * rows);
        expect(Math.abs(integer[d]! - exact)).toBeLessThan(0.02 * rows);
      });
    }),
    { numRuns: 40 },
  );
});
