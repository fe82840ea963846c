/**
 * How long reading runs and evaluating them takes, beside ranx and pytrec_eval: five robust03 runs (100 queries, 1,000 deep), a run file of
 * a million lines, all of trec_eval's measures per query and averaged, and Fisher's randomization test of every pair of five runs.
 * Judgements are made ready once, as pytrec_eval's evaluator does; runs are as the reader made them, or plain objects as pytrec_eval's are.
 */
import { createWriteStream, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { Random, type Run } from '@rank-rank/core';
import { readQrels, readRun, streamRun } from '@rank-rank/core/files';
import { Evaluator, fisherRandomizations, valuesOf } from '@rank-rank/eval';
import { measure, measureAsync, type Timing } from './measure.ts';
import type { Context, Question } from './question.ts';

const six = ['nDCG@10', 'AP', 'RR', 'P@10', 'R@100', 'R@1000'];

const question: Question = {
  title: 'Evaluation: reading runs, all measures, and comparing runs',
  group: ({ case: name, metric }) => `${name} (${metric})`,
  async run(context) {
    const wanted = (name: string): boolean => context.only.length === 0 || context.only.includes(name);
    // First, as the highest memory of the process is what is looked at.
    if (wanted('read')) await readMillion(context);
    const folder = join(context.data, 'runs/robust03');
    if (!existsSync(folder)) {
      context.note(`${folder} is not here: the robust03 rows are left out`);
      return;
    }
    const files = readdirSync(folder).filter((name) => name.startsWith('input.'));
    const paths = files.sort().map((name) => join(folder, name));
    if (wanted('read')) {
      const timing = await measureAsync(() => Promise.all(paths.map((path) => readRun(path))), { warm: 1, repeats: 5 });
      say(context, 'robust03/read 5 runs', 'seconds', timing);
    }
    const runs = await Promise.all(paths.map((path) => readRun(path)));
    const qrels = await readQrels(join(folder, 'qrels.txt'));
    if (wanted('measures')) {
      for (const [name, measures] of [
        ['all measures', ['all_trec']],
        ['6 measures', six],
      ] as const) {
        const evaluator = new Evaluator(qrels, measures);
        const { values } = evaluator.evaluate(runs[0]!);
        const quality = { map: values['map'] ?? values['AP']!, 'ndcg@10': values['ndcg_cut_10'] ?? values['nDCG@10']! };
        say(
          context,
          `robust03/${name}`,
          'ms',
          measure(() => evaluator.evaluate(runs[0]!), { warm: 5, calls: 1, repeats: 15 }),
          { quality },
        );
        const objects = plain(runs[0]!);
        const timing = measure(() => evaluator.evaluate(objects), { warm: 5, calls: 1, repeats: 15 });
        say(context, `robust03/${name}`, 'ms', timing, { quality, peer: 'rank-rank, plain objects' });
      }
    }
    if (wanted('compare')) {
      const evaluator = new Evaluator(qrels, 'AP');
      const values = runs.map((run) => valuesOf(evaluator.evaluate(run), 'AP'));
      const pairs = values.flatMap((a, i) => values.slice(i + 1).map((b) => [a, b] as const));
      const timing = measure(() => fisherRandomizations(pairs, { permutations: 100_000 }), { warm: 1, repeats: 5, calls: 1 });
      say(context, `robust03/Fisher randomization, 100,000 permutations, ${pairs.length} pairs`, 'seconds', timing);
    }
    await context.peer('rank/fusion_eval.py');
  },
};

async function readMillion(context: Context): Promise<void> {
  const path = await million(context);
  const size = statSync(path).size;
  const before = process.resourceUsage().maxRSS;
  const run = await readRun(path);
  const ratio = ((process.resourceUsage().maxRSS - before) * 1024) / size;
  context.say({ task: 'eval', case: 'a million lines/read, memory as a multiple of the file', metric: 'ratio', value: ratio });
  const whole = await measureAsync(() => readRun(path), { warm: 0, repeats: 3 });
  say(context, 'a million lines/read', 'seconds', whole);
  let hits = 0;
  const streamed = await measureAsync(
    async () => {
      hits = 0;
      for await (const { ranking } of streamRun(path)) hits += ranking.length;
    },
    { warm: 0, repeats: 3 },
  );
  say(context, 'a million lines/stream query by query', 'seconds', streamed);
  if (run.size !== 1000 || hits !== 1_000_000) throw new Error(`read ${run.size} queries and ${hits} hits`);
}

/** A run of 1,000 queries with 1,000 documents each, written once. */
async function million(context: Context): Promise<string> {
  const folder = join(context.workloads, 'trec');
  const path = join(folder, 'million.run');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const random = new Random(1);
  const file = createWriteStream(path);
  for (let query = 1; query <= 1000; query++) {
    let lines = '';
    for (let rank = 1; rank <= 1000; rank++) {
      lines += `${query} Q0 FT${random.integer(1000)}-${rank}${random.integer(1000)} ${rank} ${(30 - rank / 50).toFixed(6)} sample\n`;
    }
    if (!file.write(lines)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  }
  file.end();
  await finished(file);
  return path;
}

function plain(run: Run): Record<string, Record<string, number>> {
  return Object.fromEntries(Array.from(run, ([query, hits]) => [query, Object.fromEntries(hits.map(({ id, score }) => [id, score]))]));
}

function say(
  context: Context,
  name: string,
  metric: 'ms' | 'seconds',
  { seconds, low, high }: Timing,
  more: { quality?: Record<string, number>; peer?: string } = {},
): void {
  const by = metric === 'ms' ? 1000 : 1;
  context.say({ task: 'eval', case: name, metric, value: seconds * by, spread: [low * by, high * by], ...more });
}

export default question;
