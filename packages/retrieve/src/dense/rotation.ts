import { Random } from '@rank-rank/core';
import { scores } from '@rank-rank/kernels';

/**
 * A random rotation: rows of unit length at right angles to one another (Gram and Schmidt on normal deviates), always the same for a dimension.
 * After it no dimension stands out, whatever the vectors were, as codes of one bit a dimension need it.
 */
export function randomRotation(dim: number): Float32Array {
  const random = new Random(dim);
  const matrix = Float64Array.from({ length: dim * dim }, () => random.normal());
  for (let row = 0; row < dim; row++) {
    const at = row * dim;
    // Twice, as rounding leaves the first result slightly askew.
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < row; before++) {
        let dot = 0;
        for (let i = 0; i < dim; i++) dot += matrix[at + i]! * matrix[before * dim + i]!;
        for (let i = 0; i < dim; i++) matrix[at + i]! -= dot * matrix[before * dim + i]!;
      }
    }
    let square = 0;
    for (let i = 0; i < dim; i++) square += matrix[at + i]! ** 2;
    for (let i = 0; i < dim; i++) matrix[at + i]! /= Math.sqrt(square);
  }
  return Float32Array.from(matrix);
}

/** Vectors, one after another, turned. */
export function rotated(vectors: Float32Array, rotation: Float32Array, dim: number): Float32Array {
  return scores({ type: 'f32', data: vectors, dim }, { type: 'f32', data: rotation, dim });
}
