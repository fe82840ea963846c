import { Random } from '@rank-rank/core';
import { expect, it } from 'vitest';
import { symmetricEigen } from './eigen.ts';
import { rightSingularVectors, type SparseRows } from './randomized-svd.ts';

/** A sparse matrix whose strong directions stand out, as those of texts do. */
function sample(rows: number, columns: number, seed: number): { matrix: SparseRows; dense: Float64Array } {
  const random = new Random(seed);
  const dense = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const topic = random.integer(4);
    for (let i = 0; i < 6; i++) dense[row * columns + ((topic * 7 + random.integer(9)) % columns)]! += 1 + random.next();
  }
  const offsets = new Uint32Array(rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = Math.fround(dense[row * columns + column]!);
      dense[row * columns + column] = value;
      if (value === 0) continue;
      indices.push(column);
      values.push(value);
    }
    offsets[row + 1] = indices.length;
  }
  return { matrix: { rows, columns, offsets, indices: Uint32Array.from(indices), values: Float32Array.from(values) }, dense };
}

const run = (matrix: SparseRows, rank: number) => rightSingularVectors(matrix, rank, new Random(1), async () => {});

it('finds the singular values and vectors that the eigenvectors of XᵀX give', async () => {
  for (const [rows, columns, seed] of [
    [60, 40, 1],
    [25, 80, 2],
    [200, 31, 3],
  ] as const) {
    const { matrix, dense } = sample(rows, columns, seed);
    const gram = new Float64Array(columns * columns);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns; i++)
        for (let j = 0; j < columns; j++) gram[i * columns + j]! += dense[row * columns + i]! * dense[row * columns + j]!;
    }
    const exact = symmetricEigen(gram, columns);
    const { vectors, singularValues, rank } = await run(matrix, 5);
    expect(rank).toBe(5);
    for (let k = 0; k < 3; k++) {
      expect(singularValues[k]! / Math.sqrt(exact.values[k]!)).toBeCloseTo(1, 3);
      let dot = 0;
      for (let i = 0; i < columns; i++) dot += vectors[i * rank + k]! * exact.vectors[i * columns + k]!;
      expect(Math.abs(dot)).toBeGreaterThan(0.98);
    }
  }
});

it('gives orthonormal vectors, the same for the same seed, and no more than the matrix has', async () => {
  const { matrix } = sample(12, 40, 5);
  const { vectors, rank } = await run(matrix, 64);
  expect(rank).toBeLessThanOrEqual(12);
  for (let a = 0; a < rank; a++) {
    for (let b = 0; b <= a; b++) {
      let dot = 0;
      for (let i = 0; i < 40; i++) dot += vectors[i * rank + a]! * vectors[i * rank + b]!;
      expect(dot).toBeCloseTo(a === b ? 1 : 0, 4);
    }
  }
  expect((await run(matrix, 64)).vectors).toEqual(vectors);
});
