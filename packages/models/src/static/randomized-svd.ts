import type { Random } from '@rank-rank/core';
import { symmetricEigen } from './eigen.ts';

/** A matrix with few non-zero values, row after row. */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  /** `rows + 1` places in `indices` and `values`. */
  readonly offsets: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** How many directions more than wanted are carried, and how often the matrix is applied to them. */
const oversampling = 10;
const iterations = 4;

/**
 * The first `rank` right singular vectors of a sparse matrix (`columns × rank`, row-major), strongest first, by subspace
 * iteration on a random start (Halko, Martinsson and Tropp, "Finding structure with randomness", 2011).
 *
 * The sign of each vector is fixed (its largest component is positive), so the result depends on nothing but the input and
 * the seed. `onStep` is called, and awaited, between the multiplications.
 */
export async function rightSingularVectors(
  matrix: SparseRows,
  rank: number,
  random: Random,
  onStep: (done: number, total: number) => Promise<void>,
): Promise<{ vectors: Float32Array; singularValues: Float64Array; rank: number }> {
  const wanted = Math.max(1, Math.min(rank, matrix.rows, matrix.columns));
  const width = Math.min(wanted + oversampling, matrix.rows, matrix.columns);
  let right: Float64Array = new Float64Array(matrix.columns * width);
  for (let i = 0; i < right.length; i++) right[i] = random.normal();
  for (let step = 0; step < iterations; step++) {
    const left = orthonormal(times(matrix, right, width), matrix.rows, width);
    right = transposeTimes(matrix, left, width);
    if (step < iterations - 1) right = orthonormal(right, matrix.columns, width);
    await onStep(step + 1, iterations);
  }
  // `right` is now Xᵀ·Q: its Gram matrix has the squared singular values.
  const { values, vectors } = symmetricEigen(gram(right, matrix.columns, width), width);
  const strongest = values[0]!;
  let kept = 0;
  while (kept < wanted && values[kept]! > strongest * 1e-12 && values[kept]! > 0) kept++;
  const result = new Float32Array(matrix.columns * kept);
  for (let column = 0; column < kept; column++) {
    const scale = 1 / Math.sqrt(values[column]!);
    let largest = 0;
    for (let row = 0; row < matrix.columns; row++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += right[row * width + k]! * vectors[k * width + column]!;
      const value = sum * scale;
      if (Math.abs(value) > Math.abs(largest)) largest = value;
      result[row * kept + column] = value;
    }
    if (largest < 0) for (let row = 0; row < matrix.columns; row++) result[row * kept + column] = -result[row * kept + column]!;
  }
  return { vectors: result, singularValues: values.slice(0, kept).map(Math.sqrt), rank: kept };
}

function times(matrix: SparseRows, dense: Float64Array, width: number): Float64Array {
  const { rows, offsets, indices, values } = matrix;
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const target = row * width;
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const value = values[i]!;
      const source = indices[i]! * width;
      for (let k = 0; k < width; k++) out[target + k] = out[target + k]! + value * dense[source + k]!;
    }
  }
  return out;
}

function transposeTimes(matrix: SparseRows, dense: Float64Array, width: number): Float64Array {
  const { rows, columns, offsets, indices, values } = matrix;
  const out = new Float64Array(columns * width);
  for (let row = 0; row < rows; row++) {
    const source = row * width;
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const value = values[i]!;
      const target = indices[i]! * width;
      for (let k = 0; k < width; k++) out[target + k] = out[target + k]! + value * dense[source + k]!;
    }
  }
  return out;
}

/** MᵀM of a tall matrix. */
function gram(tall: Float64Array, rows: number, width: number): Float64Array {
  const out = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    for (let i = 0; i < width; i++) {
      const value = tall[at + i]!;
      if (value === 0) continue;
      for (let j = i; j < width; j++) out[i * width + j] = out[i * width + j]! + value * tall[at + j]!;
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[i * width + j] = out[j * width + i]!;
  return out;
}

/** An orthonormal basis of the columns of a tall matrix, through its Gram matrix; directions that vanish become zero. */
function orthonormal(tall: Float64Array, rows: number, width: number): Float64Array {
  const { values, vectors } = symmetricEigen(gram(tall, rows, width), width);
  const scales = values.map((value) => (value > values[0]! * 1e-14 && value > 0 ? 1 / Math.sqrt(value) : 0));
  const out = new Float64Array(rows * width);
  const mixing = new Float64Array(width * width);
  for (let k = 0; k < width; k++) for (let j = 0; j < width; j++) mixing[k * width + j] = vectors[k * width + j]! * scales[j]!;
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    for (let k = 0; k < width; k++) {
      const value = tall[at + k]!;
      if (value === 0) continue;
      const from = k * width;
      for (let j = 0; j < width; j++) out[at + j] = out[at + j]! + value * mixing[from + j]!;
    }
  }
  return out;
}
