import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '@rank-rank/core';
import { openBeir, readQrels, readRun } from '@rank-rank/core/files';
import { evaluate, measure } from '@rank-rank/eval';
import { fuse } from '@rank-rank/fusion';
import { Collection } from '@rank-rank/pipeline';
import type { Context } from '../question.ts';

const weights = [0.5, 1, 1.25, 1.5, 2, 3, 5];

/**
 * The weight of a model's sparse vectors beside BM25's 1, between two ends, with judgements: a large SPLADE in the domain it was trained on, by the
 * runs that were published, and a small one far from its own. The second wants a folder `models/splade-tiny` beside the workloads: any small SPLADE.
 */
export async function sparseWeight(context: Context, collections: readonly string[]): Promise<void> {
  const say = (name: string, figures: Readonly<Record<string, number>>, quality: Readonly<Record<string, number>>): void => {
    for (const [which, value] of Object.entries(figures))
      context.say({ task: 'sparse', case: `${name}, ${which}`, metric: 'nDCG@10', value, quality });
  };
  const runs = join(context.data, 'runs/dl19');
  if (existsSync(runs)) {
    const qrels = await readQrels(join(runs, 'qrels.txt'));
    const [bm25, sparse] = await Promise.all(
      ['BM25.run.gz', 'SPLADE_P_P_ENSEMBLE_DISTIL.run.gz'].map(async (file) => readRun(join(runs, file))),
    );
    const figure = (run: Run): number => evaluate(qrels, run, ['nDCG@10']).values['nDCG@10']!;
    const fused = weights.map((weight): [string, number] => [
      `weight ${weight}`,
      figure(fuse({ bm25: bm25!, sparse: sparse! }, { method: 'weighted-sum', weights: { bm25: 1, sparse: weight } })),
    ]);
    say(
      'SPLADE++ on TREC DL 2019',
      { bm25: figure(bm25!), sparse: figure(sparse!), ...Object.fromEntries(fused) },
      { queries: evaluate(qrels, sparse!, ['nDCG@10']).queries.length },
    );
  }
  const model = join(context.workloads, '../models/splade-tiny');
  if (!existsSync(model)) {
    context.note(`${model} is not here: no small model was asked`);
    return;
  }
  for (const name of collections) {
    const folder = join(context.data, 'collections', name);
    if (!existsSync(folder)) continue;
    const beir = await openBeir(folder);
    const collection = await Collection.memory({ encoder: model });
    await collection.add(beir.documents());
    await collection.commit();
    const queries = await beir.queries('test');
    const qrels = await beir.qrels();
    const figures: Record<string, number> = {};
    const ask = async (which: string, pipeline: ReturnType<Collection['pipeline']>): Promise<void> => {
      figures[which] = (await measure(pipeline, queries, qrels, { k: 10, measures: ['nDCG@10'], warmUp: 0 })).values['nDCG@10']!;
    };
    for (const which of ['bm25', 'sparse', 'hybrid', 'full'] as const) await ask(which, collection.pipeline(which));
    for (const weight of weights) {
      const fusion = { method: 'weighted-sum', weights: { bm25: 1, sparse: weight } };
      await ask(
        `weight ${weight}`,
        await collection.describedPipeline({ stages: [{ retrieve: ['bm25', 'sparse'], depth: 1000 }, { fuse: fusion }] }),
      );
    }
    say(`small SPLADE on ${name}`, figures, { documents: collection.size, queries: queries.length });
    await collection.close();
  }
}
