import { type Metadata, RankError, shown, type Tokens, throwIfCancelled } from '@rank-rank/core';
import { readJsonLinesFile } from '@rank-rank/core/files';
import type { IndexDocument } from '../index/token-index.ts';
import type { TokenFile } from './token-file.ts';

/** Opens a JSONL file of token matrices: `{"id", "tokens": [[…], …], "text"?, "title"?, "metadata"?}` a line. */
export async function openJsonLinesTokens(path: string): Promise<TokenFile> {
  let dim: number | undefined;
  for await (const { value, line } of readJsonLinesFile(path)) {
    const { tokens } = documentOf(path, line, value);
    if (tokens.rows === 0) continue;
    dim = tokens.dim;
    break;
  }
  if (dim === undefined) throw new RankError('EMPTY_INPUT', `${path} has no line with a row of tokens.`, { file: path });
  return {
    path,
    format: 'jsonl',
    dim,
    async *documents({ signal } = {}): AsyncGenerator<IndexDocument> {
      for await (const { value, line } of readJsonLinesFile(path)) {
        throwIfCancelled(signal, 'Reading tokens');
        const document = documentOf(path, line, value);
        const { rows, data } = document.tokens;
        // A matrix without rows says nothing of its dimension.
        yield rows === 0 ? { ...document, tokens: { data, rows, dim } } : document;
      }
    },
  };
}

function documentOf(file: string, line: number, value: unknown): IndexDocument {
  const wrong = (what: string, expected: string): RankError =>
    new RankError('PARSE', `${file}:${line} ${what}; expected ${expected}.`, { file, line, expected });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(`is ${shown(value)}`, 'an object');
  const { id, tokens, text, title, metadata } = value as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') throw wrong(`has the id ${shown(id)}`, 'a non-empty text');
  if (!Array.isArray(tokens) || !tokens.every(Array.isArray)) throw wrong(`has ${shown(tokens)} as "tokens"`, 'an array of rows');
  for (const [name, given] of Object.entries({ text, title })) {
    if (given !== undefined && typeof given !== 'string') throw wrong(`has ${shown(given)} as "${name}"`, 'a text');
  }
  return {
    id,
    tokens: matrixOf(tokens as unknown[][], wrong),
    ...(text !== undefined && { text: text as string }),
    ...(title !== undefined && { title: title as string }),
    ...(metadata !== undefined && { metadata: metadata as Metadata }),
  };
}

function matrixOf(rows: readonly unknown[][], wrong: (what: string, expected: string) => RankError): Tokens {
  const dim = Math.max(1, rows[0]?.length ?? 1);
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, r) => {
    if (row.length !== dim) throw wrong(`has ${row.length} numbers in row ${r}`, `${dim}, as the first row has`);
    for (let d = 0; d < dim; d++) {
      const number = row[d];
      if (typeof number !== 'number') throw wrong(`has ${shown(number)} in row ${r}`, 'numbers');
      data[r * dim + d] = number;
    }
  });
  return { data, rows: rows.length, dim };
}
