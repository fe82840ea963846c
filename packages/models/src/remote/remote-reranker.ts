import {
  type Candidate,
  checkInteger,
  checkOneOf,
  checkOptions,
  type Ranking,
  type Reranker,
  type RerankOptions,
  type ScoreSpace,
} from '@rank-rank/core';
import { checkCandidates, ranked } from '../rerank/candidates.ts';
import { inPortions, malformed, type RemoteOptions, RemoteServer, remoteOptions } from './post-json.ts';

/** The servers whose rerank APIs are spoken. */
export type RerankDialectName = 'cohere' | 'jina' | 'voyage' | 'tei' | 'vllm' | 'infinity' | 'llamacpp';

interface RerankDialect {
  readonly baseUrl?: string;
  readonly path: string;
  readonly maxBatch: number;
  /** What its scores mean. */
  readonly space: ScoreSpace;
  body(model: string | undefined, query: string, documents: readonly string[]): unknown;
  /** The list of results, and what it calls a score. */
  results(answer: unknown): unknown;
  readonly score: 'relevance_score' | 'score';
}

const inField =
  (field: string) =>
  (answer: unknown): unknown =>
    (answer as Record<string, unknown> | null)?.[field];

const documents = (model: string | undefined, query: string, list: readonly string[]): object => ({ model, query, documents: list });

/** Every document is scored and comes back: cutting to the best is done here, where ties are broken by id. */
const dialects: Readonly<Record<RerankDialectName, RerankDialect>> = {
  cohere: {
    baseUrl: 'https://api.cohere.com',
    path: '/v2/rerank',
    maxBatch: 1000,
    space: 'probability',
    body: documents,
    results: inField('results'),
    score: 'relevance_score',
  },
  jina: {
    baseUrl: 'https://api.jina.ai',
    path: '/v1/rerank',
    maxBatch: 1000,
    space: 'probability',
    body: (model, query, list) => ({ ...documents(model, query, list), return_documents: false }),
    results: inField('results'),
    score: 'relevance_score',
  },
  voyage: {
    baseUrl: 'https://api.voyageai.com',
    path: '/v1/rerank',
    maxBatch: 1000,
    space: 'probability',
    body: (model, query, list) => ({ ...documents(model, query, list), return_documents: false, truncation: true }),
    results: inField('data'),
    score: 'relevance_score',
  },
  tei: {
    path: '/rerank',
    maxBatch: 32,
    space: 'probability',
    body: (_, query, texts) => ({ query, texts, raw_scores: false, truncate: true }),
    results: (answer) => answer,
    score: 'score',
  },
  vllm: {
    path: '/v1/rerank',
    maxBatch: 1000,
    space: 'probability',
    body: (model, query, list) => ({ ...documents(model, query, list), truncate_prompt_tokens: -1 }),
    results: inField('results'),
    score: 'relevance_score',
  },
  infinity: {
    path: '/rerank',
    maxBatch: 256,
    space: 'probability',
    body: (model, query, list) => ({ ...documents(model, query, list), return_documents: false, raw_scores: false }),
    results: inField('results'),
    score: 'relevance_score',
  },
  // Its scores are the classifier's logits, negative ones among them.
  llamacpp: { path: '/v1/rerank', maxBatch: 256, space: 'logit', body: documents, results: inField('results'), score: 'relevance_score' },
};

export interface RemoteRerankerOptions extends RemoteOptions {
  readonly dialect: RerankDialectName;
  readonly model?: string;
  /** Documents a request; what the vendor allows by default. */
  readonly maxBatch?: number;
  /** What the scores mean, where the model behind the server is another than usual. */
  readonly space?: ScoreSpace;
}

/**
 * Opens a reranker on a server: Cohere, Jina, Voyage, Text Embeddings Inference, vLLM, Infinity, llama.cpp.
 *
 * @example
 * const reranker = openRemoteReranker({ dialect: 'cohere', model: 'rerank-v3.5', apiKey: process.env.CO_API_KEY });
 * await reranker.rerank('wing sweep', [{ id: 'a', text: 'Swept wings …' }]);
 */
export function openRemoteReranker(options: RemoteRerankerOptions): Reranker {
  const where = 'openRemoteReranker';
  checkOptions(where, options, [...remoteOptions, 'dialect', 'model', 'maxBatch', 'space']);
  const dialect = dialects[checkOneOf(`${where}: dialect`, options.dialect, Object.keys(dialects) as RerankDialectName[])];
  const server = new RemoteServer(where, options, dialect.baseUrl);
  const maxBatch = checkInteger('maxBatch', options.maxBatch ?? dialect.maxBatch, { min: 1 });
  const concurrency = checkInteger('concurrency', options.concurrency ?? 4, { min: 1, max: 64 });
  const name = server.urlOf(dialect.path);
  return {
    space: options.space ?? dialect.space,
    async rerank(query: string, candidates: readonly Candidate[], how: RerankOptions = {}): Promise<Ranking> {
      const texts = checkCandidates(query, candidates, how);
      const scores = new Float64Array(texts.length);
      await inPortions(texts.length, maxBatch, concurrency, async (from, to) => {
        const list = texts.slice(from, to).map((text) => text.toWellFormed());
        const answer = await server.post(dialect.path, dialect.body(options.model, query.toWellFormed(), list), how.signal);
        scores.set(readScores(dialect.results(answer), dialect.score, list.length, name), from);
      });
      return ranked(candidates, scores, how.topK);
    },
  };
}

/** One finite score for each document, whatever the order they come in. */
function readScores(results: unknown, field: string, count: number, what: string): Float64Array {
  if (!Array.isArray(results)) throw malformed(what, 'it has no list of results');
  const scores = new Float64Array(count).fill(Number.NaN);
  for (const result of results as Record<string, unknown>[]) {
    const { index, [field]: score } = result ?? {};
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= count)
      throw malformed(what, `a result has the index ${String(index)} of ${count} documents`);
    if (typeof score !== 'number' || !Number.isFinite(score))
      throw malformed(what, `the result of document ${String(index)} has the ${field} ${String(score)}`);
    if (!Number.isNaN(scores[index as number]!)) throw malformed(what, `document ${String(index)} comes twice`);
    scores[index as number] = score;
  }
  const missing = scores.findIndex((score) => Number.isNaN(score));
  if (missing >= 0) throw malformed(what, `document ${missing} of ${count} has no result`);
  return scores;
}
