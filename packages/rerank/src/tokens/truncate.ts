import { checkInteger, checkOptions, type Tokens } from '@rank-rank/core';
import { checkTokens } from './check-tokens.ts';

export interface TruncateOptions {
  /** Whether rows are scaled to length 1 again; true by default, as models trained this way expect (a row of zeros stays). */
  readonly normalise?: boolean;
}

/**
 * Keeps the first `dim` dimensions of every row, for models whose leading dimensions carry most of the meaning
 * (Kusupati et al., "Matryoshka Representation Learning", 2022).
 *
 * @example truncateTokens(tokens, 64)
 */
export function truncateTokens(tokens: Tokens, dim: number, options: TruncateOptions = {}): Tokens {
  checkOptions('truncateTokens', options, ['normalise']);
  const { data, rows, dim: from, spans, pieces } = checkTokens('truncateTokens: tokens', tokens);
  checkInteger('truncateTokens: dim', dim, { min: 1, max: from });
  const out = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    const target = out.subarray(row * dim, (row + 1) * dim);
    target.set(data.subarray(row * from, row * from + dim));
    if (options.normalise ?? true) normaliseRow(target);
  }
  return { data: out, rows, dim, ...(spans && { spans }), ...(pieces && { pieces }) };
}

/** Scales a row to length 1 in place; a row of zeros stays. */
export function normaliseRow(row: Float32Array): void {
  let square = 0;
  for (let i = 0; i < row.length; i++) square += row[i]! * row[i]!;
  if (square === 0) return;
  const factor = 1 / Math.sqrt(square);
  for (let i = 0; i < row.length; i++) row[i]! *= factor;
}
