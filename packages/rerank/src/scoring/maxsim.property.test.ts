import { Random, type Tokens } from '@rank-rank/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenStore } from '../store/token-store.ts';
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

it('compares signs with bits as numbers of +1 and -1, weighted ones too, in memory and in a store', async () => {
  await fc.assert(
    fc.asyncProperty(shape, async ({ seed, query: rows, lengths }) => {
      const random = new Random(seed);
      const sign = (tokens: Tokens): Tokens => ({ ...tokens, data: tokens.data.map((value) => (value > 0 ? 1 : -1)) });
      const query = randomTokens(random, rows, 40);
      const documents = lengths.map((length) => randomTokens(random, length, 40));
      const weights = Float32Array.from({ length: rows }, () => 0.5 + random.integer(3));
      const found = maxsimScores(query, packTokens(documents, { type: 'binary' }), { query: 'quantised', weights });
      const expected = maxsimScores(sign(query), documents.map(sign), { weights });
      const store = await TokenStore.create({ dim: 40, type: 'binary' });
      const ids = documents.map((_, d) => String(d));
      await store.add(documents.map((tokens, d) => ({ id: ids[d]!, tokens })));
      await store.commit();
      const scores = new Map(store.rerank(query, ids, { query: 'quantised', weights }).map(({ id, score }) => [id, score]));
      await store.close();
      documents.forEach((_, d) => {
        expect(found[d]!).toBeCloseTo(expected[d]!, 2);
        expect(scores.get(ids[d]!)!).toBeCloseTo(expected[d]!, 2);
      });
    }),
    { numRuns: 20 },
  );
});
