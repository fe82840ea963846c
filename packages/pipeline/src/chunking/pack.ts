import type { Chunk } from './chunk.ts';

/** A stretch of text that is best kept whole. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** What it falls into where it is too long; words if it does not say. */
  parts?(): readonly Piece[];
}

interface CountedPiece extends Piece {
  readonly words: number;
}

/** A word, or one sign of a script that writes without spaces. */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;

/** Each word as a piece. */
export function tokenPieces(text: string, start: number, end: number): Piece[] {
  const pieces: Piece[] = [];
  for (const match of text.slice(start, end).matchAll(word))
    pieces.push({ start: start + match.index, end: start + match.index + match[0].length });
  return pieces;
}

/**
 * Puts pieces together to passages of at most `size` words, each beginning with what fits into `overlap` of the one before. A piece that is too long falls into its
 * parts.
 */
export function packed(text: string, pieces: readonly Piece[], size: number, overlap: number): Chunk[] {
  const counted = pieces.flatMap((piece) => fitting(text, piece, size));
  const chunks: Chunk[] = [];
  let first = 0;
  let words = 0;
  const close = (end: number): void => {
    chunks.push(trimmed(text, counted[first]!.start, counted[end - 1]!.end));
  };
  for (let i = 0; i < counted.length; i++) {
    const piece = counted[i]!;
    if (words + piece.words > size) {
      close(i);
      // Going on a little before the end of the last passage, but always past its beginning, and leaving room for the piece.
      const before = first;
      first = i;
      words = 0;
      while (
        first - 1 > before &&
        words + counted[first - 1]!.words <= overlap &&
        words + counted[first - 1]!.words + piece.words <= size
      ) {
        words += counted[--first]!.words;
      }
    }
    words += piece.words;
  }
  if (counted.length > 0) close(counted.length);
  return chunks;
}

function fitting(text: string, piece: Piece, size: number): CountedPiece[] {
  const words = tokenPieces(text, piece.start, piece.end);
  if (words.length === 0) return [];
  if (words.length <= size) return [{ ...piece, words: words.length }];
  return piece.parts?.().flatMap((part) => fitting(text, part, size)) ?? words.map((word) => ({ ...word, words: 1 }));
}

function trimmed(text: string, start: number, end: number): Chunk {
  const raw = text.slice(start, end);
  const from = start + (raw.length - raw.trimStart().length);
  const inner = raw.trim();
  return { text: inner, start: from, end: from + inner.length };
}
