import { type FileHandle, open } from 'node:fs/promises';
import { RankError } from '@rank-rank/core';

/** A file read at positions: every read gets exactly the bytes it asks for, or an error that names the file. */
export interface PositionedFile {
  readonly path: string;
  readonly size: number;
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Node's `read` takes at most 2³¹ − 1 bytes at a time. */
const mostAtOnce = 0x4000_0000;

export async function openFile(path: string): Promise<PositionedFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new RankError('NOT_FOUND', `${path} does not exist.`, { file: path }, { cause });
    }
    throw new RankError('IO', `${path} cannot be opened: ${(cause as Error).message}.`, { file: path }, { cause });
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new RankError('INVALID_ARGUMENT', `${path} is not a file.`, { file: path });
  }
  const size = stat.size;
  let closed = false;
  return {
    path,
    size,
    async read(position, length) {
      if (closed) throw new RankError('CLOSED', `${path} was read after it was closed.`, { file: path });
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, mostAtOnce), position + done);
        if (bytesRead === 0) {
          throw new RankError(
            'CORRUPT',
            `${path} ends at byte ${position + done}; expected ${length} bytes from ${position}. Copy it again.`,
            {
              file: path,
              found: position + done,
              expected: position + length,
            },
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
    async close() {
      if (closed) return;
      closed = true;
      await handle.close();
    },
  };
}
