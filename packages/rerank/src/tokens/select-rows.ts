import type { Tokens } from '@rank-rank/core';

/** The listed rows in that order, with their spans and pieces. */
export function selectRows(tokens: Tokens, rows: readonly number[] | Uint32Array): Tokens {
  const { data, dim, spans, pieces } = tokens;
  const out = new Float32Array(rows.length * dim);
  const outSpans = spans && new Uint32Array(2 * rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
    if (spans && outSpans) {
      outSpans[2 * i] = spans[2 * row]!;
      outSpans[2 * i + 1] = spans[2 * row + 1]!;
    }
  }
  return {
    data: out,
    rows: rows.length,
    dim,
    ...(outSpans && { spans: outSpans }),
    ...(pieces && { pieces: Array.from(rows, (row) => pieces[row]!) }),
  };
}

/** The rows whose entry in `mask` is not 0. */
export function maskedRows(tokens: Tokens, mask: ArrayLike<number | boolean>): Tokens {
  const rows: number[] = [];
  for (let row = 0; row < tokens.rows; row++) if (mask[row]) rows.push(row);
  return rows.length === tokens.rows ? tokens : selectRows(tokens, rows);
}
