import { checkHits, checkNumber, type Hit, RankError, shown, type Tokens } from '@rank-rank/core';
import { maxSim, scores } from '@rank-rank/kernels';
import { firstNotFinite } from '../tokens/check-tokens.ts';
import { packTokens } from '../tokens/pack.ts';

/** A result to choose from: its score, and what it is compared with others by. */
export interface DiverseCandidate extends Hit {
  readonly vector?: Float32Array;
  readonly tokens?: Tokens;
}

/** Similarities of n results: entry `i · n + j`, symmetric, 1 on the diagonal. */
export interface SimilarityMatrix {
  readonly data: Float32Array;
  readonly size: number;
}

/**
 * How alike results are: the cosine of their vectors, or for token matrices the mean MaxSim in both directions,
 * `(meanMaxSim(a → b) + meanMaxSim(b → a)) / 2` over the cosines of rows.
 */
export function similarityMatrix(candidates: readonly DiverseCandidate[]): SimilarityMatrix {
  checkHits('candidates', candidates);
  const size = candidates.length;
  if (size === 0) return { data: new Float32Array(0), size };
  if (candidates.every(({ vector }) => vector !== undefined)) return { data: cosines(candidates), size };
  if (candidates.every(({ tokens }) => tokens !== undefined)) return { data: tokenSimilarities(candidates), size };
  const odd = candidates.find(({ vector, tokens }) => vector === undefined && tokens === undefined) ?? candidates[0]!;
  throw new RankError(
    'INVALID_ARGUMENT',
    `Document ${shown(odd.id)} cannot be compared with the others: give every candidate a vector, or every one tokens, or the similarities themselves.`,
    { id: odd.id },
  );
}

/** Refuses a matrix that is not n × n, symmetric and finite. */
export function checkSimilarities(where: string, matrix: SimilarityMatrix, size: number): SimilarityMatrix {
  if (!(matrix?.data instanceof Float32Array) || matrix.size !== size || matrix.data.length !== size * size) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: the similarities are ${shown(matrix)}; expected { data: Float32Array of ${size} × ${size}, size: ${size} }.`,
    );
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const value = checkNumber(`${where}: similarity of ${i} and ${j}`, matrix.data[i * size + j]!);
      if (Math.abs(value - matrix.data[j * size + i]!) > 1e-4)
        throw new RankError(
          'INVALID_ARGUMENT',
          `${where}: the similarities of ${i} and ${j} differ by direction; expected a symmetric matrix.`,
        );
    }
  }
  return matrix;
}

function cosines(candidates: readonly DiverseCandidate[]): Float32Array {
  const dim = candidates[0]!.vector!.length;
  const data = new Float32Array(candidates.length * dim);
  candidates.forEach(({ id, vector }, i) => {
    if (!(vector instanceof Float32Array) || vector.length !== dim || dim === 0) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `The vector of document ${shown(id)} is ${shown(vector)} of ${vector?.length}; expected a Float32Array of ${dim}.`,
        { id },
      );
    }
    if (firstNotFinite(vector) >= 0)
      throw new RankError('NOT_FINITE', `The vector of document ${shown(id)} has a number that is not finite.`, { id });
    data.set(vector, i * dim);
  });
  const rows = { type: 'f32', data, dim } as const;
  return withDiagonal(scores(rows, rows, { metric: 'cosine' }), candidates.length);
}

function tokenSimilarities(candidates: readonly DiverseCandidate[]): Float32Array {
  const size = candidates.length;
  const packed = packTokens(candidates.map(({ tokens }) => tokens!));
  const directed = new Float32Array(size * size);
  candidates.forEach(({ id, tokens }, i) => {
    if (tokens!.rows === 0) throw new RankError('EMPTY_INPUT', `Document ${shown(id)} has no token to compare.`, { id });
    const row = maxSim({ type: 'f32', data: tokens!.data, dim: tokens!.dim }, packed, {
      metric: 'cosine',
      out: directed.subarray(i * size, (i + 1) * size),
    });
    for (let j = 0; j < size; j++) row[j]! /= tokens!.rows;
  });
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) data[i * size + j] = (directed[i * size + j]! + directed[j * size + i]!) / 2;
  return withDiagonal(data, size);
}

function withDiagonal(data: Float32Array, size: number): Float32Array {
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return data;
}
