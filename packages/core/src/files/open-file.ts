import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { RankError } from '../error.ts';
import { isGzip } from '../formats/source.ts';
import { checkString } from '../validate.ts';

/** Large enough that chunks cost nothing, small enough that a long run streams in little memory. */
const chunkBytes = 1 << 18;

/** The bytes of a file, chunk by chunk, unpacked where its content is gzip, whatever its name. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  const handle = await openFile(path);
  let gzip: boolean;
  try {
    const head = new Uint8Array(2);
    const { bytesRead } = await handle.read(head, 0, 2, 0);
    gzip = bytesRead === 2 && isGzip(head);
  } catch (error) {
    await handle.close();
    throw fileError(path, error);
  }
  const file = handle.createReadStream({ start: 0, highWaterMark: chunkBytes, autoClose: false });
  const stream = gzip ? file.pipe(createGunzip({ chunkSize: chunkBytes })) : file;
  if (gzip) file.on('error', (error) => stream.destroy(error));
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError(path, error);
  } finally {
    stream.destroy();
    file.destroy();
    await handle.close();
  }
}

/** The first bytes of a file, unpacked. */
export async function fileHead(path: string): Promise<Uint8Array> {
  for await (const chunk of fileChunks(path)) return chunk;
  return new Uint8Array(0);
}

async function openFile(path: string): Promise<FileHandle> {
  checkString('path', path);
  try {
    return await open(path, 'r');
  } catch (error) {
    throw fileError(path, error);
  }
}

/** What the operating system said, as one of our errors. */
export function fileError(path: string, error: unknown): RankError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new RankError('NOT_FOUND', `${path} does not exist.`, { file: path }, { cause: error });
  if (code === 'EISDIR') return new RankError('IO', `${path} is a folder; expected a file.`, { file: path }, { cause: error });
  if (code?.startsWith('Z_')) {
    return new RankError(
      'CORRUPT',
      `${path} is gzip that cannot be unpacked (${message}); it is truncated or altered.`,
      { file: path },
      { cause: error },
    );
  }
  return new RankError('IO', `${path}: ${message}`, { file: path, systemCode: code }, { cause: error });
}
