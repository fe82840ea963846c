import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RankError, shown } from '@rank-rank/core';

/** A JSON file of a model folder, with checked access to its values. */
export class Configuration {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(path: string, values: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.values = values;
  }

  #wrong(key: string, expected: string): RankError {
    return new RankError('PARSE', `${this.path}: ${shown(key)} is ${shown(this.values[key])}; expected ${expected}.`, {
      file: this.path,
      key,
      found: this.values[key],
    });
  }

  /** The first of several names for one thing that is there and not null. */
  #find(keys: readonly string[]): string | undefined {
    return keys.find((key) => this.values[key] !== undefined && this.values[key] !== null);
  }

  size(...keys: string[]): number {
    const key = this.#find(keys) ?? keys[0]!;
    const value = this.values[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw this.#wrong(key, 'a whole number of at least 1');
    return value;
  }

  number(key: string, fallback?: number): number {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(key, 'a number');
    return value;
  }

  text(key: string, fallback?: string): string {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'string') throw this.#wrong(key, 'a text');
    return value;
  }

  flag(key: string, fallback = false): boolean {
    const value = this.values[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  texts(key: string): string[] {
    const value = this.values[key] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw this.#wrong(key, 'a list of texts');
    return value;
  }

  /** An object within, empty where it is absent. */
  inner(key: string): Configuration {
    const value = this.values[key] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(key, 'an object');
    return new Configuration(`${this.path} ${key}`, value as Record<string, unknown>);
  }
}

/** Reads a JSON file of a model folder; undefined where it is absent. */
export async function readConfiguration(...parts: string[]): Promise<Configuration | undefined> {
  const path = join(...parts);
  const values = await readJson(path);
  if (values === undefined) return undefined;
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new RankError('PARSE', `${path} holds ${shown(values)}; expected an object.`, { file: path });
  }
  return new Configuration(path, values as Record<string, unknown>);
}

/** The JSON in a file; undefined where the file is absent. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RankError('IO', `${path} cannot be read: ${(cause as Error).message}.`, { file: path }, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RankError('PARSE', `${path} is no JSON: ${(cause as Error).message}. Fetch it again.`, { file: path }, { cause });
  }
}
