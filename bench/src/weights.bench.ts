/**
 * `npm run bench weights`, or some of its steps: `dense`, `feedback`, `late`, `unseen`, `sparse`.
 *
 * Chooses the weights of what is learned from a collection's own texts, and of its part in the named pipelines, without a judgement: by pseudo-queries
 * taken out of the texts of Cranfield, CACM, ADI and Vaswani, and one rule for all of them (see `choose`). What the judgements then say of the choice
 * is `npm run bench pipeline quality`; `unseen` asks texts that had no part in the choice, nor in any look at it. `sparse` shows what a
 * model's sparse vectors weigh, by judgements.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, fullText, type Matrix, type Ranking } from '@rank-rank/core';
import { openBeir } from '@rank-rank/core/files';
import { evaluate } from '@rank-rank/eval';
import { fuse } from '@rank-rank/fusion';
import { type LearnOptions, learnStaticEncoder } from '@rank-rank/models';
import { Collection, type DescribedStage } from '@rank-rank/pipeline';
import { LexicalIndex } from '@rank-rank/retrieve';
import type { Context, Question } from './question.ts';
import { type PseudoTask, pseudoTask } from './weights/pseudo-queries.ts';
import { sparseWeight } from './weights/sparse-weight.ts';
import { summaryTasks } from './weights/summary-tasks.ts';

const collections = ['cranfield', 'cacm', 'adi', 'vaswani'];
const depth = 1000;
const mostQueries = 300;

/** What is chosen. */
interface Weights {
  /** Dimensions of the learned vectors. */
  readonly dim: number;
  /** The dense list's weight beside BM25's 1, in the sum of scores between 0 and 1. */
  readonly dense: number;
  /** Whether the best documents move the query's vector. */
  readonly feedback: boolean;
  /** The share of late interaction beside the score before. */
  readonly late: number;
  /** What rows of token matrices take of their whole text. */
  readonly topic: number;
}

/** What was chosen: a step that is run by itself starts from here. */
const start: Weights = { dim: 40, dense: 0.2, feedback: true, topic: 0.25, late: 0.1 };

const question: Question = {
  title: 'Weights chosen by pseudo-queries, without judgements',
  group: ({ task }) => task,
  async run(context) {
    if (context.only.length === 0 || context.only.includes('unseen')) await unseen(context);
    if (context.only.length === 0 || context.only.includes('sparse')) await sparseWeight(context, collections);
    if (context.only.length > 0 && context.only.every((name) => name === 'unseen' || name === 'sparse')) return;
    const tasks = await pseudoTasks(context);
    if (tasks.length === 0) return;
    let chosen = start;
    const step = async (name: string, figuresOf: FiguresOf, changes: readonly Partial<Weights>[]): Promise<Weights> => {
      if (context.only.length > 0 && !context.only.includes(name)) return chosen;
      const candidates = changes.map((change) => ({ ...chosen, ...change }));
      return choose(context, name, tasks, figuresOf, candidates);
    };
    // The more dimensions, the nearer are learned vectors to the words they are made of, and so to BM25.
    chosen = await step(
      'dense',
      fusedFigures,
      [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5].flatMap((dense) => [200, 120, 80, 60, 50, 40, 30, 20].map((dim) => ({ dense, dim }))),
    );
    // A query of which one document is the answer can show that feedback harms, and never that it helps: it is not chosen by this, but watched.
    await step(
      'feedback',
      pipelineFigures,
      [false, true].map((feedback) => ({ feedback, late: 0 })),
    );
    chosen = await step(
      'late',
      pipelineFigures,
      [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6].flatMap((late) => [0, 0.25, 0.5, 1].map((topic) => ({ late, topic }))),
    );
    context.note(`chosen: ${JSON.stringify(chosen)}`);
  },
};
export default question;

/** The named pipelines as they are, beside words alone. */
async function unseen(context: Context): Promise<void> {
  for (const task of summaryTasks(fileURLToPath(new URL('../../node_modules', import.meta.url)), mostQueries)) {
    const collection = await Collection.memory({ encoder: 'static' });
    await collection.add(task.documents);
    await collection.commit();
    for (const name of ['bm25', 'hybrid', 'full'] as const) {
      const pipeline = await collection.pipeline(name);
      const run = new Map<string, Ranking>();
      for (const { id, text } of task.queries) run.set(id, await pipeline.search(text, 10));
      const size = { documents: task.documents.length, queries: task.queries.length };
      context.say({ task: 'unseen', case: `${task.name}, ${name}`, metric: 'nDCG@10', value: figure(task, run), quality: size });
    }
    await collection.close();
  }
}

async function pseudoTasks(context: Context): Promise<PseudoTask[]> {
  const tasks: PseudoTask[] = [];
  for (const name of collections) {
    const folder = join(context.data, 'collections', name);
    if (!existsSync(folder)) {
      context.note(`${folder} is not here: nothing was asked of it`);
      continue;
    }
    const documents: Document[] = [];
    for await (const document of (await openBeir(folder)).documents()) documents.push(document);
    for (const kind of ['title', 'passage'] as const) {
      const task = pseudoTask(name, kind, documents, mostQueries);
      if (task !== undefined) tasks.push(task);
    }
  }
  return tasks;
}

/** nDCG@10 of each candidate on a task. */
type FiguresOf = (task: PseudoTask, candidates: readonly Weights[]) => Promise<number[]>;

/**
 * The one-standard-error rule (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984): of the candidates, which stand from the
 * nearest to plain BM25 to the farthest, the first that is no worse than the best by more than one standard error of that difference. The weights are
 * for collections that nobody has seen, so the error is that over collections; the kinds of queries of one are averaged.
 */
async function choose(
  context: Context,
  step: string,
  tasks: readonly PseudoTask[],
  figuresOf: FiguresOf,
  candidates: readonly Weights[],
): Promise<Weights> {
  const figures = candidates.map((): Record<string, number> => ({}));
  for (const task of tasks) {
    for (const [i, figure] of (await figuresOf(task, candidates)).entries()) figures[i]![task.name] = figure;
  }
  const names = new Set(tasks.map(({ collection }) => collection));
  const byCollection = figures.map((values) =>
    Array.from(names, (name) => mean(tasks.filter(({ collection }) => collection === name).map((task) => values[task.name]!))),
  );
  const means = byCollection.map(mean);
  const most = means.indexOf(Math.max(...means));
  const lost = byCollection.map((values) => values.map((value, i) => byCollection[most]![i]! - value));
  const at = lost.findIndex((losses) => mean(losses) <= standardError(losses));
  candidates.forEach((weights, i) => {
    const quality = { ...figures[i]!, 'below the best': mean(lost[i]!), 'standard error': standardError(lost[i]!) };
    context.say({ task: step, case: JSON.stringify(weights), metric: 'nDCG@10 of pseudo-queries', value: means[i]!, quality });
  });
  for (const [word, i] of [
    ['best', most],
    ['chosen', at],
  ] as const) {
    context.note(`${step}, ${word}: ${JSON.stringify(candidates[i])} ${means[i]!.toFixed(4)}`);
  }
  return candidates[at]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a mean; the standard error of the best candidate's loss, which is 0 everywhere, is 0. */
function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
}

/** The weighted sum of BM25 and the learned vectors by itself. */
async function fusedFigures(task: PseudoTask, candidates: readonly Weights[]): Promise<number[]> {
  const { documents, queries } = task;
  const ids = documents.map(({ id }) => id);
  const texts = documents.map(fullText);
  const index = await LexicalIndex.build(documents);
  const bm25 = await Promise.all(queries.map(({ text }) => index.search(text, depth)));
  await index.close();
  const figures: number[] = [];
  for (const dim of new Set(candidates.map((weights) => weights.dim))) {
    const encoder = (await learnStaticEncoder(texts, { dim })).dense;
    const matrix = await encoder.encode(texts, 'document');
    const found: Ranking[] = [];
    for (const { text } of queries) found.push(nearest((await encoder.encode([text], 'query')).data, matrix, ids));
    candidates.forEach((weights, at) => {
      if (weights.dim !== dim) return;
      const run = queries.map(({ id }, i): [string, Ranking] => [id, weightedSum(bm25[i]!, found[i]!, weights.dense)]);
      figures[at] = figure(task, new Map(run));
    });
  }
  return figures;
}

function nearest(query: Float32Array, { data, dim }: Matrix, ids: readonly string[]): Ranking {
  const scores = Float32Array.from(ids, (_, row) => {
    let score = 0;
    for (let k = 0; k < dim; k++) score += query[k]! * data[row * dim + k]!;
    return score;
  });
  const rows = Uint32Array.from(ids, (_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return Array.from(rows.subarray(0, depth), (row) => ({ id: ids[row]!, score: scores[row]! }));
}

function weightedSum(bm25: Ranking, dense: Ranking, weight: number): Ranking {
  const runs = { bm25: new Map([['q', bm25]]), dense: new Map([['q', dense]]) };
  return fuse(runs, { method: 'weighted-sum', weights: { bm25: 1, dense: weight } }).get('q') ?? [];
}

/** The stages of the named pipelines, with the candidates' weights. */
async function pipelineFigures(task: PseudoTask, candidates: readonly Weights[]): Promise<number[]> {
  const figures: number[] = [];
  const keys = candidates.map(({ dim, topic }) => JSON.stringify({ dim, topic }));
  for (const key of new Set(keys)) {
    const { dense, tokens } = await learnStaticEncoder(task.documents.map(fullText), JSON.parse(key) as LearnOptions);
    const collection = await Collection.memory({ encoder: { name: 'learned', dense, tokens } });
    await collection.add(task.documents);
    await collection.commit();
    for (const [at, weights] of candidates.entries()) {
      if (keys[at] !== key) continue;
      const pipeline = await collection.describedPipeline({ stages: stagesOf(weights) });
      const run = new Map<string, Ranking>();
      for (const { id, text } of task.queries) run.set(id, await pipeline.search(text, 10));
      figures[at] = figure(task, run);
    }
    await collection.close();
  }
  return figures;
}

function stagesOf({ dense, feedback, late }: Weights): DescribedStage[] {
  const fusion = { method: 'weighted-sum', weights: { bm25: 1, dense } } as const;
  return [
    { retrieve: ['bm25', 'dense'] },
    ...(feedback ? [{ feedback: { source: 'dense', fusion } }] : []),
    { fuse: fusion },
    ...(late > 0 ? [{ rerank: 'late', depth: 100, fallback: 'previous', blend: { alpha: late, normalise: 'z-score' } } as const] : []),
  ];
}

function figure({ qrels }: PseudoTask, run: ReadonlyMap<string, Ranking>): number {
  return evaluate(qrels, run, ['nDCG@10']).values['nDCG@10']!;
}
