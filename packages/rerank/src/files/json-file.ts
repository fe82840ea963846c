import { readFile } from 'node:fs/promises';
import { RankError, shown } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';

/** The value of a JSON file. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RankError('PARSE', `${path} is no JSON (${(error as Error).message}).`, { file: path }, { cause: error });
  }
}

/** A JSON file that holds an object. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const value = await readJson(path);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RankError('PARSE', `${path} holds ${shown(value)}; expected an object.`, { file: path });
  return value as Record<string, unknown>;
}

/** A whole number of a JSON file, of at least `min`. */
export function wholeNumberOf(path: string, name: string, value: unknown, min: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min)
    throw new RankError('CORRUPT', `${path}: ${name} is ${shown(value)}; expected a whole number of at least ${min}.`, { file: path });
  return value;
}

/** A JSON file that lists how many rows each document has. */
export async function readLengths(path: string): Promise<number[]> {
  const lengths = await readJson(path);
  if (!Array.isArray(lengths))
    throw new RankError('PARSE', `${path} holds ${shown(lengths)}; expected an array of lengths.`, { file: path });
  return lengths.map((length, i) => wholeNumberOf(path, `length ${i}`, length, 0));
}
