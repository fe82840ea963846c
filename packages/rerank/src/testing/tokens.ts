/** Token matrices for tests. */
import type { Random, Tokens } from '@rank-rank/core';

/** Rows as given. */
export function tokensOf(rows: readonly (readonly number[])[], more: Partial<Tokens> = {}): Tokens {
  return { data: Float32Array.from(rows.flat()), rows: rows.length, dim: rows[0]?.length ?? 1, ...more };
}

/** Random rows of length 1. */
export function randomTokens(random: Random, rows: number, dim: number): Tokens {
  const data = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let k = row * dim; k < (row + 1) * dim; k++) square += (data[k] = random.normal()) ** 2;
    for (let k = row * dim; k < (row + 1) * dim; k++) data[k]! /= Math.sqrt(square);
  }
  return { data, rows, dim };
}

/** MaxSim as it is written in the paper. */
export function plainMaxSim(query: Tokens, document: Tokens, weights?: ArrayLike<number>): number {
  let score = 0;
  for (let i = 0; i < query.rows; i++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < document.rows; j++) {
      let sum = 0;
      for (let k = 0; k < query.dim; k++) sum += query.data[i * query.dim + k]! * document.data[j * query.dim + k]!;
      best = Math.max(best, sum);
    }
    score += (weights?.[i] ?? 1) * best;
  }
  return score;
}
