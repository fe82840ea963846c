import { checkInteger, checkNumber, checkOptions, RankError, type Tokens } from '@rank-rank/core';
import { checkTokens } from '../tokens/check-tokens.ts';
import { selectRows } from '../tokens/select-rows.ts';
import { idfWeights, type PieceFrequencies } from '../tokens/weights.ts';
import { type Retention, retention } from './retention.ts';

export interface PruneOptions {
  /** Pieces that go, as the tokenizer writes them. */
  readonly stopWords?: Iterable<string>;
  /** Rows whose piece has less idf than this go; needs `frequencies`. */
  readonly minIdf?: number;
  readonly frequencies?: PieceFrequencies;
  /** Rows shorter than this go: models that do not normalise give unimportant tokens short rows. */
  readonly minNorm?: number;
  /** After the above, only this share of the original rows (0–1] stays: those with the largest idf, or without frequencies the longest. */
  readonly keep?: number;
  /** Leading rows that always stay; 1 by default (`[CLS]`). */
  readonly protect?: number;
}

export interface PrunedTokens {
  readonly tokens: Tokens;
  /** The rows that stayed, ascending. */
  readonly rows: Uint32Array;
  readonly retention: Retention;
}

/**
 * Drops document rows that matter little: stop words, frequent pieces, short rows (Lassance et al., "A study on token pruning for
 * ColBERT", 2021). At least one row stays.
 *
 * @example pruneTokens(document, { stopWords: ['the', 'of', 'and'] }).tokens
 */
export function pruneTokens(document: Tokens, options: PruneOptions): PrunedTokens {
  checkOptions('pruneTokens', options, ['stopWords', 'minIdf', 'frequencies', 'minNorm', 'keep', 'protect']);
  const { rows, dim, data, pieces } = checkTokens('pruneTokens: document', document);
  const { stopWords, minIdf, frequencies, minNorm, keep } = options;
  const protect = checkInteger('pruneTokens: protect', options.protect ?? 1, { min: 0 });
  if (stopWords !== undefined && pieces === undefined)
    throw new RankError('INVALID_ARGUMENT', 'pruneTokens: the document has no pieces to compare with stop words.');
  if (minIdf !== undefined && frequencies === undefined)
    throw new RankError('INVALID_ARGUMENT', 'pruneTokens: minIdf needs frequencies; make them with pieceFrequencies.');
  const idf = frequencies === undefined ? undefined : idfWeights(document, frequencies);
  const norm = Float64Array.from({ length: rows }, (_, row) => {
    let square = 0;
    for (let k = row * dim; k < (row + 1) * dim; k++) square += data[k]! ** 2;
    return Math.sqrt(square);
  });
  const stop = stopWords === undefined ? undefined : new Set(stopWords);
  if (minIdf !== undefined) checkNumber('pruneTokens: minIdf', minIdf);
  if (minNorm !== undefined) checkNumber('pruneTokens: minNorm', minNorm, { min: 0 });
  let kept = Array.from({ length: rows }, (_, row) => row).filter(
    (row) =>
      row < protect ||
      (!stop?.has(pieces![row]!) && (minIdf === undefined || idf![row]! >= minIdf) && (minNorm === undefined || norm[row]! >= minNorm)),
  );
  const worth = idf ?? norm;
  const byWorth = (a: number, b: number) => Number(b < protect) - Number(a < protect) || worth[b]! - worth[a]! || a - b;
  if (keep !== undefined) {
    const most = Math.max(1, Math.ceil(checkNumber('pruneTokens: keep', keep, { above: 0, max: 1 }) * rows));
    kept = kept.sort(byWorth).slice(0, most);
  }
  if (kept.length === 0 && rows > 0)
    kept = Array.from({ length: rows }, (_, row) => row)
      .sort(byWorth)
      .slice(0, 1);
  const chosen = Uint32Array.from(kept).sort();
  const tokens = selectRows(document, chosen);
  return { tokens, rows: chosen, retention: retention(document, tokens) };
}
