import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isRankError } from '../error.ts';
import { checkString } from '../validate.ts';
import { fileError } from './open-file.ts';

/**
 * Writes pieces of text to a file, packed where the name ends in `.gz`. They go to a file beside it that takes the name at the
 * end, so that nobody ever reads half of one.
 */
export async function writePieces(path: string, pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
  checkString('path', path);
  const draft = `${path}.${process.pid}.draft`;
  try {
    const source = Readable.from(gathered(pieces));
    const file = createWriteStream(draft);
    if (path.endsWith('.gz')) await pipeline(source, createGzip(), file);
    else await pipeline(source, file);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw isRankError(error) ? error : fileError(path, error);
  }
}

/** Small pieces joined into larger ones: a stream costs microseconds a piece. */
async function* gathered(pieces: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
