import { RankError } from '@rank-rank/core';
import { fileChunks, fileHead } from '@rank-rank/core/files';

/** A file that is read whole may be so large. */
const largest = 256 << 20;

/** What files that are no text begin with. */
const signatures: readonly (readonly [name: string, magic: string])[] = [
  ['a PDF', '%PDF-'],
  ['a PNG picture', '\x89PNG'],
  ['a JPEG picture', '\xff\xd8\xff'],
  ['a GIF picture', 'GIF8'],
  ['a ZIP archive, or an office document', 'PK\x03\x04'],
  ['an ELF program', '\x7fELF'],
  ['an SQLite database', 'SQLite format 3'],
  ['a Parquet file', 'PAR1'],
  ['an Arrow file', 'ARROW1'],
  ['a Zstandard archive', '\x28\xb5\x2f\xfd'],
  ['a bzip2 archive', 'BZh'],
];

/** What the first bytes of a file say that it is, where they say something; bytes that are zero say that it is no text. */
export function contentOf(head: Uint8Array): string | undefined {
  const start = String.fromCharCode(...head.subarray(0, 16));
  const known = signatures.find(([, magic]) => start.startsWith(magic));
  if (known !== undefined) return known[0];
  return byteOrderMark(head) === undefined && head.subarray(0, 8192).includes(0) ? 'binary data' : undefined;
}

/** Refuses a file whose content is not what its name says. */
export function refuseBinary(path: string, head: Uint8Array, expected: string): void {
  const found = contentOf(head);
  if (found === undefined) return;
  throw new RankError('PARSE', `${path} is ${found}; expected ${expected}. Convert it first, or leave it out.`, {
    file: path,
    found,
    expected,
  });
}

/** How the bytes of a text are to be read: by its byte order mark, else as UTF-8, or as Windows-1252 if it cannot be that. */
export function encodingOf(head: Uint8Array, declared?: string): string {
  const mark = byteOrderMark(head);
  if (mark !== undefined) return mark;
  if (declared !== undefined && known(declared)) return declared;
  try {
    // The head may end within a character.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

/** The text of a file, read whole. */
export async function readText(path: string, expected: string, note: (text: string) => void): Promise<string> {
  const bytes = await readBytes(path);
  refuseBinary(path, bytes.subarray(0, 8192), expected);
  return decoded(path, bytes, note);
}

/** The bytes of a file, unpacked. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of fileChunks(path)) {
    size += chunk.length;
    if (size > largest) {
      throw new RankError(
        'OUT_OF_RANGE',
        `${path} has more than ${largest >> 20} MiB, too much for one document. Split it, or make it JSONL.`,
        {
          file: path,
        },
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

export function decoded(path: string, bytes: Uint8Array, note: (text: string) => void, declared?: string): string {
  const encoding = encodingOf(bytes, declared);
  if (encoding === 'windows-1252' && declared === undefined) note(`${path} is no UTF-8; it was read as Windows-1252.`);
  return new TextDecoder(encoding).decode(bytes);
}

/** The text of a file in pieces, as it comes. */
export async function* textPieces(path: string, expected: string, note: (text: string) => void): AsyncGenerator<string> {
  const head = await fileHead(path);
  refuseBinary(path, head, expected);
  const encoding = encodingOf(head);
  if (encoding === 'windows-1252') note(`${path} is no UTF-8; it was read as Windows-1252.`);
  const decoder = new TextDecoder(encoding);
  for await (const chunk of fileChunks(path)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

function byteOrderMark(head: Uint8Array): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  return undefined;
}

function known(encoding: string): boolean {
  try {
    return new TextDecoder(encoding) !== undefined;
  } catch {
    return false;
  }
}
