import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type EncodeOptions,
  RankError,
  type TextRole,
  type TokenEncoder,
  type Tokens,
} from '@rank-rank/core';
import { checkTexts } from '../encode/text-input.ts';
import { inPortions, malformed, type RemoteOptions, RemoteServer, remoteOptions } from './post-json.ts';
import { toVector } from './remote-encoder.ts';

/** The servers that give a vector a token. */
export type TokenDialectName = 'jina' | 'infinity' | 'tei' | 'llamacpp' | 'next-plaid';

interface TokenDialect {
  readonly baseUrl?: string;
  readonly path: string;
  readonly maxBatch: number;
  body(model: string | undefined, texts: readonly string[], as: TextRole, dim: number | undefined): unknown;
  /** A list of vectors a text. */
  matrices(answer: unknown): unknown;
}

const pick =
  (list: string, field: string) =>
  (answer: unknown): unknown => {
    const entries = (answer as Record<string, unknown> | null)?.[list];
    if (!Array.isArray(entries)) throw malformed('The server', `it has no list "${list}"`);
    return entries.map((entry) => (entry as Record<string, unknown>)[field]);
  };

const dialects: Readonly<Record<TokenDialectName, TokenDialect>> = {
  jina: {
    baseUrl: 'https://api.jina.ai',
    path: '/v1/multi-vector',
    maxBatch: 64,
    body: (model, input, as, dim) => ({
      model,
      input,
      input_type: as,
      embedding_type: 'float',
      ...(dim !== undefined && { dimensions: dim }),
    }),
    matrices: pick('data', 'embeddings'),
  },
  infinity: {
    path: '/embeddings',
    maxBatch: 64,
    body: (model, input) => ({ model, input, encoding_format: 'float' }),
    matrices: pick('data', 'embedding'),
  },
  tei: { path: '/embed_all', maxBatch: 32, body: (_, inputs) => ({ inputs, truncate: true }), matrices: (answer) => answer },
  llamacpp: {
    path: '/embeddings',
    maxBatch: 32,
    body: (_, input) => ({ input }),
    matrices: (answer) => (Array.isArray(answer) ? answer.map((entry) => (entry as { embedding?: unknown }).embedding) : undefined),
  },
  'next-plaid': {
    path: '/encode',
    maxBatch: 64,
    body: (_, texts, as) => ({ texts, input_type: as }),
    matrices: (answer) => (answer as { embeddings?: unknown } | null)?.embeddings,
  },
};

export interface RemoteTokenEncoderOptions extends RemoteOptions {
  readonly dialect: TokenDialectName;
  readonly model?: string;
  readonly dim?: number;
  readonly maxBatch?: number;
  /** Scales each token's vector to length 1, for servers that do not; true by default. */
  readonly normalize?: boolean;
}

/**
 * Opens a late-interaction encoder on a server: Jina's multi-vector API, Infinity, Text Embeddings Inference's `/embed_all`,
 * llama.cpp without pooling, next-plaid.
 */
export async function openRemoteTokenEncoder(options: RemoteTokenEncoderOptions): Promise<TokenEncoder> {
  const where = 'openRemoteTokenEncoder';
  checkOptions(where, options, [...remoteOptions, 'dialect', 'model', 'dim', 'maxBatch', 'normalize']);
  const dialect = dialects[checkOneOf(`${where}: dialect`, options.dialect, Object.keys(dialects) as TokenDialectName[])];
  const server = new RemoteServer(where, options, dialect.baseUrl);
  const maxBatch = checkInteger('maxBatch', options.maxBatch ?? dialect.maxBatch, { min: 1 });
  const concurrency = checkInteger('concurrency', options.concurrency ?? 4, { min: 1, max: 64 });
  const name = server.urlOf(dialect.path);

  const ask = async (texts: readonly string[], as: TextRole, signal: AbortSignal | undefined): Promise<Tokens[]> => {
    const answer = await server.post(
      dialect.path,
      dialect.body(
        options.model,
        texts.map((text) => text.toWellFormed()),
        as,
        options.dim,
      ),
      signal,
    );
    const matrices = dialect.matrices(answer);
    if (!Array.isArray(matrices) || matrices.length !== texts.length) {
      throw malformed(name, `${Array.isArray(matrices) ? matrices.length : 'no'} matrices for ${texts.length} texts`);
    }
    return matrices.map((matrix) => toTokens(matrix, name, options.normalize ?? true));
  };
  const dim = options.dim ?? (await ask(['dimension'], 'query', undefined))[0]!.dim;
  return {
    dim,
    async encode(texts: readonly string[], as: TextRole, how: EncodeOptions = {}): Promise<Tokens[]> {
      checkTexts('encode', texts, as);
      checkOptions('encode', how, ['signal', 'onProgress']);
      const results = new Array<Tokens>(texts.length);
      await inPortions(texts.length, maxBatch, concurrency, async (from, to) => {
        const found = await ask(texts.slice(from, to), as, how.signal);
        found.forEach((tokens, i) => {
          if (tokens.rows > 0 && tokens.dim !== dim)
            throw new RankError('DIMENSION_MISMATCH', `${name} gave vectors of ${tokens.dim}; expected ${dim}.`);
          results[from + i] = tokens.rows > 0 ? tokens : { ...tokens, dim };
        });
      });
      return results;
    },
  };
}

function toTokens(matrix: unknown, what: string, normalize: boolean): Tokens {
  if (!Array.isArray(matrix)) throw malformed(what, 'a text has no matrix');
  const rows = matrix.map((row) => toVector(row, what));
  const dim = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    if (row.length !== dim) throw malformed(what, 'the vectors of a text differ in length');
    const scale = normalize ? 1 / Math.max(Math.hypot(...row), 1e-12) : 1;
    for (let k = 0; k < dim; k++) data[i * dim + k] = row[k]! * scale;
  });
  return { data, rows: rows.length, dim };
}
