import type { TextRole } from '@rank-rank/core';
import { malformed } from './post-json.ts';

/** The servers whose embedding APIs are spoken. */
export type EmbeddingDialectName = 'openai' | 'ollama' | 'tei' | 'cohere' | 'jina' | 'voyage' | 'vllm' | 'infinity' | 'llamacpp';

export interface EmbeddingRequest {
  readonly model: string | undefined;
  readonly texts: readonly string[];
  readonly as: TextRole;
  readonly dim: number | undefined;
}

/** How one vendor is asked for vectors, and how it answers. */
export interface EmbeddingDialect {
  readonly baseUrl?: string;
  readonly path: string;
  /** Texts a request, where the vendor sets a limit. */
  readonly maxBatch: number;
  body(request: EmbeddingRequest): unknown;
  /** The vectors in the order of the texts: lists of numbers, or base64 of little-endian float32. */
  vectors(answer: unknown): unknown[];
}

type Listed = { readonly data?: readonly { readonly index?: number; readonly embedding?: unknown }[] };

/** OpenAI's list, in the order of its indices where it has them. */
function listed(answer: unknown): unknown[] {
  const { data } = (answer ?? {}) as Listed;
  if (!Array.isArray(data)) throw malformed('The embedding server', 'it has no list "data"');
  const vectors = new Array<unknown>(data.length);
  data.forEach((entry, at) => {
    const index = entry?.index ?? at;
    if (!Number.isInteger(index) || index < 0 || index >= data.length || vectors[index] !== undefined) {
      throw malformed('The embedding server', `entry ${at} of "data" has the index ${String(entry?.index)}`);
    }
    vectors[index] = entry.embedding;
  });
  return vectors;
}

const openai: EmbeddingDialect = {
  baseUrl: 'https://api.openai.com/v1',
  path: '/v1/embeddings',
  maxBatch: 256,
  body: ({ model, texts, dim }) => ({ model, input: texts, encoding_format: 'float', ...(dim !== undefined && { dimensions: dim }) }),
  vectors: listed,
};

export const embeddingDialects: Readonly<Record<EmbeddingDialectName, EmbeddingDialect>> = {
  openai,
  vllm: {
    path: '/v1/embeddings',
    maxBatch: 256,
    body: ({ model, texts, dim }) => ({
      model,
      input: texts,
      encoding_format: 'float',
      truncate_prompt_tokens: -1,
      ...(dim !== undefined && { dimensions: dim }),
    }),
    vectors: listed,
  },
  infinity: {
    path: '/embeddings',
    maxBatch: 256,
    body: ({ model, texts }) => ({ model, input: texts, encoding_format: 'float' }),
    vectors: listed,
  },
  llamacpp: { path: '/v1/embeddings', maxBatch: 64, body: ({ model, texts }) => ({ model, input: texts }), vectors: listed },
  jina: {
    baseUrl: 'https://api.jina.ai',
    path: '/v1/embeddings',
    maxBatch: 128,
    body: ({ model, texts, as, dim }) => ({
      model,
      input: texts,
      embedding_type: 'float',
      task: as === 'query' ? 'retrieval.query' : 'retrieval.passage',
      truncate: true,
      ...(dim !== undefined && { dimensions: dim }),
    }),
    vectors: listed,
  },
  voyage: {
    baseUrl: 'https://api.voyageai.com',
    path: '/v1/embeddings',
    maxBatch: 128,
    body: ({ model, texts, as, dim }) => ({
      model,
      input: texts,
      input_type: as,
      truncation: true,
      ...(dim !== undefined && { output_dimension: dim }),
    }),
    vectors: listed,
  },
  cohere: {
    baseUrl: 'https://api.cohere.com',
    path: '/v2/embed',
    maxBatch: 96,
    body: ({ model, texts, as, dim }) => ({
      model,
      texts,
      input_type: as === 'query' ? 'search_query' : 'search_document',
      embedding_types: ['float'],
      truncate: 'END',
      ...(dim !== undefined && { output_dimension: dim }),
    }),
    vectors: (answer) => {
      const { embeddings } = (answer ?? {}) as { embeddings?: { float?: unknown[] } };
      if (!Array.isArray(embeddings?.float)) throw malformed('Cohere', 'it has no "embeddings.float"');
      return embeddings.float;
    },
  },
  ollama: {
    baseUrl: 'http://127.0.0.1:11434',
    path: '/api/embed',
    maxBatch: 64,
    body: ({ model, texts, dim }) => ({ model, input: texts, truncate: true, ...(dim !== undefined && { dimensions: dim }) }),
    vectors: (answer) => {
      const { embeddings } = (answer ?? {}) as { embeddings?: unknown[] };
      if (!Array.isArray(embeddings)) throw malformed('Ollama', 'it has no list "embeddings"');
      return embeddings;
    },
  },
  tei: {
    path: '/embed',
    maxBatch: 32,
    body: ({ texts, dim }) => ({ inputs: texts, truncate: true, normalize: true, ...(dim !== undefined && { dimensions: dim }) }),
    vectors: (answer) => {
      if (!Array.isArray(answer)) throw malformed('Text Embeddings Inference', 'it is no list');
      return answer as unknown[];
    },
  },
};

export const embeddingDialectNames: readonly EmbeddingDialectName[] = Object.keys(embeddingDialects) as EmbeddingDialectName[];
