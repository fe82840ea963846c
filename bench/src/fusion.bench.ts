/**
 * How long fusion takes: a query's two rankings, and the five robust03 runs (100 queries, 1,000 deep) by every method that ranx has too.
 * Ours is given runs as the reader made them, with checking, ordering and hits included; ranx its own dictionaries, with min-max normalization.
 * Results are held to those of ranx 0.3.21 on the same files, which the agreement tests of the package keep: the sum of all scores, to 1e-9.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Hit, Random, type Run } from '@rank-rank/core';
import { readRun } from '@rank-rank/core/files';
import { type FuseOptions, findMethod, fuse, rrf } from '@rank-rank/fusion';
import { measure } from './measure.ts';
import type { Context, Question } from './question.ts';

/** The names of ranx, by which rows are matched with its own. */
const methods = [
  'rrf',
  'isr',
  'sum',
  'mnz',
  'max',
  'med',
  'anz',
  'gmnz',
  'rbc',
  'wsum',
  'mixed',
  'wmnz',
  'bordafuse',
  'condorcet',
  'copeland',
] as const;
const parameters: Readonly<Record<string, Record<string, unknown>>> = {
  gmnz: { gamma: 0.5 },
  wsum: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
  mixed: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
  wmnz: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
};

/** Defaults that the recorded figures name. */
const standard: Readonly<Record<string, Record<string, unknown>>> = { rrf: { k: 60 }, rbc: { phi: 0.8 } };

interface RecordedCase {
  readonly method: string;
  readonly norm: string | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** The sum of the fused scores of all queries, first. */
  readonly total: readonly number[];
}

/** The sum of all fused scores that ranx gave, by method; the parameters have to be those measured here. */
function recordedSums(): ReadonlyMap<string, number> {
  const path = fileURLToPath(new URL('../../packages/fusion/src/agreement/ranx-robust03.json', import.meta.url));
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly RecordedCase[] };
  const sums = new Map<string, number>();
  for (const { method, norm, params, total } of cases) {
    const known = JSON.stringify(params) === JSON.stringify(parameters[method] ?? standard[method] ?? {});
    if (known && (norm === null || norm === 'min-max') && !sums.has(method)) sums.set(method, total[0]!);
  }
  return sums;
}

function sumOfScores(run: Run): number {
  let sum = 0;
  for (const ranking of run.values()) for (const { score } of ranking) sum += score;
  return sum;
}

/** Two rankings that share about half of their documents; each has strings of its own, as two engines' answers do. */
function rankings(length: number): Hit[][] {
  const random = new Random(7);
  return ['a', 'b'].map((engine) => {
    const ids = new Set<string>();
    for (let i = 0; ids.size < length; i++) ids.add(random.next() < 0.5 ? `d${random.integer(length * 2)}` : `${engine}${i}`);
    return Array.from(ids, (id, i) => ({ id, score: 100 - i / length }));
  });
}

async function robustRuns(context: Context): Promise<Run[] | undefined> {
  const folder = join(context.data, 'runs/robust03');
  if (!existsSync(folder)) {
    context.note(`${folder} is not here: the robust03 rows are left out`);
    return undefined;
  }
  const files = readdirSync(folder).filter((name) => name.startsWith('input.'));
  return Promise.all(files.sort().map((name) => readRun(join(folder, name))));
}

const question: Question = {
  title: 'Fusion: how long to fuse a query, and the five robust03 runs',
  async run(context) {
    const wanted = (name: string): boolean => context.only.length === 0 || context.only.includes(name);
    for (const length of wanted('rrf') ? [100, 1000] : []) {
      const pair = rankings(length);
      const { seconds, low, high } = measure(() => rrf(pair), { warm: 1000, repeats: 25 });
      context.say({ task: 'fusion', case: `rrf/2x${length}`, metric: 'us', value: seconds * 1e6, spread: [low * 1e6, high * 1e6] });
    }
    const runs = await robustRuns(context);
    if (runs === undefined) return;
    const queries = runs[0]!.size;
    const recorded = recordedSums();
    for (const name of methods.filter(wanted)) {
      const options = { ...parameters[name], method: findMethod(name) } as FuseOptions;
      const perQuery = 1e6 / queries;
      const { seconds, low, high, last } = measure(() => fuse(runs, options), { warm: 10, repeats: 15, calls: 1 });
      const sum = sumOfScores(last as Run);
      const theirs = recorded.get(name);
      if (theirs !== undefined && !(Math.abs(sum / theirs - 1) < 1e-9))
        throw new Error(`${name}: scores add up to ${sum}, and ${theirs} with ranx`);
      context.say({
        task: 'fusion',
        case: `robust03/${name}`,
        metric: 'us',
        value: seconds * perQuery,
        spread: [low * perQuery, high * perQuery],
        quality: { 'sum of scores': sum, ...(theirs === undefined ? {} : { 'with ranx': theirs }) },
      });
    }
    await context.peer('rank/fusion_eval.py');
  },
};

export default question;
