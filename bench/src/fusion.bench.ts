/**
 * How long fusion takes: a query's two rankings, and the five robust03 runs (100 queries, 1,000 deep) by every method that ranx has too.
 * Ours is given runs as the reader made them, with checking, ordering and hits included; ranx its own dictionaries, with min-max normalization.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
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
  gmnz: { gamma: 0.01 },
  wsum: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
  mixed: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
  wmnz: { weights: [0.1, 0.3, 0.15, 0.25, 0.2] },
};

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
    for (const name of methods.filter(wanted)) {
      const options = { ...parameters[name], method: findMethod(name) } as FuseOptions;
      const perQuery = 1e6 / queries;
      const { seconds, low, high } = measure(() => fuse(runs, options), { warm: 3, repeats: 9, calls: 1 });
      context.say({
        task: 'fusion',
        case: `robust03/${name}`,
        metric: 'us',
        value: seconds * perQuery,
        spread: [low * perQuery, high * perQuery],
      });
    }
    await context.peer('rank/fusion_eval.py');
  },
};

export default question;
