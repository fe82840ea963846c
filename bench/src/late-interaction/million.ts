import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTokenIndex } from '@rank-rank/rerank';
import type { Context, Row } from '../question.ts';
import { contend } from './searching.ts';
import { isTokenSet, readTokenMatrices, readTokenSet, type TokenSet, tokensIn } from './token-set.ts';

const name = 'million';
const sets = ['vaswani', 'cranfield', 'cacm', 'adi'];
/** Queries drawn from each set: its first ones. */
const queriesEach = 40;

/**
 * The sets of all collections as one, of more than a million tokens where all four are there. It is written beside them once, so that
 * peers read the same files; the best of each query come from scoring every row in f32.
 */
export async function combined(context: Context): Promise<TokenSet> {
  if (!isTokenSet(context, name)) await write(context);
  return readTokenSet(context, name);
}

async function write(context: Context): Promise<void> {
  const from = (set: string, file: string): Buffer => readFileSync(join(context.workloads, 'tokens', set, file));
  const to = join(context.workloads, 'tokens', name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  const ids = { docs: [] as string[], queries: [] as string[] };
  for (const [kind, most] of [
    ['docs', Number.POSITIVE_INFINITY],
    ['queries', queriesEach],
  ] as const) {
    const offsets = [0];
    for (const set of sets.filter((each) => isTokenSet(context, each))) {
      const names = (JSON.parse(from(set, 'ids.json').toString('utf8')) as typeof ids)[kind];
      const own = from(set, `${kind}.offsets.u32`);
      const rows = from(set, `${kind}.f16`);
      const taken = Math.min(names.length, most);
      const before = offsets.at(-1)!;
      for (let i = 1; i <= taken; i++) offsets.push(before + own.readUInt32LE(4 * i));
      appendFileSync(
        join(to, `${kind}.f16`),
        rows.subarray(0, (rows.length / own.readUInt32LE(4 * names.length)) * own.readUInt32LE(4 * taken)),
      );
      ids[kind].push(...names.slice(0, taken).map((id) => `${set}/${id}`));
    }
    writeFileSync(join(to, `${kind}.offsets.u32`), Buffer.from(Uint32Array.from(offsets).buffer));
  }
  writeFileSync(join(to, 'ids.json'), JSON.stringify(ids));
  writeFileSync(join(to, 'qrels.json'), '{}');
  const documents = await readTokenMatrices(context, name, 'document');
  const truth = await buildTokenIndex(documents, { dim: documents[0]!.tokens.dim, kind: 'exact', type: 'f32' });
  const exact: Record<string, [string, number][]> = {};
  for (const { id, tokens } of await readTokenMatrices(context, name, 'query'))
    exact[id] = (await truth.search(tokens, 100)).map((hit) => [hit.id, hit.score]);
  await truth.close();
  // Last: with it the set is whole.
  writeFileSync(join(to, 'exact.json'), JSON.stringify(exact));
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
