import { readFileSync } from 'node:fs';
import { Random, type RankError, type Tokens } from '@rank-rank/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTokens, tokensOf } from '../testing/tokens.ts';
import { pieceFrequencies } from '../tokens/weights.ts';
import { poolTokens } from './pool-tokens.ts';
import { pruneTokens } from './prune-tokens.ts';

/** Sentence Transformers' HierarchicalTokenPooling (SciPy's Ward linkage) of random unit rows. */
const recorded = JSON.parse(readFileSync(new URL('./pooling.sentence-transformers.json', import.meta.url), 'utf8')) as {
  cases: { rows: number[][]; factor: number; protect: number; pooled: number[][]; normalised: number[][] }[];
};
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
const rowsOf = ({ data, rows, dim }: Tokens) => Array.from({ length: rows }, (_, i) => [...data.subarray(i * dim, (i + 1) * dim)]);

describe('hierarchical pooling', () => {
  it.each(recorded.cases.map((entry) => [entry.rows.length, entry.factor, entry.protect, entry] as const))(
    'of %i rows by %d with %i protected gives the rows of Sentence Transformers',
    (_, factor, protect, { rows, pooled, normalised }) => {
      for (const [normalise, expected] of [
        [false, pooled],
        [true, normalised],
      ] as const) {
        const mine = rowsOf(poolTokens(tokensOf(rows), { factor, protect, normalise }).tokens);
        expect(mine).toHaveLength(expected.length);
        // The order of groups is theirs: each of ours is found among theirs.
        for (const row of mine) {
          expect(expected.some((other) => other.every((value, k) => Math.abs(value - row[k]!) < 2e-5))).toBe(true);
        }
      }
    },
  );

  it('averages like rows, and says how much is still there', () => {
    const { tokens, groups, retention } = poolTokens(
      tokensOf([
        [0, 0, 1],
        [1, 0, 0],
        [0.6, 0.8, 0],
        [0.96, 0.28, 0],
        [0.6, 0.8, 0],
      ]),
      { factor: 2 },
    );
    expect(groups.map((group) => [...group])).toEqual([[0], [1, 3], [2, 4]]);
    expect(rowsOf(tokens)[2]![0]).toBeCloseTo(0.6, 5);
    expect(retention).toMatchObject({ rows: 5, kept: 3 });
    expect(retention.mean).toBeGreaterThan(0.99);
    expect(retention.worst).toBeLessThan(1);
  });
});

describe('every method', () => {
  it('puts each row into one group, keeps the protected ones, and never grows', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('hierarchical', 'k-means', 'sequential'),
        fc.constantFrom(1, 1.5, 2, 3, 7),
        fc.integer({ min: 0, max: 3 }),
        (seed, rows, method, factor, protect) => {
          const document = randomTokens(new Random(seed), rows, 5);
          const { tokens, groups } = poolTokens(document, { method, factor, protect });
          expect([...new Set(groups.flatMap((group) => [...group]))]).toHaveLength(rows);
          expect(groups.reduce((sum, group) => sum + group.length, 0)).toBe(rows);
          const kept = Math.min(protect, rows);
          expect(tokens.rows).toBeLessThanOrEqual(kept + (rows > kept ? Math.max(1, Math.floor((rows - kept) / factor)) : 0));
          groups.slice(0, kept).forEach((group, i) => {
            expect([...group]).toEqual([i]);
          });
        },
      ),
    );
  });

  it('keeps spans and pieces of the most typical row', () => {
    const document = tokensOf(
      [
        [1, 0],
        [0.96, 0.28],
        [0.8, 0.6],
        [0, 1],
      ],
      { pieces: ['a', 'b', 'c', 'd'], spans: Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7) },
    );
    const { tokens } = poolTokens(document, { method: 'sequential', factor: 3, protect: 0 });
    expect([tokens.pieces, [...tokens.spans!]]).toEqual([['c'], [4, 5]]);
  });
});

describe('pruning', () => {
  const document = tokensOf(
    [
      [0.1, 0],
      [1, 0],
      [2, 0],
      [0, 3],
      [0, 0.5],
    ],
    { pieces: ['[CLS]', 'the', 'cat', 'sat', 'the'] },
  );
  const frequencies = pieceFrequencies([{ pieces: ['the', 'cat'] }, { pieces: ['the', 'sat', 'cat'] }, { pieces: ['the'] }]);

  it('drops stop words, frequent pieces and short rows', () => {
    expect([...pruneTokens(document, { stopWords: ['the'] }).rows]).toEqual([0, 2, 3]);
    expect([...pruneTokens(document, { minIdf: 0.1, frequencies }).rows]).toEqual([0, 2, 3]);
    expect([...pruneTokens(document, { minNorm: 1 }).rows]).toEqual([0, 1, 2, 3]);
    expect([...pruneTokens(document, { keep: 0.4 }).rows]).toEqual([0, 3]);
    expect([...pruneTokens(document, { keep: 0.4, frequencies, protect: 0 }).rows]).toEqual([0, 3]);
    expect(pruneTokens(document, { minNorm: 1 }).tokens.pieces).toEqual(['[CLS]', 'the', 'cat', 'sat']);
  });

  it('reports what is lost, and keeps at least one row', () => {
    expect(pruneTokens(document, { stopWords: ['the'] }).retention).toMatchObject({ rows: 5, kept: 3, mean: 1 });
    expect([...pruneTokens(document, { minNorm: 9, protect: 0 }).rows]).toEqual([3]);
  });

  it.each([
    ['a factor below 1', () => poolTokens(document, { factor: 0.5 }), 'OUT_OF_RANGE'],
    ['a method nobody knows', () => poolTokens(document, { method: 'ward' as never }), 'UNKNOWN_OPTION'],
    ['stop words without pieces', () => pruneTokens(tokensOf([[1]]), { stopWords: ['a'] }), 'INVALID_ARGUMENT'],
    ['minIdf without frequencies', () => pruneTokens(document, { minIdf: 1 }), 'INVALID_ARGUMENT'],
  ])('refuses %s', (_, work, expected) => {
    expect(work).toThrow(code(expected));
  });
});
