/**
 * Collections from end to end, without a model: what each named pipeline reaches on four judged collections, and how long it takes; then the same machinery over
 * 100,000 generated documents (`npm run bench pipeline large`; `million` for a million): indexing, memory, opening, and the times of lexical search with late interaction over its
 * best hundred.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, Random } from '@rank-rank/core';
import { openBeir } from '@rank-rank/core/files';
import { measure as measureRetriever } from '@rank-rank/eval';
import { Collection, type Pipeline, pipelineNames } from '@rank-rank/pipeline';
import type { Context, Question } from './question.ts';

const judged = ['cranfield', 'cacm', 'vaswani', 'adi'];

const question: Question = {
  title: 'Collections from end to end',
  group: ({ case: name, metric }) => `${name} (${metric})`,
  async run(context) {
    const { only } = context;
    if (only.length === 0 || only.includes('quality')) for (const name of judged) await quality(context, name);
    if (only.length === 0 || only.includes('large')) await large(context, 100_000);
    if (only.includes('million')) await large(context, 1_000_000);
  },
};
export default question;

async function quality(context: Context, name: string): Promise<void> {
  const folder = join(context.data, 'collections', name);
  if (!existsSync(folder)) {
    context.note(`${folder} is not here: its rows are left out`);
    return;
  }
  const beir = await openBeir(folder);
  const collection = await Collection.memory();
  const started = performance.now();
  await collection.add(beir.documents());
  await collection.commit();
  context.say({
    task: 'pipeline',
    case: `${name}/index`,
    metric: 'docs_per_s',
    value: collection.size / ((performance.now() - started) / 1000),
  });
  const queries = await beir.queries('test');
  const qrels = await beir.qrels();
  for (const pipeline of pipelineNames) {
    const { values, latency } = await measureRetriever(collection.pipeline(pipeline), queries, qrels, {
      k: 100,
      measures: ['nDCG@10', 'R@100'],
      warmUp: 20,
    });
    context.say({
      task: 'pipeline',
      case: `${name}/${pipeline}`,
      metric: 'ms',
      value: latency.p50,
      spread: [latency.lowest, latency.p99],
      quality: { ...values },
    });
  }
  await collection.close();
}

async function large(context: Context, size: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rank-rank-bench-'));
  const path = join(folder, 'large.rank');
  const label = `${size / 1000}k generated`;
  try {
    const writer = await Collection.open(path, { write: true });
    const started = performance.now();
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage.rss());
    }, 200);
    await writer.add(generated(size));
    const added = performance.now();
    await writer.commit();
    clearInterval(watch);
    const ended = performance.now();
    const { bytes } = writer.statistics();
    await writer.close();
    context.say({ task: 'pipeline', case: `${label}/words`, metric: 'docs_per_s', value: size / ((added - started) / 1000) });
    context.say({ task: 'pipeline', case: `${label}/words and vectors`, metric: 'docs_per_s', value: size / ((ended - started) / 1000) });
    context.say({ task: 'pipeline', case: `${label}/memory while indexing`, metric: 'bytes', value: highest });
    context.say({ task: 'pipeline', case: `${label}/on disk`, metric: 'bytes', value: bytes.total });
    const before = performance.now();
    const collection = await Collection.open(path);
    context.say({ task: 'pipeline', case: `${label}/open`, metric: 'ms', value: performance.now() - before });
    const reranked = await collection.describedPipeline({
      name: 'bm25, late',
      stages: [
        { retrieve: 'bm25', depth: 100 },
        { rerank: 'late', depth: 100 },
      ],
    });
    for (const pipeline of [...pipelineNames.map((name) => collection.pipeline(name)), reranked]) await timed(context, label, pipeline);
    await collection.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function timed(context: Context, label: string, pipeline: Pipeline<unknown>): Promise<void> {
  const random = new Random(9);
  const times: number[] = [];
  for (let i = 0; i < 220; i++) {
    const { text } = documentOf(random, 0);
    const words = text.split(' ');
    const query = Array.from({ length: 5 }, () => words[random.integer(words.length)]!).join(' ');
    const started = performance.now();
    await pipeline.search(query, 10);
    if (i >= 20) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  context.say({ task: 'pipeline', case: `${label}/${pipeline.name}`, metric: 'ms', value: times[100]!, spread: [times[0]!, times[197]!] });
}

function* generated(size: number): Generator<Document> {
  const random = new Random(1);
  for (let i = 0; i < size; i++) yield documentOf(random, i);
}

const vocabulary = 150_000;
const topics = 400;

/** About a kilobyte of words by Zipf's law, a third of them of one topic. */
function documentOf(random: Random, i: number): Document {
  const topic = random.integer(topics);
  const words = Array.from({ length: 110 + random.integer(80) }, () => {
    const rank = random.next() < 0.35 ? (topic * 331 + random.integer(300) * 17) % vocabulary : Math.floor(vocabulary ** random.next()) - 1;
    return wordOf(rank);
  });
  return { id: `doc-${i}`, text: words.join(' '), metadata: { topic } };
}

const consonants = 'bcdfghjklmnprstv';
const vowels = 'aeiou';

/** A word that can be spoken for each number. */
function wordOf(rank: number): string {
  let word = '';
  let rest = rank * 7 + 3;
  do {
    word += consonants[rest % 16]! + vowels[Math.floor(rest / 16) % 5]!;
    rest = Math.floor(rest / 80);
  } while (rest > 0);
  return word;
}
