import { evaluate } from '@rank-rank/eval';
import { buildTokenIndex, type TokenIndexOptions, type TokenSearchOptions } from '@rank-rank/rerank';
import type { Context, Row } from '../question.ts';
import { readTokenSet, recallOf, type TokenSet, timeSearches, tokensIn } from './token-set.ts';

/** An index, by the name its rows have in the results, and the settings it is asked with. */
export interface Contender {
  readonly label: string;
  readonly options: Omit<TokenIndexOptions, 'dim'>;
  /** With how many hits are asked for, where it is not 100. */
  readonly settings: readonly (readonly [name: string, options: TokenSearchOptions, k?: number])[];
}

const candidates = (...numbers: readonly number[]) => numbers.map((n) => [`${n} candidates`, { candidates: n }] as const);
const probes = (...numbers: readonly number[]) => numbers.map((n) => [`${n} probes`, { probes: n }] as const);
const usual = [['default', {}]] as const;
const tenOf100 = [['10 hits of 100 candidates', { candidates: 100 }, 10]] as const;

const contenders: readonly Contender[] = [
  { label: 'exact int8', options: { kind: 'exact', type: 'int8' }, settings: usual },
  { label: 'plaid 8 bit', options: { kind: 'plaid', bits: 8 }, settings: [...usual, ...candidates(100, 150, 220, 512)] },
  { label: 'plaid 4 bit', options: { kind: 'plaid', bits: 4 }, settings: [...usual, ...candidates(100, 150, 220, 512), ...tenOf100] },
  { label: 'plaid 2 bit', options: { kind: 'plaid', bits: 2 }, settings: [...usual, ...candidates(100, 512)] },
  { label: 'plaid 1 bit', options: { kind: 'plaid', bits: 1 }, settings: usual },
  { label: 'warp 4 bit', options: { kind: 'warp', bits: 4 }, settings: [...usual, ...probes(8, 128)] },
  { label: 'auto', options: {}, settings: usual },
  { label: 'muvera int8', options: { kind: 'muvera', type: 'int8' }, settings: [...usual, ...candidates(100), ...tenOf100] },
];

/** Builds each index and asks it the set's queries. */
export async function searching(context: Context, name: string): Promise<Row[]> {
  const kinds = context.only.filter((word) => contenders.some(({ label }) => label.startsWith(word)));
  const wanted = contenders.filter(({ label }) => kinds.length === 0 || kinds.some((kind) => label.startsWith(kind)));
  return contend(context, await readTokenSet(context, name), wanted);
}

export async function contend(context: Context, set: TokenSet, list: readonly Contender[]): Promise<Row[]> {
  const rows: Row[] = [];
  const say = (row: Omit<Row, 'peer' | 'threads'>): void => {
    context.say(row);
    rows.push({ peer: 'rank-rank', threads: 1, ...row });
  };
  const { name, dim, documents, queries, qrels } = set;
  for (const { label, options, settings } of list) {
    // Processor time: a build has no repeats whose median would leave out what other processes do.
    const before = process.cpuUsage();
    const started = performance.now();
    const index = await buildTokenIndex(documents, { dim, ...options });
    const wall = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    say({ task: 'late-index', case: `${name}/${label}`, metric: 'seconds', value: (user + system) / 1e6, quality: { wall } });
    say({ task: 'late-index', case: `${name}/${label}`, metric: 'bytes_per_token', value: index.describe().bytes / tokensIn(documents) });
    for (const [setting, search, k = 100] of settings) {
      const { qps, found, p50, p95 } = await timeSearches(index, queries, k, search);
      const quality = {
        'recall@10': rounded(recallOf(set, found, 10)),
        ...(k >= 100 && { 'recall@100': rounded(recallOf(set, found, 100)) }),
        ...(qrels && { 'ndcg@10': rounded(evaluate(qrels, found, ['nDCG@10']).values['nDCG@10']!) }),
        p50_ms: rounded(p50),
        p95_ms: rounded(p95),
      };
      say({ task: 'late-index', case: `${name}/${label}, ${setting}`, metric: 'qps', value: qps, quality });
    }
    await index.close();
  }
  return rows;
}

export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
