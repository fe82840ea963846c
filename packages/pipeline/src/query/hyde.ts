import {
  checkInteger,
  checkNumber,
  checkOptions,
  type DenseEncoder,
  isRankError,
  RankError,
  type Ranking,
  type SearchOptions,
  shown,
} from '@rank-rank/core';
import type { ChatModel } from '../generate/chat-model.ts';
import type { VectorSource } from '../stage/feedback.ts';

export interface HydeOptions {
  /** Passages that are imagined; 1 by default. */
  readonly passages?: number;
  /** How much the query's own vector counts against their mean; 1 by default. */
  readonly query?: number;
}

const instructions =
  'Write a short passage, three sentences at most, that could stand in a document answering the question. Only the passage.';

/**
 * Hypothetical document embeddings (Gao et al., "Precise Zero-Shot Dense Retrieval without Relevance Labels", 2022): a model imagines the answer, and
 * documents near what it imagined are looked for. If the model fails, the query alone is searched.
 *
 * @example retrieve({ bm25: lexical, dense: hyde(dense, encoder, chat) })
 */
export function hyde(source: VectorSource, encoder: DenseEncoder, model: ChatModel, options: HydeOptions = {}): VectorSource {
  checkOptions('hyde', options, ['passages', 'query']);
  if (typeof model?.complete !== 'function')
    throw new RankError('INVALID_ARGUMENT', `hyde: the model is ${shown(model)}; expected a chat model.`);
  const count = checkInteger('hyde: passages', options.passages ?? 1, { min: 1, max: 8 });
  const weight = checkNumber('hyde: query', options.query ?? 1, { min: 0 });

  async function queryVector(query: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Float32Array> {
    const own = await source.queryVector(query, signal && { signal });
    try {
      const passages = await Promise.all(
        Array.from({ length: count }, () =>
          model.complete(
            [
              { role: 'system', content: instructions },
              { role: 'user', content: query },
            ],
            { maxTokens: 200, temperature: count > 1 ? 0.8 : 0, ...(signal && { signal }) },
          ),
        ),
      );
      const { data, dim } = await encoder.encode(passages, 'document', signal && { signal });
      return own.map((value, i) => {
        let sum = weight * value;
        for (let row = 0; row < passages.length; row++) sum += data[row * dim + i]! / passages.length;
        return sum;
      });
    } catch (error) {
      if (signal?.aborted || !isRankError(error)) throw error;
      return own;
    }
  }

  return {
    ...source,
    queryVector,
    search: async (query: string, k: number, search: SearchOptions = {}): Promise<Ranking> =>
      source.searchVector(await queryVector(query, search), k, search),
  };
}
