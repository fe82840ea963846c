import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';

/** A JSON file of a folder, or undefined where there is none. */
export async function readJson<T>(folder: string, name: string): Promise<T | undefined> {
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new RankError('IO', `${path} cannot be read: ${error.message}.`, { file: path }, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const page = /^\s*<(!doctype|html)/i.test(text);
    const pointer = text.startsWith('version https://git-lfs');
    const why = page ? 'a web page' : pointer ? 'a Git LFS pointer, not the file it points to' : 'half a download?';
    throw new RankError(
      'PARSE',
      `${path} is not valid JSON (${why}; ${(cause as Error).message}). Remove it and get it again.`,
      { file: path },
      { cause },
    );
  }
}
