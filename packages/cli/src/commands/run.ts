import { readQueryFile } from '@rank-rank/core/files';
import { Collection, type PipelineName, pipelineNames, runQueries } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface RunOptions extends Record<string, unknown> {
  readonly collection: string;
  readonly output: string;
  readonly k: number;
  readonly pipeline?: PipelineName;
}

export function runCommand(): Command {
  return command<[string], RunOptions>(
    'run <queries>',
    'Answer all queries of a JSONL or TSV file; the result is a TREC run. Interrupted, it goes on where it stopped.',
    'rank run queries.jsonl --collection notes.rank --pipeline full -o full.run',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .requiredOption('-o, --output <file>', 'the run')
        .option('-k, --k <number>', 'how many hits a query', wholeNumber('--k', 1), 1000)
        .option('-p, --pipeline <name>', `one of ${pipelineNames.join(', ')}`),
    async (session, [file], { collection: path, output, k, pipeline: name }) => {
      const queries = await readQueryFile(file);
      const collection = await Collection.open(path);
      const search = collection.pipeline(name);
      const report = await runQueries(search, queries, { output, k, signal: session.signal, onProgress: session.progress.report });
      await collection.close();
      const { p50, p95, p99 } = report.milliseconds;
      session.print({ queries: report.queries, hits: report.hits, milliseconds: report.milliseconds }, () =>
        [
          `${report.queries} queries, ${report.hits} hits in ${output}`,
          ...(report.resumed > 0 ? [`${report.resumed} were answered before`] : []),
          `p50 ${figure(p50)} ms, p95 ${figure(p95)} ms, p99 ${figure(p99)} ms`,
        ].join('; '),
      );
    },
  );
}
