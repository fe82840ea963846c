import type { Document, Explanation, Ranking, Reranker, SparseEncoder, SparseVector } from '@rank-rank/core';
import type { Source } from '../stage/retrieve.ts';
import type { DocumentSource } from '../stage/stage.ts';

/** A retriever that always answers the same, after a while if asked, and counts how often it was. */
export function fixed(
  scores: Readonly<Record<string, number>>,
  options: { wait?: number; fail?: () => Error | undefined } = {},
): Source & { asked: number } {
  const hits: Ranking = Object.entries(scores).map(([id, score]) => ({ id, score }));
  const source = {
    asked: 0,
    space: 'bm25' as const,
    async search(_: string, k: number) {
      source.asked++;
      if (options.wait) await new Promise((resolve) => setTimeout(resolve, options.wait));
      const failure = options.fail?.();
      if (failure) throw failure;
      return hits.slice(0, k);
    },
    async explain(_: string, id: string): Promise<Explanation | undefined> {
      const value = scores[id];
      if (value === undefined) return undefined;
      return {
        name: 'fixed',
        value,
        parts: [
          { name: 'half', value: value / 2 },
          { name: 'other half', value: value - value / 2 },
        ],
      };
    },
  };
  return source;
}

/** Scores documents by the length of their text. */
export const byLength: Reranker & { explain: (query: string, candidate: { id: string; text?: string }) => Promise<Explanation> } = {
  space: 'logit',
  async rerank(_, candidates) {
    return candidates.map(({ id, text }) => ({ id, score: text!.length })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  },
  explain: async (_, { text }) => ({ name: 'length', value: text!.length }),
};

export function documentsOf(texts: Readonly<Record<string, string>>): DocumentSource {
  return {
    get: async (ids) =>
      ids.map((id) =>
        texts[id] === undefined ? undefined : ({ id, text: texts[id]!, metadata: { size: texts[id]!.length } } satisfies Document),
      ),
  };
}

/** A sparse encoder without a model: each word has a weight, and brings the word of the next number with it. Counts what it was asked. */
export function wordWeights(size = 4096): SparseEncoder & { asked: { query: number; document: number } } {
  const words = new Map<number, string>();
  const encoder = {
    size,
    asked: { query: 0, document: 0 },
    async encode(texts: readonly string[], as: 'query' | 'document'): Promise<SparseVector[]> {
      encoder.asked[as] += texts.length;
      return texts.map((text) => {
        const weights = new Map<number, number>();
        for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
          const index = [...word].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % size, 7);
          words.set(index, word);
          const weight = (1 + (index % 7) / 7) * (as === 'query' ? 1 : 0.5);
          weights.set(index, Math.max(weights.get(index) ?? 0, weight));
          const beside = (index + 1) % size;
          weights.set(beside, Math.max(weights.get(beside) ?? 0, weight / 4));
        }
        const indices = Uint32Array.from(weights.keys()).sort();
        return { indices, values: Float32Array.from(indices, (index) => weights.get(index)!) };
      });
    },
    termOf: (index: number) => words.get(index),
  };
  return encoder;
}
