import { type Candidate, Random, type RankError, type TokenEncoder, type Tokens } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainMaxSim, randomTokens, tokensOf } from '../testing/tokens.ts';
import { maxsimReranker } from './maxsim-reranker.ts';

/** A row a letter: the unit vector of its place in the alphabet. */
const letters: TokenEncoder & { encoded: string[] } = {
  dim: 26,
  encoded: [],
  async encode(texts, as) {
    if (as === 'document') letters.encoded.push(...texts);
    return texts.map((text): Tokens => {
      const kept = [...text.toLowerCase()].filter((letter) => letter >= 'a' && letter <= 'z');
      const data = new Float32Array(kept.length * 26);
      kept.forEach((letter, i) => {
        data[i * 26 + letter.charCodeAt(0) - 97] = 1;
      });
      return { data, rows: kept.length, dim: 26 };
    });
  },
};
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

describe('the MaxSim reranker', () => {
  const candidates: Candidate[] = [
    { id: 'x', text: 'xyz', score: 9 },
    { id: 'c', text: 'cab', score: 1 },
    { id: 'a', text: 'a', score: 2 },
    { id: 'b', title: 'b', text: 'c', score: 1 },
  ];

  it('orders by MaxSim, ties by id', async () => {
    expect(await maxsimReranker({ encoder: letters }).rerank('abc', candidates)).toEqual([
      { id: 'c', score: 3 },
      { id: 'b', score: 2 },
      { id: 'a', score: 1 },
      { id: 'x', score: 0 },
    ]);
    expect(await maxsimReranker({ encoder: letters, atLeast: 2 }).rerank('abc', candidates, { topK: 3 })).toHaveLength(2);
    expect(await maxsimReranker({ encoder: letters }).rerank('abc', [])).toEqual([]);
  });

  it('takes tokens from the candidate or the store before it encodes', async () => {
    letters.encoded.length = 0;
    const asked: string[][] = [];
    const reranker = maxsimReranker({
      encoder: letters,
      store: { has: (id) => id === 's', scores: (_, ids) => Float32Array.of(asked.push([...ids]) + 1.5) },
    });
    const [given] = await letters.encode(['abcc'], 'query');
    const ranking = await reranker.rerank('abc', [{ id: 'a', text: 'a' }, { id: 's' }, { id: 't', tokens: given! }]);
    expect(ranking).toEqual([
      { id: 't', score: 3 },
      { id: 's', score: 2.5 },
      { id: 'a', score: 1 },
    ]);
    expect([letters.encoded, asked]).toEqual([['a'], [['s']]]);
  });

  it('blends with the first stage', async () => {
    const reranker = maxsimReranker({ encoder: letters, blend: { alpha: 0.25 } });
    expect(await reranker.rerank('abc', candidates)).toEqual(
      [
        { id: 'x', score: 0.75 },
        { id: 'c', score: 0.25 },
        { id: 'a', score: 0.25 / 3 + 0.75 / 8 },
        { id: 'b', score: 0.5 / 3 },
      ].sort((p, q) => q.score - p.score),
    );
    expect(reranker.space).toBe('relative');
    await expect(reranker.rerank('abc', [{ id: 'a', text: 'a' }])).rejects.toThrow(/first-stage score of candidate "a"/);
  });

  it.each([
    [
      'duplicate ids',
      [
        { id: 'a', text: 'a' },
        { id: 'a', text: 'b' },
      ],
      'DUPLICATE_ID',
    ],
    ['a candidate without text', [{ id: 'a' }], 'INVALID_ARGUMENT'],
    ['a candidate without tokens', [{ id: 'a', text: '…' }], 'EMPTY_INPUT'],
    ['tokens of another dimension', [{ id: 'a', tokens: tokensOf([[1, 2]]) }], 'DIMENSION_MISMATCH'],
  ])('refuses %s', async (_, list, expected) => {
    await expect(maxsimReranker({ encoder: letters }).rerank('abc', list)).rejects.toThrow(code(expected));
  });

  it('refuses a query without tokens, options nobody knows, and a cancelled call', async () => {
    const reranker = maxsimReranker({ encoder: letters });
    await expect(reranker.rerank('…', candidates)).rejects.toThrow(code('EMPTY_INPUT'));
    await expect(reranker.rerank('a', candidates, { topk: 3 } as never)).rejects.toThrow(/Did you mean "topK"/);
    await expect(reranker.rerank('a', candidates, { signal: AbortSignal.abort() })).rejects.toThrow(code('CANCELLED'));
    expect(() => maxsimReranker({ encoder: letters, earlyStop: { longestRow: 1 } })).toThrow(code('UNSUPPORTED'));
  });
});

describe('early stopping', () => {
  it('never changes the top k', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0.05, 0.3, 0.7),
        async (seed, count, topK, alpha) => {
          const random = new Random(seed);
          const query = randomTokens(random, 4, 8);
          const candidates = Array.from({ length: count }, (_, i) => ({
            id: `d${i}`,
            score: Math.round(random.next() * 20),
            tokens: randomTokens(random, 5, 8),
          }));
          const encoder: TokenEncoder = { dim: 8, encode: async () => [query] };
          const blend = { alpha, normalise: 'none' } as const;
          const stopping = maxsimReranker({ encoder, blend, earlyStop: { longestRow: 1, batch: 3 } });
          expect(await stopping.rerank('q', candidates, { topK })).toEqual(
            await maxsimReranker({ encoder, blend }).rerank('q', candidates, { topK }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves candidates unscored that cannot matter', async () => {
    const random = new Random(1);
    const query = randomTokens(random, 2, 8);
    let encoded = 0;
    const encoder: TokenEncoder = {
      dim: 8,
      encode: async (texts, as) => {
        if (as === 'query') return [query];
        encoded += texts.length;
        return texts.map(() => randomTokens(random, 3, 8));
      },
    };
    const candidates = Array.from({ length: 100 }, (_, i) => ({ id: `d${i}`, text: 't', score: 100 - i }));
    const reranker = maxsimReranker({ encoder, blend: { alpha: 0.5, normalise: 'none' }, earlyStop: { longestRow: 1 } });
    const ranking = await reranker.rerank('q', candidates, { topK: 3 });
    expect(ranking).toHaveLength(3);
    expect(encoded).toBeLessThan(40);
    expect(plainMaxSim(query, query)).toBeCloseTo(2, 5);
  });
});
