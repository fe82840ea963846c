import { Random } from '@rank-rank/core';
import { buildTokenIndex, candidatesFor } from '@rank-rank/rerank';
import type { Context } from '../question.ts';
import { combined } from './million.ts';
import { readTokenSet, type TokenSet } from './token-set.ts';

/** A pseudo-query: so many rows in a row, of a document. */
const passageRows = 16;
const passages = 150;
/** Of what the codes of all documents give, the candidates have to hold so much: in every row, and on average. */
const wanted = [0.975, 0.985];
const depths = [10, 50, 100, 200];

/**
 * How many candidates the scan of centroids needs: the fewest that hold so much of the best k by the codes of all documents, beside the default. Asked with passages of the documents, so that no query and no judgement has a part in it.
 */
export async function candidates(context: Context): Promise<void> {
  const sets = [await readTokenSet(context, 'adi'), await readTokenSet(context, 'cacm'), await readTokenSet(context, 'cranfield')];
  for (const set of [...sets, await readTokenSet(context, 'vaswani'), await combined(context)]) await needed(context, set);
}

async function needed(context: Context, { name, dim, documents }: TokenSet): Promise<void> {
  const random = new Random(`passages ${name}`);
  const long = documents.filter(({ tokens }) => tokens.rows >= passageRows);
  const queries = random.sample(long.length, Math.min(passages, long.length)).map((number) => {
    const { tokens } = long[number]!;
    const from = random.integer(tokens.rows - passageRows + 1);
    return { ...tokens, rows: passageRows, data: tokens.data.subarray(from * dim, (from + passageRows) * dim) } as typeof tokens;
  });
  const index = await buildTokenIndex(documents, { dim, kind: 'plaid', bits: 4 });
  for (const k of depths.filter((depth) => depth < documents.length / 2)) {
    const truth: Set<string>[] = [];
    for (const query of queries) {
      truth.push(new Set((await index.search(query, k, { candidates: documents.length })).map((hit) => hit.id)));
    }
    const recall = async (count: number): Promise<number> => {
      let found = 0;
      for (const [i, query] of queries.entries()) {
        const hits = await index.search(query, k, { candidates: count });
        found += hits.filter((hit) => truth[i]!.has(hit.id)).length / truth[i]!.size;
      }
      return found / queries.length;
    };
    const chosen = candidatesFor(k, documents.length);
    const row = { task: 'candidates', metric: 'candidates', case: `${name}, ${documents.length} documents, ${k} hits` };
    context.say({ ...row, value: chosen, quality: { recall: Number((await recall(chosen)).toFixed(4)) } });
    let count = k;
    for (const share of wanted) {
      while (count < documents.length && (await recall(count)) < share) count = Math.min(documents.length, Math.ceil(count * 1.1));
      context.say({ ...row, peer: `fewest with ${share}`, value: count });
    }
  }
  await index.close();
}
