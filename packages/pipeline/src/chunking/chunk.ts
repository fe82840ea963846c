import { checkInteger, checkOneOf, checkOptions, checkString } from '@rank-rank/core';
import { codeBlocks } from './code.ts';
import { sections } from './headings.ts';
import { type Piece, packed, tokenPieces } from './pack.ts';
import { sentencePieces } from './sentences.ts';

/** How documents are cut into passages; plain data, kept with the collection. */
export interface ChunkingSpec {
  /**
   * Where passages may begin and end:
   *
   * | by | |
   * |---|---|
   * | `tokens` | after any word |
   * | `sentences` | after a sentence, as Unicode breaks them |
   * | `headings` | at every Markdown heading, and after a paragraph where a section is long |
   * | `code` | at blank lines before unindented ones: between functions, classes, sections |
   */
  readonly by: 'tokens' | 'sentences' | 'headings' | 'code';
  /** The most words a passage has. 200 */
  readonly size?: number;
  /** How many words a passage repeats of the one before, at most. 0 */
  readonly overlap?: number;
}

/** A passage of a text. */
export interface Chunk {
  readonly text: string;
  /** Character offsets in the whole text. */
  readonly start: number;
  readonly end: number;
  /** The headings it stands under, outermost first. */
  readonly headings?: readonly string[];
}

export const chunkings = ['tokens', 'sentences', 'headings', 'code'] as const;

/** Refuses what is no {@link ChunkingSpec}; fills in the defaults. */
export function checkChunking(where: string, spec: ChunkingSpec): Required<ChunkingSpec> {
  checkOptions(where, spec, ['by', 'size', 'overlap']);
  checkOneOf(`${where}.by`, spec.by, chunkings);
  const size = checkInteger(`${where}.size`, spec.size ?? 200, { min: 8, max: 100_000 });
  const overlap = checkInteger(`${where}.overlap`, spec.overlap ?? 0, { min: 0, max: Math.floor(size / 2) });
  return { by: spec.by, size, overlap };
}

/**
 * Cuts a text into passages of at most `size` words. Nothing is lost: what is no white space lies in a passage. A text of white space alone is one empty passage.
 *
 * @example chunk('# A\nOne.\n# B\nTwo.', { by: 'headings' }).map(({ text }) => text) // ['# A\nOne.', '# B\nTwo.']
 */
export function chunk(text: string, spec: ChunkingSpec): Chunk[] {
  const { by, size, overlap } = checkChunking('chunk', spec);
  checkString('chunk: text', text);
  const cut = (pieces: readonly Piece[]) => packed(text, pieces, size, overlap);
  const chunks: Chunk[] =
    by === 'tokens'
      ? cut(tokenPieces(text, 0, text.length))
      : by === 'sentences'
        ? cut(sentencePieces(text, 0, text.length))
        : by === 'code'
          ? cut(codeBlocks(text))
          : sections(text).flatMap(({ pieces, headings }) =>
              cut(pieces).map((passage) => ({ ...passage, ...(headings.length > 0 && { headings }) })),
            );
  return chunks.length > 0 ? chunks : [{ text: '', start: 0, end: 0 }];
}
