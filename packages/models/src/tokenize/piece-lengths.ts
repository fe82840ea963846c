/** How a model writes the parts of a word. */
export interface PieceSpelling {
  /** Put before every piece but a word's first (`##`), and not in the text. */
  readonly continuing: string;
  /** Put after a word's last piece (`</w>`), and not in the text. */
  readonly ending: string;
  readonly unknown: string | undefined;
}

const byteFallback = /^<0x([0-9A-F]{2})>$/;

/**
 * How many units of a word each of its pieces takes. Pieces are spelled out one after the other; one that is not found at the
 * cursor stands for what the vocabulary does not have, and takes what is left before the next piece that is found.
 * Bytes of a character that had to be spelled in bytes take the character with the first of them, and nothing with the others.
 */
export function pieceLengths(word: string, pieces: readonly string[], spelling: PieceSpelling): [from: number, to: number][] {
  const spans: [number, number][] = [];
  let cursor = 0;
  let pendingBytes = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = plain(pieces, i, spelling);
    if (pieces[i] !== spelling.unknown && word.startsWith(piece, cursor)) {
      spans.push([cursor, cursor + piece.length]);
      cursor += piece.length;
      pendingBytes = 0;
      continue;
    }
    if (byteFallback.test(pieces[i]!)) {
      if (pendingBytes > 0) {
        pendingBytes--;
        spans.push([...spans.at(-1)!]);
        continue;
      }
      const character = String.fromCodePoint(word.codePointAt(cursor) ?? 0);
      spans.push([cursor, Math.min(word.length, cursor + character.length)]);
      cursor = spans.at(-1)![1];
      pendingBytes = utf8Length(character) - 1;
      continue;
    }
    let end = word.length;
    for (let next = i + 1; next < pieces.length; next++) {
      if (pieces[next] === spelling.unknown) continue;
      const found = word.indexOf(plain(pieces, next, spelling), cursor + 1);
      if (found >= 0) end = found;
      break;
    }
    // Several unknown characters in a row share what is left, one character each as far as it goes.
    if (pieces[i + 1] === spelling.unknown) end = Math.min(end, cursor + (word.codePointAt(cursor)! > 0xffff ? 2 : 1));
    spans.push([cursor, end]);
    cursor = end;
  }
  return spans;
}

function plain(pieces: readonly string[], i: number, { continuing, ending }: PieceSpelling): string {
  let piece = pieces[i]!;
  if (i > 0 && continuing !== '' && piece.startsWith(continuing)) piece = piece.slice(continuing.length);
  if (i === pieces.length - 1 && ending !== '' && piece.endsWith(ending)) piece = piece.slice(0, -ending.length);
  return piece;
}

function utf8Length(character: string): number {
  return new TextEncoder().encode(character).length;
}
