/**
 * How long reading runs and evaluating them takes, beside ranx and pytrec_eval: five robust03 runs (100 queries, 1,000 deep), a run file of
 * a million lines of theirs, all of trec_eval's measures per query and averaged, and Fisher's randomization test of every pair of five runs.
 * Judgements are made ready once, as pytrec_eval's evaluator does; runs are as the reader made them, or plain objects as pytrec_eval's are.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Qrels, Run } from '@rank-rank/core';
import { readQrels, readRun, streamRun } from '@rank-rank/core/files';
import { Evaluator, fisherRandomizations, trecEval, valuesOf } from '@rank-rank/eval';
import { measure, measureAsync, type Timing } from './measure.ts';
import type { Context, Question } from './question.ts';

const six = ['nDCG@10', 'AP', 'RR', 'P@10', 'R@100', 'R@1000'];

const question: Question = {
  title: 'Evaluation: reading runs, all measures, and comparing runs',
  group: ({ case: name, metric }) => `${name} (${metric})`,
  async run(context) {
    const wanted = (name: string): boolean => context.only.length === 0 || context.only.includes(name);
    const folder = join(context.data, 'runs/robust03');
    if (!existsSync(folder)) {
      context.note(`${folder} is not here: the robust03 rows are left out`);
      return;
    }
    const files = readdirSync(folder).filter((name) => name.startsWith('input.'));
    const paths = files.sort().map((name) => join(folder, name));
    if (wanted('read')) {
      await readMillion(context, paths);
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
        if (name === 'all measures') await agreesWithPytrecEval(context, folder, qrels, runs[0]!);
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

async function readMillion(context: Context, paths: readonly string[]): Promise<void> {
  const path = million(context, paths);
  context.say({
    task: 'eval',
    case: 'a million lines/read, memory as a multiple of the file',
    metric: 'ratio',
    value: memoryOf('globalThis.run = await readRun(path);', path) / statSync(path).size,
  });
  const streaming = 'let hits = 0; for await (const { ranking } of streamRun(path)) hits += ranking.length;';
  context.say({
    task: 'eval',
    case: 'a million lines/stream query by query, memory as a multiple of the file',
    metric: 'ratio',
    value: memoryOf(streaming, path) / statSync(path).size,
  });
  const run = await readRun(path);
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

/** How much the memory of a process grows at most when it reads a file: in one of its own, as the highest memory is never forgotten. */
function memoryOf(reading: string, path: string): number {
  const script = `
    import { readRun, streamRun } from ${JSON.stringify(import.meta.resolve('@rank-rank/core/files'))};
    import { peakKilobytes } from ${JSON.stringify(new URL('../peers/peak-memory.mjs', import.meta.url).href)};
    const path = ${JSON.stringify(path)};
    const before = peakKilobytes();
    ${reading}
    console.log((peakKilobytes() - before) * 1024);`;
  return Number.parseInt(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }), 10);
}

/** A million lines of the robust03 runs, written once: each hundred queries gets numbers of its own, so that there are 1,000. */
function million(context: Context, paths: readonly string[]): string {
  const folder = join(context.workloads, 'trec');
  const path = join(folder, 'robust03-million.run');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const texts = paths
    .map((source) => gunzipSync(readFileSync(source)).toString('latin1').split('\n'))
    .filter((lines) => lines.length > 100_000);
  let whole = '';
  for (let block = 1; block <= 10; block++) {
    for (const line of texts[block % texts.length]!.slice(0, 100_000)) whole += `${block}${line}\n`;
  }
  writeFileSync(path, whole, 'latin1');
  return path;
}

/**
 * Holds what trec_eval would print, of all its measures, to pytrec_eval in the same run. pytrec_eval is trec_eval 9: scores in single precision, and
 * its own rounding of recall points.
 */
async function agreesWithPytrecEval(context: Context, folder: string, qrels: Qrels, run: Run): Promise<void> {
  const script = fileURLToPath(new URL('../peers/pytrec_eval_values.py', import.meta.url));
  const rows = await context.peer(script, { environment: 'rank', args: [folder] });
  if (rows.length === 0) return;
  const printed = trecEval(qrels, run, { measures: ['all_trec'], version: 9 });
  const ours = new Map(
    printed
      .split('\n')
      .map((line) => line.split(/\s+/) as [string, string, string])
      .map(([name, , value]) => [name, value]),
  );
  let equal = 0;
  for (const { case: name, value } of rows) {
    const measure = name.slice('robust03/'.length);
    if (!ours.has(measure)) continue;
    if (Math.abs(Number(ours.get(measure)) - value) > 0.5001e-4)
      throw new Error(`${measure} is ${ours.get(measure)}, and ${value} with pytrec_eval`);
    equal++;
  }
  context.say({ task: 'eval', case: 'robust03/measures equal to those of pytrec_eval', metric: 'measures', value: equal });
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
