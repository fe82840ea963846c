import {
  checkInteger,
  checkOptions,
  isRankError,
  RankError,
  type Ranking,
  type Retriever,
  type SearchOptions,
  shown,
} from '@rank-rank/core';
import { type FuseOptions, fuse } from '@rank-rank/fusion';
import type { ChatModel } from '../generate/chat-model.ts';

export interface MultiQueryOptions {
  /** How many other wordings are asked for; 3 by default. */
  readonly queries?: number;
  /** How their rankings are fused with that of the query itself. Reciprocal rank fusion by default. */
  readonly fusion?: FuseOptions;
  /** Hits that each wording is asked for; 100 by default, and never fewer than k. */
  readonly depth?: number;
}

const instructions =
  'Write other ways to ask for what the user is looking for: different words, the same meaning. One on each line, no numbers, no remarks.';

/**
 * Asks a model for other wordings of the query, searches with all of them and fuses what they find: finds documents that use other words. If the
 * model fails, the query alone is searched.
 *
 * @example retrieve({ bm25: multiQuery(lexical, chat), dense })
 */
export function multiQuery(retriever: Retriever, model: ChatModel, options: MultiQueryOptions = {}): Retriever {
  checkOptions('multiQuery', options, ['queries', 'fusion', 'depth']);
  if (typeof model?.complete !== 'function')
    throw new RankError('INVALID_ARGUMENT', `multiQuery: the model is ${shown(model)}; expected a chat model.`);
  const count = checkInteger('multiQuery: queries', options.queries ?? 3, { min: 1, max: 20 });
  const depth = checkInteger('multiQuery: depth', options.depth ?? 100, { min: 1 });
  return {
    async search(query: string, k: number, search: SearchOptions = {}): Promise<Ranking> {
      const wordings = [query, ...(await otherWordings(query, model, count, search.signal))];
      const rankings = await Promise.all(wordings.map((wording) => retriever.search(wording, Math.max(k, depth), search)));
      const runs = rankings.map((ranking) => new Map([['q', ranking]]));
      return fuse(runs, { ...options.fusion, topK: k } as FuseOptions).get('q') ?? [];
    },
  };
}

async function otherWordings(query: string, model: ChatModel, count: number, signal: AbortSignal | undefined): Promise<string[]> {
  try {
    const answer = await model.complete(
      [
        { role: 'system', content: `${instructions} Write ${count}.` },
        { role: 'user', content: query },
      ],
      { maxTokens: 60 * count, ...(signal && { signal }) },
    );
    // Models number and decorate their lines whatever they are told.
    const lines = answer.split('\n').map((line) =>
      line
        .replace(/^\s*(?:[-*•]|\d+[.)])\s*/, '')
        .replaceAll(/^["'“]|["'”]$/g, '')
        .trim(),
    );
    return [...new Set(lines)]
      .filter((line) => line !== '' && line.length <= 500 && line.toLowerCase() !== query.toLowerCase())
      .slice(0, count);
  } catch (error) {
    if (signal?.aborted || !isRankError(error)) throw error;
    return [];
  }
}
