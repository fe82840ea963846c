import type { Tokens } from '@rank-rank/core';
import { tokenClass } from '../tokens/counted.ts';

/** Rows that make up one word, and where it stands in the text. */
export interface Word {
  readonly rows: readonly number[];
  /** The text between the offsets, where the text is known; else the pieces put together. */
  readonly text: string;
  /** Character offsets; equal for rows that stand for no text, as `[CLS]` does. */
  readonly start: number;
  readonly end: number;
}

const wordStart = /^[▁Ġ]/u;

/**
 * Groups rows into words: WordPiece continuations (`##ing`), SentencePiece and byte-level pieces without a mark of a new word (`▁`, `Ġ`), or,
 * where there are no pieces, rows whose spans touch within a run of letters and digits. Offsets of subwords are merged.
 *
 * @example wordsOf({ ...tokens, pieces: ['run', '##ning', 'shoes'], spans }, 'running shoes').length // 2
 */
export function wordsOf(tokens: Tokens, text?: string): Word[] {
  const { rows, pieces, spans } = tokens;
  const marked = pieces?.some((piece) => wordStart.test(piece)) ?? false;
  const groups: number[][] = [];
  for (let row = 0; row < rows; row++) {
    const last = groups.at(-1);
    if (last !== undefined && continues(row)) last.push(row);
    else groups.push([row]);
  }
  return groups.map((group) => wordOf(group));

  function continues(row: number): boolean {
    const touching = spans === undefined || (spans[2 * row]! === spans[2 * row - 1]! && spans[2 * row]! < spans[2 * row + 1]!);
    const piece = pieces?.[row];
    if (piece !== undefined) {
      if (piece.startsWith('##')) return touching;
      if (!marked || wordStart.test(piece) || isSymbol(row) || isSymbol(row - 1)) return false;
      return touching && tokenClass(piece) === 'text' && tokenClass(pieces![row - 1]!) === 'text';
    }
    return spans !== undefined && touching && !isSymbol(row) && !isSymbol(row - 1);
  }

  function isSymbol(row: number): boolean {
    const shown = text !== undefined && spans !== undefined ? text.slice(spans[2 * row], spans[2 * row + 1]) : (pieces?.[row] ?? 'x');
    return !/[\p{L}\p{N}\p{M}]/u.test(shown);
  }

  function wordOf(group: number[]): Word {
    let start = spans?.[2 * group[0]!] ?? 0;
    let end = spans?.[2 * group.at(-1)! + 1] ?? 0;
    if (text !== undefined) {
      // Byte-level tokenizers count the space before a word as part of it.
      while (start < end && /\s/.test(text[start]!)) start++;
      while (end > start && /\s/.test(text[end - 1]!)) end--;
    }
    const fromText = text !== undefined && end > start ? text.slice(start, end) : undefined;
    const fromPieces = group.map((row) => pieces?.[row]?.replace(/^(##|▁|Ġ)/u, '') ?? '').join('');
    return { rows: group, text: fromText ?? (fromPieces || `#${group[0]}`), start, end };
  }
}
