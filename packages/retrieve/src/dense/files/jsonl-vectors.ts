import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Metadata, RankError, shown } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';

/** A line of a JSONL file of vectors: `{"id": "a", "vector": [1, 2], "metadata": {…}}`; `embedding` is read as `vector` is. */
export interface VectorLine {
  readonly id: string;
  readonly vector: Float32Array;
  readonly metadata: Metadata | undefined;
}

/** Reads line by line; empty lines are skipped. A bad line is an error with its number, what was found and what was expected. */
export async function* readVectorLines(path: string): AsyncGenerator<VectorLine> {
  const stream = createReadStream(path, { encoding: 'utf8' });
  // A file that cannot be opened fails the stream, not the lines.
  const failed = new Promise<never>((_, reject) => {
    stream.once('error', (error) => reject(fileError(path, 'read', error)));
  });
  failed.catch(() => {});
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  let number = 0;
  let dim: number | undefined;
  try {
    for (;;) {
      const { value: line, done } = await Promise.race([lines.next(), failed]);
      if (done) break;
      number++;
      if (line.trim() === '') continue;
      const read = parseLine(line, path, number);
      dim ??= read.vector.length;
      if (read.vector.length !== dim) {
        throw wrongLine(path, number, `has ${read.vector.length} dimensions`, `${dim}, as the first line has`, read.vector.length);
      }
      yield read;
    }
  } finally {
    stream.destroy();
  }
}

function parseLine(line: string, path: string, number: number): VectorLine {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    throw wrongLine(path, number, `is no JSON (${(error as Error).message})`, 'an object', line.slice(0, 80));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongLine(path, number, `is ${shown(value)}`, 'an object', value);
  const { id, vector = value['embedding'], metadata } = value as { id?: unknown; vector?: unknown; metadata?: Metadata };
  if (typeof id !== 'string' || id === '') throw wrongLine(path, number, `has the id ${shown(id)}`, 'a non-empty string', id);
  if (!Array.isArray(vector) || vector.length === 0 || !vector.every((x) => typeof x === 'number' && Number.isFinite(x))) {
    throw wrongLine(path, number, `has ${shown(vector)} as "vector"`, 'an array of finite numbers', vector);
  }
  return { id, vector: Float32Array.from(vector as number[]), metadata };
}

function wrongLine(file: string, line: number, what: string, expected: string, found: unknown): RankError {
  return new RankError('PARSE', `${file}:${line} ${what}; expected ${expected}.`, { file, line, found, expected });
}
