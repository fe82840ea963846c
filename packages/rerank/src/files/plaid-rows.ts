import { RankError } from '@rank-rank/core';

/** What PLAID's residual codes are read with (Santhanam et al. 2022), as Stanford's ColBERT and fast-plaid keep it. */
export interface PlaidCodec {
  readonly dim: number;
  readonly bits: number;
  /** Centroid after centroid. */
  readonly centroids: Float32Array;
  /** What each of the 2^bits codes adds to a dimension. */
  readonly weights: Float32Array;
}

/** Refuses parts that do not fit together. */
export function checkPlaidCodec(path: string, { dim, bits, centroids, weights }: PlaidCodec): void {
  if (![1, 2, 4, 8].includes(bits))
    throw new RankError('UNSUPPORTED', `${path} has residuals of ${bits} bits; expected 1, 2, 4 or 8.`, { file: path });
  if (weights.length !== 2 ** bits || centroids.length === 0 || centroids.length % dim !== 0) {
    throw new RankError(
      'CORRUPT',
      `${path} has ${weights.length} bucket weights and ${centroids.length} numbers of centroids; expected ${2 ** bits} weights and rows of ${dim}. Copy the folder again.`,
      { file: path },
    );
  }
}

/**
 * The rows that codes stand for: centroid plus bucket weight in each dimension, scaled to length 1.
 *
 * A byte holds 8 / bits codes, the first dimension in its highest bits; within a code the bits run from the lowest to the highest, because they
 * were written by a function that packs from the left.
 */
export function plaidRows(codec: PlaidCodec, codes: ArrayLike<number>, residuals: Uint8Array, path: string): Float32Array {
  const { dim, bits, centroids } = codec;
  const perByte = 8 / bits;
  const rowBytes = dim / perByte;
  const known = centroids.length / dim;
  if (residuals.length !== codes.length * rowBytes) {
    throw new RankError(
      'CORRUPT',
      `${path} has ${codes.length} codes and ${residuals.length} bytes of residuals; expected ${rowBytes} bytes a code. Copy the folder again.`,
      { file: path },
    );
  }
  const table = byteTable(codec);
  const out = new Float32Array(codes.length * dim);
  for (let row = 0; row < codes.length; row++) {
    const centroid = codes[row]!;
    if (!(centroid >= 0 && centroid < known)) {
      throw new RankError('CORRUPT', `${path}: row ${row} belongs to centroid ${centroid} of ${known}. Copy the folder again.`, {
        file: path,
        row,
      });
    }
    const to = row * dim;
    let square = 0;
    for (let byte = 0; byte < rowBytes; byte++) {
      const entry = residuals[row * rowBytes + byte]! * perByte;
      for (let i = 0; i < perByte; i++) {
        const d = byte * perByte + i;
        const value = centroids[centroid * dim + d]! + table[entry + i]!;
        out[to + d] = value;
        square += value * value;
      }
    }
    const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let d = to; d < to + dim; d++) out[d]! *= factor;
  }
  return out;
}

/** The weights that each byte stands for. */
function byteTable({ bits, weights }: PlaidCodec): Float32Array {
  const perByte = 8 / bits;
  const table = new Float32Array(256 * perByte);
  for (let byte = 0; byte < 256; byte++) {
    for (let i = 0; i < perByte; i++) {
      let code = 0;
      for (let bit = 0; bit < bits; bit++) code |= ((byte >> (7 - i * bits - bit)) & 1) << bit;
      table[byte * perByte + i] = weights[code]!;
    }
  }
  return table;
}
