import { buildTokenIndex } from '@rank-rank/rerank';
import type { Context, Row } from '../question.ts';
import { contend } from './searching.ts';
import { isTokenSet, readTokenSet, type TokenSet, tokensIn } from './token-set.ts';

const sets = ['vaswani', 'cranfield', 'cacm', 'adi'];
/** Queries drawn from each set: its first ones. */
const queriesEach = 40;

/** The sets of all collections as one, of more than a million tokens where all four are there. The best of each query come from scoring every row in f32. */
export async function combined(context: Context): Promise<TokenSet> {
  const parts: TokenSet[] = [];
  for (const name of sets) if (isTokenSet(context, name)) parts.push(await readTokenSet(context, name));
  const named = (set: TokenSet, id: string): string => `${set.name}/${id}`;
  const documents = parts.flatMap((set) => set.documents.map((document) => ({ ...document, id: named(set, document.id) })));
  const queries = parts.flatMap((set) => set.queries.slice(0, queriesEach).map((query) => ({ ...query, id: named(set, query.id) })));
  const dim = parts[0]!.dim;
  const truth = await buildTokenIndex(documents, { dim, kind: 'exact', type: 'f32' });
  const exact = new Map<string, string[]>();
  for (const { id, tokens } of queries)
    exact.set(
      id,
      (await truth.search(tokens, 100)).map((hit) => hit.id),
    );
  await truth.close();
  return { name: 'million', dim, documents, queries, exact };
}

export async function million(context: Context): Promise<Row[]> {
  const set = await combined(context);
  context.note(`million: ${set.documents.length} documents, ${tokensIn(set.documents)} tokens, ${set.queries.length} queries.`);
  const candidates = (n: number) => [`${n} candidates`, { candidates: n }] as const;
  return contend(context, set, [
    { label: 'exact int8', options: { kind: 'exact', type: 'int8' }, settings: [['default', {}]] },
    { label: 'plaid 8 bit', options: { kind: 'plaid', bits: 8 }, settings: [['default', {}], candidates(150), candidates(600)] },
    { label: 'plaid 4 bit', options: { kind: 'plaid', bits: 4 }, settings: [['default', {}], candidates(150), candidates(600)] },
    {
      label: 'warp 4 bit',
      options: { kind: 'warp', bits: 4 },
      settings: [
        ['default', {}],
        ['128 probes', { probes: 128 }],
      ],
    },
  ]);
}
