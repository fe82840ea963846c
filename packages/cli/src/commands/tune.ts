import { writeFileSync } from 'node:fs';
import { readQrels, readQueryFile } from '@rank-rank/core/files';
import { type Choice, Collection, type PipelineDescription, tune, tuningPlot } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, dim, figure, table } from '../terminal/terminal.ts';
import { positiveNumber, wholeNumber } from './values.ts';

interface TuneOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly qrels: string;
  readonly measure: string;
  readonly milliseconds?: number;
  readonly folds: number;
  readonly output?: string;
  readonly plot?: string;
}

/** What is tried, the values that the pipeline `full` uses first. */
const space = {
  method: ['weighted-sum', 'rrf'],
  dense: [0.3, 0, 0.1, 0.2, 0.5, 1],
  feedback: [3, 0, 5],
  late: [0.25, 0, 0.1, 0.5, 0.75],
  depth: [100, 50, 200],
} as const satisfies Readonly<Record<string, readonly Choice[]>>;

/** The weight of the sparse list, where the collection's encoder makes one. */
const sparseWeights = [1.5, 0, 0.5, 1, 2, 3, 5];

export function tuneCommand(): Command {
  return command<[string], TuneOptions>(
    'tune <queries>',
    'Look for the fusion, weights and depths that rank judged queries best, within a time if one is given. The result is a pipeline for search and run.',
    'rank tune queries.jsonl --qrels qrels.tsv --collection notes.rank --milliseconds 20 -o tuned.json --plot tuned.svg',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .requiredOption('--qrels <file>', 'judgements')
        .option('-m, --measure <name>', 'what is to be best', 'nDCG@10')
        .option('--milliseconds <number>', 'the median time of a query may not be more', positiveNumber('--milliseconds'))
        .option('--folds <number>', 'parts for cross-validation', wholeNumber('--folds', 2), 5)
        .option('-o, --output <file>', 'the best pipeline, as JSON')
        .option('--plot <file>', 'quality against time of all that was tried, as SVG'),
    async (session, [file], { collection: path, qrels, measure, milliseconds, folds, output, plot }) => {
      const queries = await readQueryFile(file);
      const judgements = await readQrels(qrels);
      const collection = await Collection.open(path);
      try {
        const sparse = collection.pipelines.includes('sparse') ? sparseWeights : [0];
        const searched: readonly (keyof Tuned)[] = [
          ...(Object.keys(space) as (keyof typeof space)[]),
          ...(sparse.length > 1 ? ['sparse' as const] : []),
        ];
        const result = await tune({
          space: { ...space, sparse },
          make: (parameters) => collection.describedPipeline(describe(parameters)),
          queries,
          qrels: judgements,
          measure,
          folds,
          signal: session.signal,
          onProgress: session.progress.report,
          ...(milliseconds !== undefined && { milliseconds }),
        });
        const pipeline = result.best && describe(result.best.parameters);
        if (pipeline !== undefined && output !== undefined) writeFileSync(output, `${JSON.stringify(pipeline, null, 2)}\n`);
        if (plot !== undefined) writeFileSync(plot, tuningPlot(result));
        const { best, start, crossValidated, front, trials } = result;
        session.print({ measure, best, start, crossValidated, front, trials: trials.length, pipeline }, () =>
          [
            table(
              [
                ['', bold(measure), bold('p50 ms'), ...searched.map((name) => bold(name))],
                ...[start, ...front].map(({ parameters, quality, milliseconds: time }, i) => [
                  i === 0 ? 'before' : '',
                  quality.toFixed(4),
                  figure(time),
                  ...searched.map((name) => String(parameters[name])),
                ]),
              ],
              [1, 2],
            ),
            dim(`${trials.length} combinations tried; below "before", those that no other beats in both quality and time`),
            best === undefined
              ? `None of them takes ${milliseconds} ms or less.`
              : `Best: ${measure} ${best.quality.toFixed(4)} at ${figure(best.milliseconds)} ms; on queries it was not chosen on, expect ${crossValidated?.toFixed(4)}.`,
            ...(output !== undefined && pipeline !== undefined ? [`rank search "…" --collection ${path} --pipeline ${output}`] : []),
          ].join('\n'),
        );
      } finally {
        await collection.close();
      }
    },
  );
}

type Tuned = { readonly [K in keyof typeof space]: (typeof space)[K][number] } & { readonly sparse: number };

function describe({ method, dense, sparse, feedback, late, depth }: Tuned): PipelineDescription {
  const weights = { bm25: 1, ...(dense > 0 && { dense }), ...(sparse > 0 && { sparse }) };
  const lists = Object.keys(weights);
  const fusion = method === 'rrf' ? { method: 'weighted-rrf', weights } : { method, weights };
  return {
    name: 'tuned',
    stages: [
      { retrieve: lists.length === 1 ? 'bm25' : lists, depth: 1000 },
      ...(dense === 0 || feedback === 0 ? [] : [{ feedback: { documents: feedback, fusion } }]),
      ...(lists.length === 1 ? [] : [{ fuse: fusion }]),
      ...(late === 0 ? [] : [{ rerank: 'late', depth, fallback: 'previous' as const, blend: { alpha: late, normalise: 'z-score' } }]),
    ],
  };
}
