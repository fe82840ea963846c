import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Qrels, Query, Ranking } from '@rank-rank/core';
import { openBeir, readQrels } from '@rank-rank/core/files';
import { compare, evaluate } from '@rank-rank/eval';
import { Collection, type PipelineName, rankChanges } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, cyan, dim, figure, green, table } from '../terminal/terminal.ts';
import { treeOf } from './explanation-tree.ts';

/** The stages as a reader meets them: each adds to the one before. */
const stages: readonly { readonly pipeline: PipelineName; readonly what: string }[] = [
  { pipeline: 'bm25', what: 'words that match' },
  { pipeline: 'hybrid', what: '+ vectors learned from the texts, fused' },
  { pipeline: 'full', what: '+ late interaction' },
];
const measures = ['nDCG@10', 'RR', 'R@100'];
/** A paraphrase: its answer speaks of buildings and earthquakes, and shares no word with it. */
const followed = 'skyscraper design against tremors';
const depth = 100;

interface StageFigures {
  readonly stage: string;
  readonly values: Readonly<Record<string, number>>;
  readonly p50: number;
  /** The corrected p-value of the difference in nDCG@10 to the stage before. */
  readonly pValue?: number;
}

export function demoCommand(): Command {
  return command<[], Record<string, never>>(
    'demo',
    'The stack at work on a small collection that comes with it: no download, no key.',
    'rank demo',
    (made) => made,
    async (session) => {
      const started = performance.now();
      const source = fileURLToPath(new URL('../../demo', import.meta.url));
      const folder = mkdtempSync(join(tmpdir(), 'rank-rank-demo-'));
      try {
        const beir = await openBeir(source);
        const collection = await Collection.open(join(folder, 'collection'), { write: true });
        const work = { signal: session.signal, onProgress: session.progress.report };
        await collection.add(beir.documents(), work);
        await collection.commit(work);
        const indexed = (performance.now() - started) / 1000;
        const queries = await beir.queries();
        const qrels = await readQrels(join(source, 'qrels/test.tsv'));
        session.note(
          `${bold('rank-rank')}  ${collection.size} documents indexed and encoded in ${figure(indexed)} s; ${queries.length} judged queries, stage by stage:\n`,
        );
        const figures = await measureStages(collection, queries, qrels);
        const story = await follow(collection, followed);
        await collection.close();
        session.print(
          {
            documents: queries.length === 0 ? 0 : collection.size,
            seconds: (performance.now() - started) / 1000,
            stages: figures,
            query: followed,
            hits: story.hits,
          },
          () => [stageFigures(figures), '', story.text, '', next(source)].join('\n'),
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}

async function measureStages(collection: Collection, queries: readonly Query[], qrels: Qrels): Promise<StageFigures[]> {
  const figures: StageFigures[] = [];
  let before: Map<string, Ranking> | undefined;
  for (const { pipeline } of stages) {
    const search = collection.pipeline(pipeline);
    for (const { text } of queries.slice(0, 5)) await search.search(text, depth);
    const run = new Map<string, Ranking>();
    const times: number[] = [];
    for (const { id, text } of queries) {
      const started = performance.now();
      run.set(id, await search.search(text, depth));
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    const { values } = evaluate(qrels, run, measures);
    const pair = before && compare(qrels, { before, now: run }, 'nDCG@10').comparisons[0];
    figures.push({ stage: pipeline, values, p50: times[times.length >> 1]!, ...(pair && { pValue: pair.pValue }) });
    before = run;
  }
  return figures;
}

function stageFigures(figures: readonly StageFigures[]): string {
  const rows = figures.map(({ stage, values, p50, pValue }, i) => [
    cyan(stage),
    dim(stages[i]!.what),
    ...measures.map((measure) => values[measure]!.toFixed(3)),
    figure(p50),
    pValue === undefined ? '' : `${pValue < 0.001 ? '< 0.001' : pValue.toFixed(3)}${pValue < 0.05 ? green(' ✓') : ''}`,
  ]);
  return table([[bold('stage'), '', ...measures.map(bold), bold('p50 ms'), bold('p against the stage before')], ...rows], [2, 3, 4, 5, 6]);
}

/** One query through all stages: where its best documents stood after each, and why one that shares no word with it is among them. */
async function follow(collection: Collection, query: string): Promise<{ hits: Ranking; text: string }> {
  const { hits, trace } = await collection.run(query, { k: 5, pipeline: 'full' });
  const words = await collection.run(query, { k: 100, pipeline: 'bm25' });
  const places = new Map(words.hits.map(({ id }, i) => [id, i + 1]));
  const documents = await collection.get(hits.map(({ id }) => id));
  const changes = new Map(rankChanges(trace, 5).map((change) => [change.id, change.places]));
  const rows = hits.map(({ id, score }, i) => {
    const after = changes.get(id) ?? {};
    return [
      `${i + 1}.`,
      bold(documents[i]?.title ?? id),
      dim(id),
      String(places.get(id) ?? '–'),
      ...Object.values(after).map((place) => String(place ?? '–')),
      figure(score),
    ];
  });
  const names = Object.keys(changes.get(hits[0]?.id ?? '') ?? {});
  // The best that words alone did not find.
  const told = Math.max(
    0,
    hits.findIndex(({ id }) => !places.has(id)),
  );
  const best = hits[told] === undefined ? undefined : await collection.explain(query, hits[told].id);
  return {
    hits,
    text: [
      `${bold('One query followed:')} ${query}`,
      '',
      table([['', '', '', dim('bm25'), ...names.map(dim), dim('score')], ...rows], [3, 4, 5, 6]),
      '',
      ...(best === undefined
        ? []
        : [`${bold(documents[told]?.title ?? '')}: ${documents[told]?.text ?? ''}`, '', 'Where its score comes from:', ...treeOf(best, 3)]),
    ].join('\n'),
  };
}

function next(source: string): string {
  return [
    bold('Next:'),
    `  npx rank index ${source} -c demo.rank     ${dim('# or your own JSONL file, or a BEIR folder')}`,
    `  npx rank search "why do rivers bend" -c demo.rank --stages`,
    `  npx rank explain "why do rivers bend" river-banks-1 -c demo.rank`,
    `  npx rank --help`,
  ].join('\n');
}
