import { checkOptions, type EncodeOptions, RankError, shown, type TextRole } from '@rank-rank/core';
import { describeModel, type OpenEncoderOptions, openEncoder, openMultiEncoder, resolveModel } from '@rank-rank/models';
import { QueryMemory } from './query-memory.ts';
import { type Encoded, type Encoders, type RepresentationKind, representationKinds } from './representations/representation.ts';

/** An encoder of the caller's own for a collection, such as one behind an HTTP interface. */
export interface CollectionEncoder extends Partial<Encoders> {
  /** Kept with the collection: it is opened again only with an encoder of this name. */
  readonly name: string;
}

/** Refuses what is no encoder for a collection. */
export function checkEncoder(encoder: CollectionEncoder): CollectionEncoder {
  checkOptions('Collection.open: encoder', encoder, ['name', ...representationKinds]);
  if (typeof encoder.name === 'string' && encoder.name !== '' && kindsOf(encoder).length > 0) return encoder;
  throw new RankError(
    'INVALID_ARGUMENT',
    `Collection.open: encoder is ${shown(encoder)}; expected { name } with one or more of dense, sparse and tokens.`,
  );
}

/** What an encoder makes. */
export function kindsOf(encoder: Partial<Encoders>): RepresentationKind[] {
  return representationKinds.filter((kind) => encoder[kind] !== undefined);
}

type Kinds = readonly RepresentationKind[];

/** Texts in several kinds. */
export type EncodeKinds = (texts: readonly string[], kinds: Kinds, as: TextRole, options?: EncodeOptions) => Promise<Partial<Encoded>>;

/** An encoder that is open. */
export interface OpenedEncoder {
  readonly encoders: Partial<Encoders>;
  /** Whether one pass of the model makes all kinds. */
  readonly onePass: boolean;
  readonly encode: EncodeKinds;
  close(): Promise<void>;
}

/** Queries whose encodings are kept, for the stages of the requests that are under way. */
const rememberedQueries = 4;

/**
 * The encoder that a collection was given or names: a model, opened when it is first needed, since many a search does without. Of a model whose
 * queries are looked up in a table no more is opened for them.
 */
export class LazyEncoder {
  readonly name: string;
  readonly #given: CollectionEncoder | undefined;
  readonly #options: OpenEncoderOptions;
  #whole: Promise<OpenedEncoder> | undefined;
  #forQueries: Promise<OpenedEncoder> | undefined;
  #terms: ((index: number) => string | undefined) | undefined;
  readonly #asked = new QueryMemory<Partial<Encoded>>(rememberedQueries);

  constructor(name: string, given: CollectionEncoder | undefined, options: OpenEncoderOptions = {}) {
    this.name = name;
    this.#given = given;
    this.#options = options;
  }

  /** What it makes. Opens the model. */
  open(): Promise<OpenedEncoder> {
    // A failed attempt is forgotten, so that the next one may succeed.
    this.#whole ??= this.#open(false).catch((error: unknown) => {
      this.#whole = undefined;
      throw error;
    });
    return this.#whole;
  }

  /**
   * Its encoder of one kind for an index of so many dimensions, or words.
   * `kinds` are those that the collection has of it, of which one pass makes all at once.
   */
  of<K extends RepresentationKind>(kind: K, size: number, kinds: Kinds): Encoders[K] {
    const encode = async (texts: readonly string[], as: TextRole, options?: EncodeOptions): Promise<Encoded[K]> => {
      const encoded =
        as === 'query' && texts.length === 1
          ? await this.#encodeQuery(texts[0]!, kind, size, kinds, options?.signal)
          : await this.#fitting(await this.open(), kind, size).encode(texts, [kind], as, options);
      return encoded[kind]!;
    };
    const encoder = kind === 'sparse' ? { size, encode, termOf: (index: number) => this.#terms?.(index) } : { dim: size, encode };
    return encoder as unknown as Encoders[K];
  }

  /** Refuses an encoder that makes other vectors than those there are. */
  check(encoders: Partial<Encoders>, kind: RepresentationKind, size: number): void {
    const made = sizeOf(encoders, kind);
    if (made === size) return;
    throw new RankError(
      'DIMENSION_MISMATCH',
      `The collection holds ${kind} vectors of ${size} ${kind === 'sparse' ? 'words' : 'dimensions'} by ${this.name}, and the encoder that goes by this name now makes ${made === undefined ? 'none' : `those of ${made}`}. Open it with the encoder it was made with.`,
      { encoder: this.name },
    );
  }

  async close(): Promise<void> {
    const opening = [this.#whole, this.#forQueries];
    this.#whole = undefined;
    this.#forQueries = undefined;
    this.#asked.clear();
    // Often one and the same.
    const opened = new Set(await Promise.all(opening.map((each) => each?.catch(() => undefined))));
    for (const each of opened) await each?.close();
  }

  async #encodeQuery(
    text: string,
    kind: RepresentationKind,
    size: number,
    kinds: Kinds,
    signal: AbortSignal | undefined,
  ): Promise<Partial<Encoded>> {
    const { encode, onePass } = this.#fitting(await this.#openForQueries(), kind, size);
    const wanted = onePass ? kinds : [kind];
    return this.#asked.ask(`${wanted.join()} ${text}`, signal, (shared) => encode([text], wanted, 'query', { signal: shared }));
  }

  #openForQueries(): Promise<OpenedEncoder> {
    if (this.#whole !== undefined) return this.#whole;
    this.#forQueries ??= this.#open(true).catch((error: unknown) => {
      this.#forQueries = undefined;
      throw error;
    });
    return this.#forQueries;
  }

  async #open(queriesOnly: boolean): Promise<OpenedEncoder> {
    const opened = await this.#openEncoders(queriesOnly);
    const { sparse } = opened.encoders;
    this.#terms = (index) => sparse?.termOf?.(index);
    return opened;
  }

  async #openEncoders(queriesOnly: boolean): Promise<OpenedEncoder> {
    if (this.#given !== undefined) return separate(this.#given, async () => {});
    const { precision, hub, signal, onProgress, output } = this.#options;
    const { folder } = await resolveModel(this.name, {
      ...hub,
      ...(precision && { precision }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    const description = await describeModel(folder);
    if (description.kind === 'multi' && output === undefined) {
      const { queriesOnly: _, output: __, ...rest } = this.#options;
      const model = await openMultiEncoder(this.name, rest);
      const { dense, sparse, tokens } = model;
      return {
        encoders: { dense, sparse, tokens },
        onePass: true,
        encode: (texts, kinds, _as, options) => model.encode(texts, kinds, options),
        close: () => model.close(),
      };
    }
    const lookedUp = description.kind === 'sparse' && description.queryWeights !== undefined;
    // What is opened for queries alone serves documents too, unless they take a session and queries do not.
    if (queriesOnly && !lookedUp) return this.open();
    const opened = await openEncoder(this.name, { ...this.#options, queriesOnly });
    return separate({ [opened.kind]: opened.encoder }, () => opened.close());
  }

  #fitting(opened: OpenedEncoder, kind: RepresentationKind, size: number): OpenedEncoder {
    this.check(opened.encoders, kind, size);
    return opened;
  }
}

/** How many dimensions, or words, an encoder's vectors have. */
function sizeOf({ dense, sparse, tokens }: Partial<Encoders>, kind: RepresentationKind): number | undefined {
  return kind === 'sparse' ? sparse?.size : kind === 'dense' ? dense?.dim : tokens?.dim;
}

/** Encoders each for itself. */
export function separate({ dense, sparse, tokens }: Partial<Encoders>, close: () => Promise<void>): OpenedEncoder {
  return {
    encoders: { ...(dense && { dense }), ...(sparse && { sparse }), ...(tokens && { tokens }) },
    onePass: false,
    async encode(texts, kinds, as, options) {
      return {
        ...(kinds.includes('dense') && { dense: await dense!.encode(texts, as, options) }),
        ...(kinds.includes('sparse') && { sparse: await sparse!.encode(texts, as, options) }),
        ...(kinds.includes('tokens') && { tokens: await tokens!.encode(texts, as, options) }),
      };
    },
    close,
  };
}
