import { checkOptions, type DenseEncoder, type EncodeOptions, RankError, shown, type TextRole, type TokenEncoder } from '@rank-rank/core';
import { type OpenEncoder, type OpenEncoderOptions, openEncoder } from '@rank-rank/models';

/** An encoder of the caller's own for a collection, such as one behind an HTTP interface. */
export interface CollectionEncoder {
  /** Kept with the collection: it is opened again only with an encoder of this name. */
  readonly name: string;
  readonly dense?: DenseEncoder;
  readonly tokens?: TokenEncoder;
}

/** Refuses what is no encoder for a collection. */
export function checkEncoder(encoder: CollectionEncoder): CollectionEncoder {
  checkOptions('Collection.open: encoder', encoder, ['name', 'dense', 'tokens']);
  if (typeof encoder.name === 'string' && encoder.name !== '' && (encoder.dense ?? encoder.tokens) !== undefined) return encoder;
  throw new RankError('INVALID_ARGUMENT', `Collection.open: encoder is ${shown(encoder)}; expected { name, dense } or { name, tokens }.`);
}

/**
 * The encoder that a collection was given or names: a model, opened when it is first needed, since many a search does without.
 */
export class LazyEncoder {
  readonly name: string;
  readonly #given: CollectionEncoder | undefined;
  readonly #options: OpenEncoderOptions;
  #opening: Promise<OpenEncoder> | undefined;

  constructor(name: string, given: CollectionEncoder | undefined, options: OpenEncoderOptions = {}) {
    this.name = name;
    this.#given = given;
    this.#options = options;
  }

  /** What it makes. Opens the model. */
  async open(): Promise<CollectionEncoder> {
    if (this.#given !== undefined) return this.#given;
    // A failed attempt is forgotten, so that the next one may succeed.
    this.#opening ??= openEncoder(this.name, this.#options).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    const opened = await this.#opening;
    const { name } = this;
    if (opened.kind === 'dense') return { name, dense: opened.encoder };
    if (opened.kind === 'tokens') return { name, tokens: opened.encoder };
    throw new RankError(
      'UNSUPPORTED',
      `${name} makes sparse vectors; a collection takes models for dense vectors or token matrices. Build a SparseIndex of @rank-rank/retrieve with it.`,
      { model: name },
    );
  }

  /** Its dense part for an index of so many dimensions. */
  dense(dim: number): DenseEncoder {
    const find = async (): Promise<DenseEncoder> => this.#fitting((await this.open()).dense, dim);
    return {
      dim,
      encode: async (texts: readonly string[], as: TextRole, options?: EncodeOptions) => (await find()).encode(texts, as, options),
    };
  }

  tokens(dim: number): TokenEncoder {
    const find = async (): Promise<TokenEncoder> => this.#fitting((await this.open()).tokens, dim);
    return {
      dim,
      encode: async (texts: readonly string[], as: TextRole, options?: EncodeOptions) => (await find()).encode(texts, as, options),
    };
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    await (await opening?.catch(() => undefined))?.close();
  }

  #fitting<E extends { readonly dim: number }>(encoder: E | undefined, dim: number): E {
    if (encoder?.dim === dim) return encoder;
    throw new RankError(
      'DIMENSION_MISMATCH',
      `The collection holds vectors of ${dim} dimensions by ${this.name}, and the encoder that goes by this name now makes ${shown(encoder?.dim)}. Open it with the encoder it was made with.`,
      { encoder: this.name },
    );
  }
}
