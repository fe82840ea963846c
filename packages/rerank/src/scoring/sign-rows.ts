import type { F32Rows, I8Rows } from '@rank-rank/kernels';

/**
 * Rows as the signs of their numbers: +1 above 0, else −1, each row times its scale (1 where none is given). Compared with bits they score what
 * bits compared with bits do; as bytes they are compared several times as fast.
 */
export function signRows({ data, dim, stride = dim }: F32Rows, scales?: Float32Array): I8Rows {
  const rows = Math.floor((data.length + stride - dim) / stride);
  const signs = new Int8Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < dim; k++) signs[row * dim + k] = data[row * stride + k]! > 0 ? 1 : -1;
  }
  return { type: 'i8', data: signs, dim, scales: scales ?? new Float32Array(rows).fill(1) };
}
