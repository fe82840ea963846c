import type { Ranking, Tokens } from '@rank-rank/core';
import { evaluate } from '@rank-rank/eval';
import { buildTokenIndex, poolTokens, type TokenIndexOptions, truncateTokens } from '@rank-rank/rerank';
import type { Context } from '../question.ts';
import { rounded } from './searching.ts';
import { readTokenSet, recallOf } from './token-set.ts';

const reranked = 'int8, query in bytes';

/** What each way of keeping rows costs in nDCG@10 and in recall of the exact order, every document scored. */
export async function loss(context: Context, name: string): Promise<void> {
  const set = await readTokenSet(context, name);
  const same = (tokens: Tokens): Tokens => tokens;
  const pooled = (factor: number) => (tokens: Tokens) => poolTokens(tokens, { factor }).tokens;
  const truncated = (dim: number) => (tokens: Tokens) => truncateTokens(tokens, dim);
  const ways: readonly (readonly [string, Omit<TokenIndexOptions, 'dim'>, (tokens: Tokens) => Tokens, ((tokens: Tokens) => Tokens)?])[] = [
    ['f32', { type: 'f32' }, same],
    ['f16', { type: 'f16' }, same],
    ['int8', { type: 'int8' }, same],
    [reranked, { type: 'int8' }, same],
    ['binary', { type: 'binary' }, same],
    ...([8, 4, 2, 1] as const).map((bits) => [`${bits} bit`, { type: 'residual', bits }, same] as const),
    ['pooled 2×', { type: 'f32' }, pooled(2)],
    ['pooled 3×', { type: 'f32' }, pooled(3)],
    ['96 dimensions', { type: 'f32' }, truncated(96), truncated(96)],
    ['64 dimensions', { type: 'f32' }, truncated(64), truncated(64)],
  ];
  let full = 0;
  for (const [label, options, ofDocument, ofQuery = same] of ways) {
    const documents = set.documents.map((document) => ({ ...document, tokens: ofDocument(document.tokens) }));
    const index = await buildTokenIndex(documents, { dim: documents[0]!.tokens.dim, kind: 'exact', ...options });
    const found = new Map<string, Ranking>();
    const ids = documents.map(({ id }) => id);
    for (const { id, tokens } of set.queries) {
      // A search ends with the query's floats.
      const hits =
        label === reranked ? index.store.rerank(tokens, ids, { k: 100, query: 'quantised' }) : await index.search(ofQuery(tokens), 100);
      found.set(id, hits);
    }
    const ndcg = evaluate(set.qrels!, found, ['nDCG@10']).values['nDCG@10']!;
    if (label === 'f32') full = ndcg;
    const { bytes } = index.describe();
    context.say({
      task: 'loss',
      case: `${name}/${label}`,
      metric: 'nDCG@10',
      value: rounded(ndcg),
      quality: {
        'change %': Math.round((ndcg / full - 1) * 1e4) / 100,
        'recall@10': rounded(recallOf(set, found, 10)),
        'recall@100': rounded(recallOf(set, found, 100)),
        MB: Math.round(bytes / 1e5) / 10,
      },
    });
    await index.close();
  }
}
