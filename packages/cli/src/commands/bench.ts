import { cpus } from 'node:os';
import type { Document, Query } from '@rank-rank/core';
import { readQrels, readQueryFile } from '@rank-rank/core/files';
import { type Latency, measure } from '@rank-rank/eval';
import { describeKernels } from '@rank-rank/kernels';
import { Collection, type PipelineName } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { bold, dim, figure, table } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface BenchOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly queries?: string;
  readonly qrels?: string;
  readonly k: number;
  readonly count: number;
}

export function benchCommand(): Command {
  return command<[], BenchOptions>(
    'bench',
    'How fast the pipelines of a collection are on this machine, and how good where there are judgements.',
    'rank bench --collection notes.rank --queries queries.jsonl --qrels qrels.tsv',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .option('--queries <file>', 'queries; made from the documents if not given')
        .option('--qrels <file>', 'judgements')
        .option('-k, --k <number>', 'how many hits', wholeNumber('--k', 1), 10)
        .option('-n, --count <number>', 'how many queries at most', wholeNumber('--count', 1), 200),
    async (session, _, { collection: path, queries: file, qrels, k, count }) => {
      const collection = await Collection.open(path);
      try {
        const all = file === undefined ? queriesFrom(collection.documents(), count) : await readQueryFile(file);
        const judgements = qrels === undefined ? undefined : await readQrels(qrels);
        const queries = (judgements === undefined ? all : all.filter(({ id }) => judgements.has(id))).slice(0, count);
        const results: Timed[] = [];
        for (const name of collection.pipelines) {
          // Without judgements every query counts as judged, and only the time is of interest.
          const made = judgements ?? new Map(queries.map(({ id }) => [id, new Map([['-', 1]])]));
          const measured = await measure(collection.pipeline(name), queries, made, {
            k,
            measures: ['nDCG@10', `R@${k}`],
            name,
            signal: session.signal,
            onProgress: session.progress.report,
          });
          const { latency, throughput, values } = measured;
          results.push({ pipeline: name, milliseconds: latency, throughput, ...(judgements && { values }) });
        }
        const { documents, bytes } = collection.statistics();
        const kernels = describeKernels();
        const machine = {
          cpu: cpus()[0]?.model ?? 'unknown',
          cores: cpus().length,
          kernels: `${kernels.backend} ${kernels.instructionSet}`,
          node: process.version,
        };
        session.print({ documents, bytes: bytes.total, queries: queries.length, k, machine, pipelines: results }, () =>
          [
            dim(
              `${documents.toLocaleString('en-US')} documents, ${queries.length} queries${file === undefined ? ' made from them' : ''}, best ${k}; ${machine.cpu}, one query at a time, ${machine.kernels}`,
            ),
            table(
              [
                [
                  '',
                  bold('p50 ms'),
                  bold('p95'),
                  bold('p99'),
                  bold('queries/s'),
                  ...(judgements ? Object.keys(results[0]?.values ?? {}).map((name) => bold(name)) : []),
                ],
                ...results.map(({ pipeline, milliseconds, throughput, values }) => [
                  pipeline,
                  figure(milliseconds.p50),
                  figure(milliseconds.p95),
                  figure(milliseconds.p99),
                  figure(throughput),
                  ...Object.values(values ?? {}).map((value) => value.toFixed(4)),
                ]),
              ],
              [1, 2, 3, 4, 5, 6],
            ),
          ].join('\n'),
        );
      } finally {
        await collection.close();
      }
    },
  );
}

interface Timed {
  readonly pipeline: PipelineName;
  readonly milliseconds: Latency;
  readonly throughput: number;
  readonly values?: Readonly<Record<string, number>>;
}

/** Queries as people might ask them, from documents all over the collection: the title, or a few words of the text. */
function queriesFrom(documents: Iterable<Document>, count: number): Query[] {
  const queries: Query[] = [];
  let seen = 0;
  for (const { id, title, text } of documents) {
    // A sample of all documents, each as likely as the others, the same at every call.
    const words = (title ?? text).split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) continue;
    const query = { id, text: words.slice(0, 8).join(' ') };
    seen++;
    if (queries.length < count) queries.push(query);
    else {
      const place = ((seen * 2_654_435_761) % 4_294_967_296) % seen;
      if (place < count) queries[place] = query;
    }
    if (seen >= 50 * count) break;
  }
  return queries;
}
