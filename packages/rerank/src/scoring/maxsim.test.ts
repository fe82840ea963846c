import type { RankError } from '@rank-rank/core';
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../testing/tokens.ts';
import { countedRows, countedTokens, maskings } from '../tokens/counted.ts';
import { packTokens } from '../tokens/pack.ts';
import { truncateTokens } from '../tokens/truncate.ts';
import { idfWeights, pieceFrequencies } from '../tokens/weights.ts';
import { emptyDocumentScore, maxsim, maxsimScores, maxsimSpace } from './maxsim.ts';

const query = tokensOf([
  [1, 0, 0, 0],
  [0, 1, 0, 0],
]);
const near = tokensOf([
  [0.6, 0.8, 0, 0],
  [0, 0, 1, 0],
]);
const far = tokensOf([[-0.6, -0.8, 0, 0]]);
const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;

describe('maxsim', () => {
  it('adds the largest similarity of each query row', () => {
    expect(maxsim(query, near)).toBeCloseTo(1.4, 6);
    expect(maxsim(query, far)).toBeCloseTo(-1.4, 6);
    expect([...maxsimScores(query, [near, far])].map((s) => Number(s.toFixed(5)))).toEqual([1.4, -1.4]);
  });

  it('divides by the query rows, or by the length that models pad to', () => {
    expect(maxsim(query, near, { aggregate: 'mean' })).toBeCloseTo(0.7, 6);
    expect(maxsim(query, near, { aggregate: 'mean', mask: { query: [1, 0] } })).toBeCloseTo(0.6, 6);
    expect(maxsim(query, near, { aggregate: 'mean', weights: [3, 1] })).toBeCloseTo((3 * 0.6 + 0.8) / 4, 6);
    expect(maxsim(query, near, { aggregate: 'normalised' })).toBeCloseTo(1.4 / 32, 6);
    expect(maxsim(query, near, { aggregate: 'normalised', queryLength: 4 })).toBeCloseTo(0.35, 6);
    expect([maxsimSpace(), maxsimSpace({ aggregate: 'mean' }), maxsimSpace({ aggregate: 'normalised' })]).toEqual([
      'maxsim',
      'meanMaxSim',
      'relative',
    ]);
  });

  it('weighs and masks query rows', () => {
    expect(maxsim(query, near, { weights: [2, 0.5] })).toBeCloseTo(1.6, 6);
    expect(maxsim(query, near, { weights: [2, 0.5], mask: { query: [false, true] } })).toBeCloseTo(0.4, 6);
  });

  it('takes masked document rows out of the maximum, or lets them count 0, or clips, by whose semantics it is', () => {
    const documents = [
      tokensOf([
        [-1, 0, 0, 0],
        [0.6, 0.8, 0, 0],
      ]),
    ];
    const mask = { documents: [[1, 0]] };
    expect(maxsim(query, documents[0]!, { mask })).toBeCloseTo(-1, 6);
    expect(maxsim(query, documents[0]!, { mask, absent: maskings.pylate.absent })).toBeCloseTo(0, 6);
    expect(maxsim(query, far, { absent: maskings.pylate.absent })).toBeCloseTo(-1.4, 6);
    expect(maxsim(query, far, { absent: maskings['stanford-cpu'].absent })).toBe(0);
    expect(maxsim(query, far, { absent: maskings.stanford.absent })).toBeCloseTo(-1.4, 6);
  });

  it('compares by cosine, and leading dimensions alone', () => {
    const long = tokensOf([[3, 4, 0, 0]]);
    expect(maxsim(query, long, { similarity: 'cosine' })).toBeCloseTo(1.4, 6);
    expect(maxsim(query, near, { dim: 1 })).toBeCloseTo(0.6, 6);
    expect(maxsim(tokensOf([[1, 0, 5]]), tokensOf([[1, 1, -7]]), { dim: 2, similarity: 'cosine' })).toBeCloseTo(Math.SQRT1_2, 6);
    expect([...truncateTokens(tokensOf([[3, 4, 12]]), 2).data]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it('has smooth maxima that become the maximum', () => {
    expect(maxsim(query, near, { smooth: { method: 'top', n: 1 } })).toBeCloseTo(1.4, 6);
    expect(maxsim(query, near, { smooth: { method: 'top', n: 2 } })).toBeCloseTo(0.7, 6);
    expect(maxsim(query, near, { smooth: { method: 'top', n: 9 } })).toBeCloseTo(0.7, 6);
    expect(maxsim(query, near, { smooth: { method: 'softmax', temperature: 0.01 } })).toBeCloseTo(1.4, 5);
    expect(maxsim(query, near, { smooth: { method: 'logSumExp', temperature: 0.01 } })).toBeCloseTo(1.4, 5);
    expect(maxsim(query, near, { smooth: { method: 'logSumExp', temperature: 1 } })).toBeCloseTo(
      Math.log(Math.exp(0.6) + 1) + Math.log(Math.exp(0.8) + 1),
      5,
    );
  });

  it.each(['f16', 'int8', 'binary'] as const)('compares a float query with %s documents', (type) => {
    const rows = tokensOf([
      [0.5, -0.5, 0.5, -0.5],
      [-0.5, 0.5, 0.5, 0.5],
    ]);
    const packed = packTokens([rows], { type });
    const expected = type === 'binary' ? 2 : 1;
    expect(maxsimScores(query, packed)[0]).toBeCloseTo(expected, 2);
    expect(maxsimScores(tokensOf([[0.5, 0.5, 0.5, 0.5]]), packed, { query: 'quantised' })[0]).toBeCloseTo(type === 'binary' ? 2 : 0.5, 2);
  });

  it('gives a document without tokens the lowest score, if asked to', () => {
    const empty = { data: new Float32Array(0), rows: 0, dim: 4 };
    expect([...maxsimScores(query, [near, empty], { empty: 'lowest' })][1]).toBe(emptyDocumentScore);
    expect(() => maxsimScores(query, [near, empty])).toThrow(code('EMPTY_INPUT'));
    expect(() => maxsimScores(query, [near, near], { mask: { documents: [undefined, [0, 0]] } })).toThrow(
      /Document 1 has no counted token/,
    );
  });

  it.each([
    ['a query with no row', () => maxsim({ data: new Float32Array(0), rows: 0, dim: 4 }, near), 'EMPTY_INPUT'],
    ['a query with no counted row', () => maxsim(query, near, { mask: { query: [0, 0] } }), 'EMPTY_INPUT'],
    ['weights that are all 0', () => maxsim(query, near, { weights: [0, 0] }), 'EMPTY_INPUT'],
    ['mixed dimensions', () => maxsimScores(query, [near, tokensOf([[1, 2]])]), 'DIMENSION_MISMATCH'],
    ['a query of another dimension', () => maxsim(tokensOf([[1, 0]]), near), 'DIMENSION_MISMATCH'],
    ['NaN in a document', () => maxsim(query, tokensOf([[1, 0, Number.NaN, 0]])), 'NOT_FINITE'],
    ['infinity in the query', () => maxsim(tokensOf([[1, 0, Number.POSITIVE_INFINITY, 0]]), near), 'NOT_FINITE'],
    ['data of the wrong length', () => maxsim(query, { data: new Float32Array(7), rows: 2, dim: 4 }), 'DIMENSION_MISMATCH'],
    ['an array in place of a Float32Array', () => maxsim(query, { data: [1, 0, 0, 0], rows: 1, dim: 4 } as never), 'INVALID_ARGUMENT'],
    ['a mask of the wrong length', () => maxsim(query, near, { mask: { query: [1] } }), 'DIMENSION_MISMATCH'],
    ['negative weights', () => maxsim(query, near, { weights: [-1, 1] }), 'OUT_OF_RANGE'],
    ['NaN weights', () => maxsim(query, near, { weights: [Number.NaN, 1] }), 'NOT_FINITE'],
    ['an option nobody knows', () => maxsim(query, near, { similarty: 'dot' } as never), 'UNKNOWN_OPTION'],
    ['no documents', () => maxsimScores(query, []), 'EMPTY_INPUT'],
    ['fewer dimensions of bits', () => maxsimScores(query, packTokens([near], { type: 'binary' }), { dim: 2 }), 'UNSUPPORTED'],
    ['a temperature of 0', () => maxsim(query, near, { smooth: { method: 'softmax', temperature: 0 } }), 'OUT_OF_RANGE'],
    ['masks for packed documents', () => maxsimScores(query, packTokens([near]), { mask: { documents: [[1, 1]] } }), 'INVALID_ARGUMENT'],
  ])('refuses %s', (_, work, expected) => {
    expect(work).toThrow(code(expected));
  });
});

describe('counted rows', () => {
  const tokens = tokensOf(
    Array.from({ length: 8 }, () => [1, 0]),
    { pieces: ['[CLS]', '[Q] ', 'what', '##ever', ',', '[SEP]', '[MASK]', '[PAD]'] },
  );
  it('follow the semantics that are named', () => {
    expect([...countedRows(tokens, 'query', 'stanford')]).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
    expect([...countedRows(tokens, 'document', 'stanford')]).toEqual([1, 1, 1, 1, 0, 1, 0, 0]);
    expect([...countedRows(tokens, 'document', 'sentence-transformers')]).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...countedRows(tokens, 'query', { expansion: false, prefix: false })]).toEqual([1, 0, 1, 1, 1, 1, 0, 0]);
    expect([...countedRows(tokens, 'document', { skip: ['##ever'], special: false })]).toEqual([0, 1, 1, 0, 1, 0, 0, 0]);
    expect(countedTokens(tokens, 'document', 'pylate').pieces).toEqual(['[CLS]', '[Q] ', 'what', '##ever', '[SEP]']);
  });

  it('need pieces, and known names', () => {
    expect(() => countedRows(tokensOf([[1]]), 'query')).toThrow(/have no pieces/);
    expect(() => countedRows(tokens, 'query', 'stanfrod' as never)).toThrow(/Did you mean "stanford"/);
    expect(() => countedRows(tokens, 'query', { skip: 'stopwords' as never })).toThrow(code('UNKNOWN_OPTION'));
  });
});

it('weighs query rows by how rare their pieces are', () => {
  const frequencies = pieceFrequencies([{ pieces: ['a', 'b', 'a'] }, { pieces: ['a'] }, { pieces: ['c'] }]);
  const weights = idfWeights(tokensOf([[1], [1], [1]], { pieces: ['a', 'b', 'unseen'] }), frequencies);
  expect([...weights].map((w) => Number(w.toFixed(6)))).toEqual(
    [Math.log(4 / 3), Math.log(2), Math.log(4)].map((w) => Number(w.toFixed(6))),
  );
});
