import type { Document, Explanation, Ranking, Reranker } from '@rank-rank/core';
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
