import { isRanking, Random, type RankError } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTokens, tokensOf } from '../testing/tokens.ts';
import { dpp } from './dpp.ts';
import { chooseLambda, mmr } from './mmr.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { type DiverseCandidate, similarityMatrix } from './similarity.ts';
import { aspectCoverage, xquad } from './xquad.ts';

const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const ids = (hits: readonly { id: string }[]) => hits.map(({ id }) => id).join('');
const vectors: DiverseCandidate[] = [
  { id: 'a', score: 1, vector: Float32Array.of(1, 0, 0) },
  { id: 'b', score: 0.95, vector: Float32Array.of(0.999, 0.0447, 0) },
  { id: 'c', score: 0.5, vector: Float32Array.of(0, 1, 0) },
  { id: 'd', score: 0, vector: Float32Array.of(0, 0, 1) },
];
const random = (seed: number, n: number, dim = 6): DiverseCandidate[] => {
  const source = new Random(seed);
  return Array.from({ length: n }, (_, i) => ({
    id: `d${i}`,
    score: Math.round(source.next() * 8),
    vector: randomTokens(source, 1, dim).data,
  }));
};

describe('MMR', () => {
  it('puts novelty before repetition, as lambda says', () => {
    expect(ids(mmr(vectors, { lambda: 1 }))).toBe('abcd');
    expect(ids(mmr(vectors, { lambda: 0.5 }))).toBe('acdb');
    expect(ids(mmr(vectors, { lambda: 0.5, k: 2 }))).toBe('ac');
  });

  it('is the greedy choice of the formula, by exhaustive comparison, and a proper ranking', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 10 }), (seed, n, tenths) => {
        const candidates = random(seed, n);
        const { data } = similarityMatrix(candidates);
        const lambda = tenths / 10;
        const scores = candidates.map(({ score }) => score);
        const [low, high] = [Math.min(...scores), Math.max(...scores)];
        const relevance = scores.map((score) => (high === low ? 0 : (score - low) / (high - low)));
        const chosen: number[] = [];
        while (chosen.length < n) {
          const value = (i: number) =>
            lambda * relevance[i]! - (1 - lambda) * (chosen.length === 0 ? 0 : Math.max(...chosen.map((j) => data[i * n + j]!)));
          const left = scores.map((_, i) => i).filter((i) => !chosen.includes(i));
          chosen.push(
            left.reduce((best, i) =>
              value(i) > value(best) || (value(i) === value(best) && candidates[i]!.id < candidates[best]!.id) ? i : best,
            ),
          );
        }
        const result = mmr(candidates, { lambda });
        expect(result.map(({ id }) => id)).toEqual(chosen.map((i) => candidates[i]!.id));
        expect(isRanking(result.slice(1))).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  it('chooses lambda from the data: all relevance where nothing repeats, less where much does', () => {
    const distinct = [0, 1, 2].map((i) => ({
      id: `d${i}`,
      score: 3 - i,
      vector: Float32Array.from({ length: 3 }, (_, k) => Number(k === i)),
    }));
    expect(chooseLambda(distinct, { k: 2 }).lambda).toBe(1);
    const choice = chooseLambda(vectors, { k: 2 });
    expect(choice.lambda).toBeLessThan(1);
    expect(choice.curve).toHaveLength(21);
    expect(ids(mmr(vectors, { k: 2, lambda: 'auto' }))).toBe('ac');
  });

  it('works on token matrices', () => {
    const source = new Random(3);
    const tokens = randomTokens(source, 6, 8);
    const list = [
      { id: 'a', score: 3, tokens },
      { id: 'b', score: 2.9, tokens },
      { id: 'c', score: 1, tokens: randomTokens(source, 4, 8) },
    ];
    expect(ids(mmr(list, { lambda: 0.3 }))).toBe('acb');
    expect(similarityMatrix(list).data[1]).toBeCloseTo(1, 5);
  });
});

describe('DPP', () => {
  it('takes what adds most volume, and what those chosen span already last, by relevance', () => {
    expect(ids(dpp(vectors, { alpha: 1, k: 3 }))).toBe('acd');
    // Three dimensions hold three independent vectors: b and e are combinations of a and c, and follow by relevance (determinants in float64 agree).
    expect(ids(dpp([...vectors, { id: 'e', score: 0.99, vector: Float32Array.of(1, 0, 0) }], { alpha: 1 }))).toBe('acdeb');
  });

  it('does not stop at the rounding of a repeated document of high quality', () => {
    const candidates = [1, 1, 0].map((score, i) => ({ id: 'abc'[i]!, score }));
    const almost = 1 - 2e-7;
    const similarities = { data: Float32Array.of(1, almost, 0, almost, 1, 0, 0, 0, 1), size: 3 };
    expect(ids(dpp(candidates, { alpha: 60, similarities }))).toBe('acb');
  });

  it('is the greedy maximum of the determinant', () => {
    const determinant = (m: number[][]): number =>
      m.length === 0
        ? 1
        : m[0]!.reduce(
            (sum, value, j) => sum + (j % 2 ? -1 : 1) * value * determinant(m.slice(1).map((row) => row.filter((_, k) => k !== j))),
            0,
          );
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 6 }), (seed, n) => {
        const candidates = random(seed, n).map((candidate, i) => ({ ...candidate, score: i * 1.7 + (seed % 5) }));
        const { data } = similarityMatrix(candidates);
        const scores = candidates.map(({ score }) => score);
        const quality = scores.map((score) => Math.exp((score - scores[0]!) / (scores.at(-1)! - scores[0]!) / 2));
        const chosen: number[] = [];
        const result = dpp(candidates, { k: Math.min(n, 4) });
        for (const { id } of result) {
          const value = (i: number) =>
            determinant([...chosen, i].map((a) => [...chosen, i].map((b) => data[a * n + b]! * quality[a]! * quality[b]!)));
          const left = scores.map((_, i) => i).filter((i) => !chosen.includes(i));
          const best = left.reduce((top, i) => (value(i) > value(top) ? i : top));
          const mine = candidates.findIndex((candidate) => candidate.id === id);
          expect(value(mine)).toBeCloseTo(value(best), 6);
          chosen.push(mine);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('xQuAD', () => {
  it('covers the aspects that are left', () => {
    const hits = [
      { id: 'a', score: 3 },
      { id: 'b', score: 2 },
      { id: 'c', score: 1 },
    ];
    const aspects = [{ coverage: [0.9, 0.9, 0] }, { coverage: [0, 0, 0.9] }];
    expect(ids(xquad(hits, aspects, { lambda: 0 }))).toBe('abc');
    expect(ids(xquad(hits, aspects, { lambda: 0.8 }))).toBe('acb');
    expect(xquad(hits, aspects, { lambda: 1, k: 1 })[0]!.score).toBeCloseTo(0.45, 9);
    expect(ids(xquad(hits, [{ ...aspects[0]!, weight: 0 }, aspects[1]!], { lambda: 1 }))).toBe('cab');
  });

  it('takes coverage from aspects that are queries', () => {
    const [first] = aspectCoverage([tokensOf([[1, 0]])], [tokensOf([[2, 0]]), tokensOf([[0, 1]]), tokensOf([[-1, 0]])]);
    expect([...(first!.coverage as Float32Array)]).toEqual([1, 0, 0]);
  });

  it('refuses aspects that do not fit', () => {
    expect(() => xquad([{ id: 'a', score: 1 }], [])).toThrow(code('EMPTY_INPUT'));
    expect(() => xquad([{ id: 'a', score: 1 }], [{ coverage: [1, 1] }])).toThrow(code('DIMENSION_MISMATCH'));
    expect(() => xquad([{ id: 'a', score: 1 }], [{ coverage: [1.5] }])).toThrow(code('OUT_OF_RANGE'));
  });
});

describe('near-duplicates', () => {
  it('gather under the best of them, without chaining', () => {
    expect(nearDuplicates(vectors)).toEqual([
      { representative: 'a', duplicates: [{ id: 'b', similarity: expect.closeTo(0.999, 3) }] },
      { representative: 'c', duplicates: [] },
      { representative: 'd', duplicates: [] },
    ]);
    const angle = (degrees: number) => Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
    const chain = [0, 15, 30, 45].map((degrees, i) => ({ id: `d${i}`, score: -i, vector: angle(degrees) }));
    expect(nearDuplicates(chain, { threshold: 0.95 }).map((group) => group.representative)).toEqual(['d0', 'd2']);
    expect(nearDuplicates([...vectors], { threshold: -1 })).toHaveLength(1);
  });
});

it.each([
  ['a list without vectors', () => mmr([{ id: 'a', score: 1 }]), 'INVALID_ARGUMENT'],
  ['vectors of different lengths', () => mmr([vectors[0]!, { id: 'z', score: 1, vector: Float32Array.of(1) }]), 'DIMENSION_MISMATCH'],
  ['a NaN vector', () => dpp([{ id: 'z', score: 1, vector: Float32Array.of(Number.NaN) }]), 'NOT_FINITE'],
  ['a lambda above 1', () => mmr(vectors, { lambda: 1.1 }), 'OUT_OF_RANGE'],
  ['duplicate ids', () => nearDuplicates([vectors[0]!, vectors[0]!]), 'DUPLICATE_ID'],
  ['similarities of another size', () => mmr(vectors, { similarities: { data: new Float32Array(4), size: 2 } }), 'DIMENSION_MISMATCH'],
  [
    'similarities that differ by direction',
    () => mmr(vectors.slice(0, 2), { similarities: { data: Float32Array.of(1, 0, 1, 1), size: 2 } }),
    'INVALID_ARGUMENT',
  ],
])('refuses %s', (_, work, expected) => {
  expect(work).toThrow(code(expected));
});

it('has nothing to choose from nothing', () => {
  expect([mmr([]), dpp([]), xquad([], []), nearDuplicates([])]).toEqual([[], [], [], []]);
});
