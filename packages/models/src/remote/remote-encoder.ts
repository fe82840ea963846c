import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type DenseEncoder,
  type EncodeOptions,
  type Matrix,
  RankError,
  type TextRole,
  throttleProgress,
} from '@rank-rank/core';
import type { Prompts } from '../configuration/description.ts';
import { checkTexts } from '../encode/text-input.ts';
import { type EmbeddingDialect, type EmbeddingDialectName, embeddingDialectNames, embeddingDialects } from './embedding-dialects.ts';
import { inPortions, malformed, type RemoteOptions, RemoteServer, remoteOptions } from './post-json.ts';

export interface RemoteEncoderOptions extends RemoteOptions {
  /** What the server speaks. */
  readonly dialect: EmbeddingDialectName;
  /** The model's name there, where the server has more than one. */
  readonly model?: string;
  /** Dimensions: asked for where the server can give fewer, and checked in any case. Found out by asking once where it is not said. */
  readonly dim?: number;
  /** Texts a request; what the vendor allows by default. */
  readonly maxBatch?: number;
  /** Put before texts, for models whose server does not do it. */
  readonly prompts?: Partial<Prompts>;
}

const known = [...remoteOptions, 'dialect', 'model', 'dim', 'maxBatch', 'prompts'];

/**
 * Opens an encoder on a server: OpenAI and what speaks like it, Ollama, Text Embeddings Inference, Cohere, Jina, Voyage, vLLM,
 * Infinity, llama.cpp. Requests are split, repeated where that may help, and slowed down where the server asks for it.
 *
 * @example
 * const encoder = await openRemoteEncoder({ dialect: 'ollama', model: 'nomic-embed-text' });
 * await encoder.encode(['laminar flow'], 'query');
 */
export async function openRemoteEncoder(options: RemoteEncoderOptions): Promise<RemoteEncoder> {
  checkOptions('openRemoteEncoder', options, known);
  const dialect = embeddingDialects[checkOneOf('openRemoteEncoder: dialect', options.dialect, embeddingDialectNames)];
  const server = new RemoteServer('openRemoteEncoder', options, dialect.baseUrl);
  const asked = options.dim === undefined ? undefined : checkInteger('dim', options.dim, { min: 1 });
  const encoder = new RemoteEncoder(server, dialect, options, asked ?? 0);
  return asked === undefined ? new RemoteEncoder(server, dialect, options, await encoder.probe()) : encoder;
}

/** A {@link DenseEncoder} that asks a server. */
export class RemoteEncoder implements DenseEncoder {
  readonly dim: number;
  /** Names the model, for caches. */
  readonly id: string;
  readonly #server: RemoteServer;
  readonly #dialect: EmbeddingDialect;
  readonly #options: RemoteEncoderOptions;
  readonly #concurrency: number;
  readonly #maxBatch: number;

  constructor(server: RemoteServer, dialect: EmbeddingDialect, options: RemoteEncoderOptions, dim: number) {
    this.#server = server;
    this.#dialect = dialect;
    this.#options = options;
    this.#concurrency = checkInteger('concurrency', options.concurrency ?? 4, { min: 1, max: 64 });
    this.#maxBatch = checkInteger('maxBatch', options.maxBatch ?? dialect.maxBatch, { min: 1 });
    this.dim = dim;
    this.id = `${server.urlOf(dialect.path)}#${options.model ?? ''}#${options.dim ?? ''}`;
  }

  async encode(texts: readonly string[], as: TextRole, options: EncodeOptions = {}): Promise<Matrix> {
    checkTexts('encode', texts, as);
    checkOptions('encode', options, ['signal', 'onProgress']);
    const { dim } = this;
    const data = new Float32Array(texts.length * dim);
    const progress = throttleProgress(options.onProgress);
    let done = 0;
    await inPortions(texts.length, this.#maxBatch, this.#concurrency, async (from, to) => {
      const vectors = await this.#ask(texts.slice(from, to), as, options.signal);
      vectors.forEach((vector, i) => {
        if (vector.length !== dim) {
          throw new RankError('DIMENSION_MISMATCH', `${this.id} gave a vector of ${vector.length} numbers; expected ${dim}.`, {
            dim,
            found: vector.length,
          });
        }
        data.set(vector, (from + i) * dim);
      });
      done += to - from;
      progress({ stage: 'encoding', done, total: texts.length, unit: 'texts' });
    });
    return { data, rows: texts.length, dim };
  }

  /** How long the server's vectors are. */
  async probe(): Promise<number> {
    const [vector] = await this.#ask(['dimension'], 'query', undefined);
    return vector!.length;
  }

  async #ask(texts: readonly string[], as: TextRole, signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const { model, dim, prompts } = this.#options;
    const prompt = prompts?.[as] ?? '';
    const written = texts.map((text) => (prompt + text).toWellFormed());
    const answer = await this.#server.post(this.#dialect.path, this.#dialect.body({ model, texts: written, as, dim }), signal);
    const vectors = this.#dialect.vectors(answer);
    if (vectors.length !== texts.length) throw malformed(this.id, `${vectors.length} vectors for ${texts.length} texts`);
    return vectors.map((vector) => toVector(vector, this.id));
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** A list of numbers, or base64 of little-endian float32. */
export function toVector(value: unknown, what: string): Float32Array {
  let vector: Float32Array;
  if (typeof value === 'string') {
    const bytes = fromBase64(value);
    if (bytes.length === 0 || bytes.length % 4 !== 0) throw malformed(what, 'a vector is no base64 of 32-bit numbers');
    const view = new DataView(bytes.buffer);
    vector = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  } else {
    if (!Array.isArray(value) || value.length === 0) throw malformed(what, `a vector is ${Array.isArray(value) ? 'empty' : typeof value}`);
    if (Array.isArray(value[0])) throw malformed(what, 'it has a vector a token; open it with openRemoteTokenEncoder');
    // JSON has no NaN: servers write null, which would quietly become 0.
    if (value.some((number) => typeof number !== 'number')) throw malformed(what, 'a vector has a value that is no number');
    vector = Float32Array.from(value as number[]);
  }
  if (vector.some((number) => !Number.isFinite(number))) throw malformed(what, 'a vector has a value that is no finite number');
  return vector;
}
