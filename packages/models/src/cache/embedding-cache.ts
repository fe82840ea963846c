import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkNumber,
  checkOptions,
  type DenseEncoder,
  type EncodeOptions,
  type Matrix,
  RankError,
  type SparseEncoder,
  type SparseVector,
  type TextRole,
  type TokenEncoder,
  type Tokens,
} from '@rank-rank/core';
import { cacheFolder } from '../graph/cache-folder.ts';
import { BlockFile, type Entry, keyBytes, type Place } from './block-file.ts';
import { sparseBytes, sparseOf, tokensBytes, tokensOf, vectorBytes, vectorOf } from './payloads.ts';

export interface EmbeddingCacheOptions {
  /** The most bytes on disk; the oldest files go first when the cache is opened. Any number by default. */
  readonly maxBytes?: number;
}

export interface CacheStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Hits among all texts asked for, 0 where none was. */
  readonly hitRate: number;
  readonly entries: number;
  readonly bytes: number;
  /** Values that were there and not as they were written. */
  readonly damaged: number;
}

/** Files that many are merged into one when the cache is opened. */
const manyFiles = 16;
const portion = 1024;

/**
 * Keeps what encoders gave, on disk, under the model, its state, the side and the text. Encoders that are wrapped compute only what
 * is not there.
 *
 * Any number of processes may use a folder at once: each appends to a file of its own. Nothing that was written whole is lost when a
 * process is killed, and what was not is not believed.
 *
 * @example
 * const cache = EmbeddingCache.open('cache');
 * const cached = cache.dense(encoder);
 * await cached.encode(texts, 'document');
 * cache.statistics.hitRate;
 */
export class EmbeddingCache {
  readonly #folder: string;
  readonly #files: BlockFile[] = [];
  /** Key → file and place. */
  readonly #places = new Map<string, { readonly file: BlockFile; readonly place: Place }>();
  #own: BlockFile | undefined;
  #closed = false;
  #hits = 0;
  #misses = 0;
  #damaged = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder, made where it is not there; `embeddings` in the cache folder of rank-rank by default. */
  static open(folder: string = join(cacheFolder(), 'embeddings'), options: EmbeddingCacheOptions = {}): EmbeddingCache {
    checkOptions('EmbeddingCache.open', options, ['maxBytes']);
    mkdirSync(folder, { recursive: true });
    const cache = new EmbeddingCache(folder);
    const oldestFirst = readdirSync(folder)
      .filter((name) => name.endsWith('.rrcache'))
      .map((name) => ({ path: join(folder, name), ...statSync(join(folder, name)) }))
      .sort((a, b) => a.mtimeMs - b.mtimeMs);
    if (options.maxBytes !== undefined) {
      const most = checkNumber('maxBytes', options.maxBytes, { min: 0 });
      let total = oldestFirst.reduce((sum, { size }) => sum + size, 0);
      while (total > most && oldestFirst.length > 0) {
        const oldest = oldestFirst.shift()!;
        rmSync(oldest.path, { force: true });
        total -= oldest.size;
      }
    }
    for (const { path } of oldestFirst) {
      const { file, places } = BlockFile.open(path);
      for (const [key, place] of places) cache.#places.set(key, { file, place });
      cache.#files.push(file);
    }
    if (cache.#files.length >= manyFiles) cache.#merge();
    return cache;
  }

  get statistics(): CacheStatistics {
    const asked = this.#hits + this.#misses;
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRate: asked === 0 ? 0 : this.#hits / asked,
      entries: this.#places.size,
      bytes: this.#files.reduce((sum, { bytes }) => sum + bytes, 0),
      damaged: this.#damaged,
    };
  }

  /** `id` names the model and its state; that of the encoder by default. */
  dense(encoder: DenseEncoder & { readonly id?: string }, id?: string): DenseEncoder {
    const name = idOf(encoder, id);
    const { dim } = encoder;
    return {
      dim,
      encode: async (texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<Matrix> => {
        const data = new Float32Array(texts.length * dim);
        const encode = async (missing: readonly string[]): Promise<Float32Array[]> => {
          const { data: fresh } = await encoder.encode(missing, as, options);
          return missing.map((_, i) => fresh.subarray(i * dim, (i + 1) * dim));
        };
        const vectors = await this.#through(`dense\0${name}\0${as}`, texts, encode, vectorBytes, vectorOf);
        vectors.forEach((vector, i) => {
          data.set(vector, i * dim);
        });
        return { data, rows: texts.length, dim };
      },
    };
  }

  tokens(encoder: TokenEncoder & { readonly id?: string }, id?: string): TokenEncoder {
    const name = idOf(encoder, id);
    return {
      dim: encoder.dim,
      encode: (texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<Tokens[]> =>
        this.#through(`tokens\0${name}\0${as}`, texts, (missing) => encoder.encode(missing, as, options), tokensBytes, tokensOf),
    };
  }

  sparse(encoder: SparseEncoder & { readonly id?: string }, id?: string): SparseEncoder {
    const name = idOf(encoder, id);
    return {
      size: encoder.size,
      encode: (texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<SparseVector[]> =>
        this.#through(`sparse\0${name}\0${as}`, texts, (missing) => encoder.encode(missing, as, options), sparseBytes, sparseOf),
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const file of this.#files) file.close();
  }

  /** What is there from the files, the rest from the encoder, each text once; what is new is written a portion at a time. */
  async #through<T>(
    space: string,
    texts: readonly string[],
    encode: (missing: readonly string[]) => Promise<readonly T[]>,
    toBytes: (value: T) => Uint8Array,
    fromBytes: (bytes: Uint8Array) => T,
  ): Promise<T[]> {
    if (this.#closed) throw new RankError('CLOSED', `The embedding cache ${this.#folder} was closed.`);
    const results = new Array<T>(texts.length);
    const missing = new Map<string, number[]>();
    for (let i = 0; i < texts.length; i++) {
      const key = keyOf(space, texts[i]!);
      const waiting = missing.get(key);
      const bytes = waiting === undefined ? this.#read(key) : undefined;
      if (bytes !== undefined) {
        this.#hits++;
        results[i] = fromBytes(bytes);
      } else if (waiting !== undefined) {
        this.#hits++;
        waiting.push(i);
      } else {
        this.#misses++;
        missing.set(key, [i]);
      }
    }
    const keys = [...missing.keys()];
    for (let from = 0; from < keys.length; from += portion) {
      const some = keys.slice(from, from + portion);
      const values = await encode(some.map((key) => texts[missing.get(key)![0]!]!));
      some.forEach((key, k) => {
        for (const i of missing.get(key)!) results[i] = values[k]!;
      });
      this.#write(some.map((key, k) => ({ key, value: toBytes(values[k]!) })));
    }
    // An encoder checks its texts and options also where it has nothing to do.
    if (keys.length === 0) await encode([]);
    return results;
  }

  #read(key: string): Uint8Array | undefined {
    const found = this.#places.get(key);
    if (found === undefined) return undefined;
    const bytes = found.file.read(found.place);
    if (bytes === undefined) {
      this.#damaged++;
      this.#places.delete(key);
    }
    return bytes;
  }

  #write(entries: readonly Entry[]): void {
    if (this.#closed || entries.length === 0) return;
    if (this.#own === undefined) {
      this.#own = BlockFile.create(join(this.#folder, `${randomUUID()}.rrcache`));
      this.#files.push(this.#own);
    }
    const file = this.#own;
    file.append(entries).forEach((place, i) => {
      this.#places.set(entries[i]!.key, { file, place });
    });
  }

  /** Writes what all files hold into one. Another process that reads them keeps them open, and finds the new one next time. */
  #merge(): void {
    const old = [...this.#files];
    const kept = [...this.#places];
    for (let from = 0; from < kept.length; from += portion) {
      const entries = kept.slice(from, from + portion).flatMap(([key, { file, place }]): Entry[] => {
        const value = file.read(place);
        return value === undefined ? [] : [{ key, value }];
      });
      this.#write(entries);
    }
    for (const file of old) {
      file.close();
      rmSync(file.path, { force: true });
    }
    this.#files.splice(0, old.length);
  }
}

/** The first 16 bytes of a SHA-256: two texts that share one are not to be met. */
function keyOf(space: string, text: string): string {
  return createHash('sha256').update(space).update('\0').update(text).digest().toString('latin1', 0, keyBytes);
}

function idOf(encoder: { readonly id?: string }, id: string | undefined): string {
  const name = id ?? encoder.id;
  if (typeof name === 'string' && name !== '') return name;
  throw new RankError(
    'INVALID_ARGUMENT',
    'The embedding cache: this encoder has no id. Give one that changes whenever the model does, such as its name and revision.',
  );
}
