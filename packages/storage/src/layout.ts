/**
 * The layout of a section file: little-endian, used in place.
 *
 * | where | bytes | what |
 * |---|---|---|
 * | head, at 0 | 8 | `RANKRANK` |
 * | | 4 | version of this layout, 1 |
 * | | 4 | version of the kind |
 * | | 16 | kind, ASCII, zero-padded: what the sections mean |
 * | | 28 | zero |
 * | | 4 | CRC-32 of the 60 bytes before |
 * | sections | | each starts at a multiple of 64, zeros between |
 * | table | 64 a section | name (32, ASCII, zero-padded), offset (8), length in bytes (8), CRC-32 (4), element type (1), zero (11) |
 * | tail, last | 8 | `RANKTAIL` |
 * | | 8 | offset of the table |
 * | | 8 | length of the whole file |
 * | | 4 | number of sections |
 * | | 4 | CRC-32 of the table |
 * | | 28 | zero |
 * | | 4 | CRC-32 of the 60 bytes before |
 *
 * Head and tail are checked at every opening, so a file that was cut anywhere, or written by something else, is refused at once.
 */
export const blockBytes = 64;
export const layoutVersion = 1;
export const headMagic = 'RANKRANK';
export const tailMagic = 'RANKTAIL';
export const nameBytes = 32;
export const kindBytes = 16;

/** How the bytes of a section are read. The order is part of the layout: append only. */
export const elementTypes = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64', 'u64', 'json', 'text'] as const;
export type ElementType = (typeof elementTypes)[number];

export const elementBytes: Readonly<Record<ElementType, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  f64: 8,
  u64: 8,
  json: 1,
  text: 1,
};

/** The next multiple of the block size. */
export function aligned(offset: number): number {
  return Math.ceil(offset / blockBytes) * blockBytes;
}

export function writeAscii(target: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
}

/** ASCII up to the first zero. */
export function readAscii(source: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length && source[i] !== 0; i++) text += String.fromCharCode(source[i]!);
  return text;
}
