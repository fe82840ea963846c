import { type Candidate, RankError, type Ranking, shown } from '@rank-rank/core';

/**
 * A request to rerank in one of the forms that services take, and the answer in the form that the same service gives:
 *
 * | request | answer | as |
 * | --- | --- | --- |
 * | `{query, documents, top_n?}` | `{results: [{index, relevance_score, document?}]}` | Cohere, Jina, vLLM, Together |
 * | `{query, documents, top_k?}` | `{data: [{index, relevance_score, document?}]}` | Voyage |
 * | `{query, input, top_k?}` | `{data: [{index, score, input?}]}` | Mixedbread |
 * | `{query, texts}` | `[{index, score, text?}]` | Text Embeddings Inference |
 * | `{query: {text}, passages: [{text}]}` | `{rankings: [{index, logit}]}` | NVIDIA NIM |
 * | `{query, candidates: [{id, text}], topK?}` | `{query, hits: [{id, score}]}` | rank-rank |
 */
export interface RerankRequest {
  readonly query: string;
  readonly candidates: readonly Candidate[];
  readonly topK: number | undefined;
  /** Scores as these services give them are within 0 and 1; NVIDIA's are logits. */
  answer(ranking: Ranking): unknown;
}

/** Reads a request, by what it has in it. */
export function readRequest(value: unknown): RerankRequest {
  if (typeof value !== 'object' || value === null) throw unreadable(`it is ${shown(value)}`);
  const request = value as Record<string, unknown>;
  const query = textOf(request['query']);
  if (query === undefined) throw unreadable('it has no query');
  const topK = count(request['top_n'] ?? request['top_k'] ?? request['topK']);
  if (Array.isArray(request['candidates'])) {
    return { query, candidates: request['candidates'] as Candidate[], topK, answer: (hits) => ({ query, hits }) };
  }
  const field = ['documents', 'texts', 'input', 'passages'].find((name) => Array.isArray(request[name]));
  if (field === undefined) throw unreadable('it has none of documents, texts, input, passages, candidates');
  const texts = (request[field] as unknown[]).map((document, index) => {
    const text = textOf(document);
    if (text === undefined) throw unreadable(`${field}[${index}] is ${shown(document)}, no text and no { text }`);
    return text;
  });
  const candidates = texts.map((text, index) => ({ id: String(index), text }));
  const returned = ['return_documents', 'return_text', 'return_input'].some((name) => request[name] === true);
  const results = (ranking: Ranking, score: string, document?: (text: string) => object): unknown[] =>
    ranking.map((hit) => ({
      index: Number(hit.id),
      [score]: hit.score,
      ...(returned && document?.(texts[Number(hit.id)]!)),
    }));
  const answer = (ranking: Ranking): unknown => {
    if (field === 'texts') return results(ranking, 'score', (text) => ({ text }));
    if (field === 'passages') return { rankings: results(ranking, 'logit') };
    if (field === 'input') return { object: 'list', data: results(ranking, 'score', (input) => ({ input })) };
    const found = results(ranking, 'relevance_score', (text) => ({ document: 'top_k' in request ? text : { text } }));
    return 'top_k' in request ? { object: 'list', data: found } : { results: found };
  };
  return { query, candidates, topK, answer };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const text = (value as { text?: unknown } | null)?.text;
  return typeof text === 'string' ? text : undefined;
}

/** How many are wanted; clients send null for all. */
function count(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw unreadable(`top_n is ${shown(value)}, no whole number of at least 1`);
}

function unreadable(why: string): RankError {
  return new RankError(
    'INVALID_ARGUMENT',
    `The request cannot be reranked: ${why}. Expected {"query": "…", "documents": ["…"]}, or lines of {"id", "text"} and --query.`,
  );
}
