import { type FileHandle, open } from 'node:fs/promises';
import { RankError } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';

/** Reads pieces of a file. */
export class ByteReader {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  static async open(path: string): Promise<ByteReader> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const stat = await handle.stat();
      if (stat.isFile()) return new ByteReader(path, stat.size, handle);
    } catch (error) {
      await handle?.close();
      throw fileError(path, 'open', error);
    }
    await handle.close();
    throw new RankError('INVALID_ARGUMENT', `${path} is no file.`, { file: path });
  }

  /** `length` bytes from `offset`, in a buffer of their own. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, at, Math.min(length - at, 1 << 30), offset + at);
      if (bytesRead === 0) {
        throw new RankError(
          'PARSE',
          `${this.path} ends at byte ${offset + at}; expected ${length} bytes from byte ${offset}. It was cut short.`,
          {
            file: this.path,
            offset,
            expected: length,
            found: at,
          },
        );
      }
      at += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
