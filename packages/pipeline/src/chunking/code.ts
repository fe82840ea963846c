import type { Piece } from './pack.ts';

/**
 * The blocks of a source text, in any language that indents: a block begins at an unindented line after a blank one, so a function stays in one piece with the
 * comment above it. Long blocks are cut at their lines.
 */
export function codeBlocks(text: string): Piece[] {
  const blocks: { start: number; end: number; readonly lines: Piece[] }[] = [];
  let blank = true;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    if (line.trim() === '') blank = true;
    else {
      const begins = blank && !/^\s/.test(line) && !/^[)\]}]/.test(line);
      const last = blocks.at(-1);
      if (last === undefined || begins) blocks.push({ start, end, lines: [{ start, end }] });
      else {
        last.end = end;
        last.lines.push({ start, end });
      }
      blank = false;
    }
    start = end + 1;
  }
  return blocks.map(({ start, end, lines }) => ({ start, end, parts: () => lines }));
}
