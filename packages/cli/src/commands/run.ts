import { readQueryFile } from '@rank-rank/core/files';
import { runQueries } from '@rank-rank/pipeline';
import type { Command } from 'commander';
import { openSearch, type SearchOptions, searching } from '../collection-options.ts';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface RunOptions extends SearchOptions {
  readonly output: string;
  readonly k: number;
}

export function runCommand(): Command {
  return command<[string], RunOptions>(
    'run <queries>',
    'Answer all queries of a JSONL or TSV file; the result is a TREC run. Interrupted, it goes on where it stopped.',
    'rank run queries.jsonl --collection notes.rank --pipeline full -o full.run',
    (made) =>
      searching(made)
        .requiredOption('-o, --output <file>', 'the run')
        .option('-k, --k <number>', 'how many hits a query', wholeNumber('--k', 1), 1000),
    async (session, [file], options) => {
      const { output, k } = options;
      const queries = await readQueryFile(file);
      const { pipeline, close } = await openSearch(session, options);
      try {
        const report = await runQueries(pipeline, queries, { output, k, signal: session.signal, onProgress: session.progress.report });
        const { p50, p95, p99 } = report.milliseconds;
        session.print({ queries: report.queries, hits: report.hits, milliseconds: report.milliseconds }, () =>
          [
            `${report.queries} queries, ${report.hits} hits in ${output}`,
            ...(report.resumed > 0 ? [`${report.resumed} were answered before`] : []),
            `p50 ${figure(p50)} ms, p95 ${figure(p95)} ms, p99 ${figure(p99)} ms`,
          ].join('; '),
        );
      } finally {
        await close();
      }
    },
  );
}
