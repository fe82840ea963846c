import type { Piece } from './pack.ts';
import { sentencePieces } from './sentences.ts';

/** A section of a Markdown text. */
export interface Section {
  readonly headings: readonly string[];
  readonly pieces: readonly Piece[];
}

const heading = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/;
const fence = /^ {0,3}(`{3,}|~{3,})/;

/** Cuts a Markdown text at its headings (CommonMark's ATX form); what stands in a fenced block is no heading. A section's pieces are its paragraphs and blocks of code. */
export function sections(text: string): Section[] {
  const all: { headings: string[]; pieces: Piece[] }[] = [{ headings: [], pieces: [] }];
  const path: (string | undefined)[] = [];
  let open: string | undefined;
  let from = -1;
  const endPiece = (at: number): void => {
    if (from >= 0) all.at(-1)!.pieces.push(paragraph(text, from, at));
    from = -1;
  };
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).replace(/\r$/, '');
    const marker = fence.exec(line)?.[1];
    if (open !== undefined) {
      if (marker?.startsWith(open)) {
        open = undefined;
        endPiece(end);
      }
    } else if (marker !== undefined) {
      endPiece(start);
      open = marker;
      from = start;
    } else {
      const found = heading.exec(line);
      if (found !== null) {
        endPiece(start);
        const level = found[1]!.length;
        path.length = level;
        path[level - 1] = found[2]!;
        all.push({ headings: path.filter((name) => name !== undefined), pieces: [{ start, end }] });
      } else if (line.trim() === '') endPiece(start);
      else if (from < 0) from = start;
    }
    start = end + 1;
  }
  endPiece(text.length);
  return all.filter(({ pieces }) => pieces.length > 0);
}

/** Prose falls into its sentences, a block of code into its lines. */
function paragraph(text: string, start: number, end: number): Piece {
  return {
    start,
    end,
    parts: () => (fence.test(text.slice(start, end)) ? linePieces(text, start, end) : sentencePieces(text, start, end)),
  };
}

function linePieces(text: string, start: number, end: number): Piece[] {
  const lines: Piece[] = [];
  for (let from = start; from < end; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 || newline > end ? end : newline;
    lines.push({ start: from, end: to });
    from = to + 1;
  }
  return lines;
}
