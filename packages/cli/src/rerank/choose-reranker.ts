import type { Candidate, DenseEncoder, Ranking, Reranker, RerankOptions } from '@rank-rank/core';
import { fullText, RankError, toRanking } from '@rank-rank/core';
import { describeModel, type OpenRerankerOptions, openEncoder, openReranker, resolveModel } from '@rank-rank/models';
import { maxsimReranker } from '@rank-rank/rerank';
import { LexicalIndex } from '@rank-rank/retrieve';

/** A reranker that is open, and what to call it. */
export interface ChosenReranker {
  readonly reranker: Reranker;
  readonly name: string;
  close(): Promise<void>;
}

/**
 * The reranker of a model, whatever it is: cross-encoders and generative rerankers read the pair, late interaction compares tokens,
 * dense encoders compare vectors. Without a model BM25 over the candidates themselves.
 */
export async function chooseReranker(model: string | undefined, options: OpenRerankerOptions): Promise<ChosenReranker> {
  if (model === undefined) return { reranker: { space: 'bm25', rerank: lexically }, name: 'BM25', close: () => Promise.resolve() };
  const { precision, hub } = options;
  const { folder } = await resolveModel(model, { ...hub, ...(precision && { precision }) });
  const { kind } = await describeModel(folder);
  if (kind === 'cross-encoder' || kind === 'generative') {
    const reranker = await openReranker(model, options);
    return { reranker, name: `${model} (${kind})`, close: () => reranker.close() };
  }
  const { space: _, ...rest } = options;
  const opened = await openEncoder(model, kind === 'multi' ? { ...rest, output: 'tokens' } : rest);
  const close = (): Promise<void> => opened.close();
  if (opened.kind === 'tokens') return { reranker: maxsimReranker({ encoder: opened.encoder }), name: `${model} (MaxSim)`, close };
  if (opened.kind === 'dense')
    return { reranker: { space: 'cosine', rerank: byVectors(opened.encoder) }, name: `${model} (vectors)`, close };
  await close();
  throw new RankError(
    'UNSUPPORTED',
    `${model} is a ${kind} model, which does not rerank. Use a cross-encoder, a late-interaction or a dense model.`,
    {
      kind,
    },
  );
}

/** BM25 of the candidates, each a document of a small index; what matches nothing has a score of 0. */
async function lexically(query: string, candidates: readonly Candidate[], { topK }: RerankOptions = {}): Promise<Ranking> {
  if (candidates.length === 0) return [];
  const index = await LexicalIndex.build(candidates.map((candidate) => ({ ...candidate, text: textOf(candidate) })));
  try {
    const found = new Map((await index.search(query, candidates.length)).map(({ id, score }) => [id, score]));
    return toRanking(candidates.map(({ id }) => ({ id, score: found.get(id) ?? 0 }))).slice(0, topK);
  } finally {
    await index.close();
  }
}

function byVectors(encoder: DenseEncoder): Reranker['rerank'] {
  return async (query, candidates, { topK, signal } = {}) => {
    if (candidates.length === 0) return [];
    const how = signal ? { signal } : {};
    const [asked, { data, dim }] = await Promise.all([
      encoder.encode([query], 'query', how),
      encoder.encode(candidates.map(textOf), 'document', how),
    ]);
    const length = (vector: Float32Array): number => Math.hypot(...vector) || 1;
    const hits = candidates.map(({ id }, i) => {
      const vector = data.subarray(i * dim, (i + 1) * dim);
      const dot = vector.reduce((sum, value, k) => sum + value * asked.data[k]!, 0);
      return { id, score: dot / (length(vector) * length(asked.data)) };
    });
    return toRanking(hits).slice(0, topK);
  };
}

function textOf({ text = '', title }: Candidate): string {
  return fullText({ text, ...(title !== undefined && { title }) });
}
