import type { OnSpan } from '../analysis.ts';

const word = /[\p{L}\p{N}\p{M}_$]+(?:(?:[./\\:@#-]|::|->)[\p{L}\p{N}\p{M}_$]+)*|[^\s\p{L}\p{N}\p{M}_$]+/gu;
/** Parts of an identifier: XMLHttpRequest2 → XML, Http, Request, 2. */
const part = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}+|[\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{N}+/gu;
const identifier = /[\p{L}\p{N}\p{M}_$]+/gu;

/**
 * Source code and paths: identifiers split at case changes, digits, underscores and the marks that join them.
 * With `wholes` each identifier, and each dotted or slashed path of them, stands beside its parts (same start, so same position);
 * with `symbols` runs of operators are tokens.
 */
export function codeSpans(text: string, onSpan: OnSpan, { wholes, symbols }: { wholes: boolean; symbols: boolean }): void {
  for (const { 0: whole, index } of text.matchAll(word)) {
    if (!/[\p{L}\p{N}]/u.test(whole)) {
      if (symbols && !/^[_$]+$/.test(whole)) onSpan(index, index + whole.length, 'word');
      continue;
    }
    const names = [...whole.matchAll(identifier)];
    if (wholes && names.length > 1) onSpan(index, index + whole.length, 'word');
    for (const name of names) {
      const start = index + name.index;
      const parts = [...name[0].matchAll(part)];
      if (wholes && !(parts.length === 1 && parts[0]![0].length === name[0].length)) onSpan(start, start + name[0].length, 'word');
      for (const { 0: piece, index: at } of parts) onSpan(start + at, start + at + piece.length, /^\p{N}/u.test(piece) ? 'number' : 'word');
    }
  }
}
