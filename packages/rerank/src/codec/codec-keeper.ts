import type { WorkOptions } from '@rank-rank/core';
import type { SharedFiles } from '@rank-rank/retrieve/segments';
import type { Scope } from '@rank-rank/storage';
import { grownCodec } from './grow-codec.ts';
import { type Bits, codecKind, codecVersion, type ResidualCodec, readCodec, writeCodec } from './residual-codec.ts';
import { trainCodec } from './train-codec.ts';

export interface CodecSettings {
  readonly bits: Bits;
  readonly dim: number;
  readonly centroids: number | undefined;
  readonly iterations: number;
  readonly threads: number;
  readonly seed: number;
}

/**
 * The codec that the segments of a store share: learnt from the first documents, grown when later ones are strange to it. Each state of it is a
 * file; the commit names the newest.
 */
export class CodecKeeper implements SharedFiles {
  readonly #scope: Scope;
  readonly #settings: CodecSettings;
  #codec: ResidualCodec | undefined;

  constructor(scope: Scope, settings: CodecSettings) {
    this.#scope = scope;
    this.#settings = settings;
  }

  /** The newest codec; undefined before the first documents. */
  get codec(): ResidualCodec | undefined {
    return this.#codec;
  }

  files(): readonly string[] {
    return this.#codec === undefined ? [] : [this.#codec.file];
  }

  async open(about: unknown): Promise<void> {
    const { codec: name } = about as { codec?: string };
    if (name === this.#codec?.file) return;
    this.#codec = name === undefined ? undefined : readCodec(await this.#scope.open(name, codecKind, codecVersion), name);
  }

  /** Learns a codec from a sample of `rows` rows. */
  async train(sample: Float32Array, rows: number, work: WorkOptions): Promise<ResidualCodec> {
    const { bits, dim, centroids, iterations, threads, seed } = this.#settings;
    return this.adopt(await trainCodec(sample, dim, { bits, rows, iterations, threads, seed, ...(centroids && { centroids }), ...work }));
  }

  /** Adds centroids for rows that are strange to the codec. */
  async grow(strange: Float32Array, work: WorkOptions): Promise<ResidualCodec> {
    const { iterations, threads, seed } = this.#settings;
    return this.adopt(await grownCodec(this.#codec!, strange, { iterations, threads, seed, ...(work.signal && { signal: work.signal }) }));
  }

  /** Takes over a codec as it is. */
  async adopt(codec: Omit<ResidualCodec, 'file'>): Promise<ResidualCodec> {
    const writer = await this.#scope.create(codecKind, codecKind, codecVersion);
    try {
      await writeCodec(writer, codec);
    } catch (error) {
      await writer.abandon().catch(() => {});
      throw error;
    }
    this.#codec = readCodec(await this.#scope.open(writer.name, codecKind, codecVersion), writer.name);
    return this.#codec;
  }
}
