import { RankError, shown, type Tokens } from '@rank-rank/core';

/** The widest rows that the kernels take. */
export const widestRow = 65_536;

/**
 * Refuses what is no token matrix: data that does not have `rows × dim` numbers, another dimension than expected, NaN or infinite
 * numbers (the row is named). A matrix without rows passes; {@link checkCounted} refuses it where something must be scored.
 */
export function checkTokens(where: string, tokens: unknown, dim?: number): Tokens {
  if (typeof tokens !== 'object' || tokens === null) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(tokens)}; expected a token matrix { data, rows, dim }.`);
  }
  const matrix = tokens as Partial<Tokens>;
  if (!(matrix.data instanceof Float32Array)) {
    throw new RankError('INVALID_ARGUMENT', `${where}.data is ${shown(matrix.data)}; expected a Float32Array of rows × dim numbers.`);
  }
  for (const name of ['rows', 'dim'] as const) {
    const value = matrix[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < (name === 'dim' ? 1 : 0)) {
      throw new RankError('INVALID_ARGUMENT', `${where}.${name} is ${shown(value)}; expected a whole number.`);
    }
  }
  const { data, rows, dim: width } = matrix as Tokens;
  if (width > widestRow) throw new RankError('OUT_OF_RANGE', `${where} has ${width} dimensions; at most ${widestRow} are supported.`);
  if (data.length !== rows * width) {
    throw new RankError('DIMENSION_MISMATCH', `${where} has ${data.length} numbers; expected rows × dim = ${rows} × ${width}.`);
  }
  if (dim !== undefined && width !== dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where} has ${width} dimensions and what it is compared with has ${dim}. Use one model for both, or truncate the wider.`,
      { found: width, expected: dim },
    );
  }
  checkAlongRows(where, matrix as Tokens);
  const bad = firstNotFinite(data);
  if (bad >= 0) {
    const row = Math.floor(bad / width);
    throw new RankError(
      'NOT_FINITE',
      `${where}: row ${row} has ${data[bad]} in dimension ${bad % width}; expected finite numbers. A model that divides by the length of a zero row gives such rows.`,
      { row },
    );
  }
  return matrix as Tokens;
}

/** Refuses tokens without a single row. */
export function checkCounted(where: string, tokens: Tokens): Tokens {
  if (tokens.rows === 0) throw new RankError('EMPTY_INPUT', `${where} has no counted token, so nothing can be compared with it.`);
  return tokens;
}

function checkAlongRows(where: string, tokens: Tokens): void {
  const { spans, pieces, rows } = tokens;
  if (spans !== undefined && (!(spans instanceof Uint32Array) || spans.length !== 2 * rows)) {
    throw new RankError('DIMENSION_MISMATCH', `${where}.spans is ${shown(spans)} of ${spans?.length}; expected ${2 * rows} offsets.`);
  }
  if (pieces !== undefined && (!Array.isArray(pieces) || pieces.length !== rows)) {
    throw new RankError('DIMENSION_MISMATCH', `${where}.pieces is ${shown(pieces)}; expected an array of ${rows}, one a row.`);
  }
}

/** The index of the first NaN or infinity, or -1. */
export function firstNotFinite(data: Float32Array): number {
  // x · 0 is 0 for every finite x and NaN otherwise; four sums keep the additions from waiting for one another.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (let i = whole; i < data.length; i++) a += data[i]! * 0;
  if (a + b + c + d === 0) return -1;
  return data.findIndex((value) => !Number.isFinite(value));
}
