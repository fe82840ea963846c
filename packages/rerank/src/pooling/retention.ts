import type { Tokens } from '@rank-rank/core';
import { scores } from '@rank-rank/kernels';

/** How well reduced tokens still stand for the original rows: each row's largest cosine to a row that is left. 1 is no loss. */
export interface Retention {
  readonly rows: number;
  readonly kept: number;
  readonly mean: number;
  readonly worst: number;
}

/**
 * The quality lost by pooling or pruning, seen without queries: what a query that equals one of the document's own rows would lose.
 * What it costs in ranking measures is measured with judgements (`npm run bench late-interaction`).
 */
export function retention(original: Tokens, reduced: Tokens): Retention {
  const { rows } = original;
  const kept = reduced.rows;
  if (rows === 0 || kept === 0) return { rows, kept, mean: rows === 0 ? 1 : 0, worst: rows === 0 ? 1 : 0 };
  let sum = 0;
  let worst = 1;
  // In blocks, so that long documents need no matrix of all pairs.
  const block = Math.max(1, Math.floor(4_000_000 / kept));
  const target = { type: 'f32', data: reduced.data, dim: reduced.dim } as const;
  for (let at = 0; at < rows; at += block) {
    const end = Math.min(rows, at + block);
    const matrix = scores({ type: 'f32', data: original.data.subarray(at * original.dim, end * original.dim), dim: original.dim }, target, {
      metric: 'cosine',
    });
    for (let i = 0; i < end - at; i++) {
      let best = -1;
      for (let j = 0; j < kept; j++) best = Math.max(best, matrix[i * kept + j]!);
      // Rounding takes a cosine past 1.
      best = Math.min(1, best);
      sum += best;
      worst = Math.min(worst, best);
    }
  }
  return { rows, kept, mean: sum / rows, worst };
}
