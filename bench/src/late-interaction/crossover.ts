import { buildTokenIndex } from '@rank-rank/rerank';
import type { Context } from '../question.ts';
import { readTokenSet, timeSearches, tokensIn } from './token-set.ts';

const sizes = [1_500, 3_000, 6_000, 8_000, 10_000, 12_000, 24_000, 48_000, 192_000];

/** From how many rows on scanning centroids first beats comparing with all rows in bytes: the first documents of a set, ten hits a query. */
export async function crossover(context: Context): Promise<void> {
  const { dim, documents, queries } = await readTokenSet(context, 'vaswani');
  for (const size of sizes) {
    let rows = 0;
    const some = documents.slice(
      0,
      documents.findIndex(({ tokens }) => (rows += tokens.rows) > size),
    );
    for (const [label, options] of [
      ['exact int8', { kind: 'exact', type: 'int8' }],
      ['plaid 4 bit', { kind: 'plaid', bits: 4 }],
    ] as const) {
      const index = await buildTokenIndex(some, { dim, ...options });
      const { p50 } = await timeSearches(index, queries, 10, {});
      context.say({ task: 'crossover', case: `${tokensIn(some)} tokens/${label}`, metric: 'ms', value: p50 });
      await index.close();
    }
  }
}
