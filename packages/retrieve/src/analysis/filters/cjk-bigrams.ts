import type { Token, TokenKind } from '../analysis.ts';

const paired: readonly TokenKind[] = ['ideographic', 'hiragana', 'katakana', 'hangul'];

/**
 * Overlapping pairs of neighbouring characters for Chinese, Japanese and Korean, as Lucene's CJKBigramFilter: text in
 * these scripts has no spaces, and pairs find words without a dictionary. A character without a neighbour stays alone;
 * other tokens pass untouched. With `unigrams` the characters stay beside their pairs.
 */
export function cjkBigrams(tokens: readonly Token[], unigrams: boolean): Token[] {
  const out: Token[] = [];
  let position = -1;
  let shift = 0;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!;
    if (!paired.includes(token.kind)) {
      position = Math.max(position + 1, token.position + shift);
      out.push({ ...token, position });
      i++;
      continue;
    }
    // One unbroken run of such text, character by character.
    const characters: Token[] = [];
    let end = token.start;
    const first = token.position;
    for (; i < tokens.length && paired.includes(tokens[i]!.kind) && tokens[i]!.start === end; i++) {
      characters.push(...split(tokens[i]!));
      end = tokens[i]!.end;
    }
    const start = Math.max(position + 1, first + shift);
    const count = characters.length;
    for (let c = 0; c < count; c++) {
      const character = characters[c]!;
      const next = characters[c + 1];
      if (unigrams || count === 1) out.push({ ...character, position: start + c });
      if (next !== undefined) out.push({ ...character, term: character.term + next.term, end: next.end, position: start + c });
    }
    position = start + (unigrams || count === 1 ? count - 1 : count - 2);
    shift = position - tokens[i - 1]!.position;
  }
  return out;
}

function split(token: Token): Token[] {
  const characters = token.term.match(/[\s\S]\p{M}*/gu) ?? [];
  // A folded token may be longer or shorter than its span; then all its characters stand for the whole span.
  const aligned = token.term.length === token.end - token.start;
  let at = 0;
  return characters.map((term) => {
    const start = aligned ? token.start + at : token.start;
    at += term.length;
    return { ...token, term, start, end: aligned ? token.start + at : token.end };
  });
}
