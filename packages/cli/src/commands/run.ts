import type { Query, QueryRanking } from '@rank-rank/core';
import { readQueryFile, writeRun } from '@rank-rank/core/files';
import { Collection, type PipelineName, pipelineNames } from '@rank-rank/pipeline';
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
    'Answer all queries of a JSONL or TSV file; the result is a TREC run.',
    'rank run queries.jsonl --collection notes.rank --pipeline full -o full.run',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .requiredOption('-o, --output <file>', 'the run')
        .option('-k, --k <number>', 'how many hits a query', wholeNumber('--k', 1), 1000)
        .option('-p, --pipeline <name>', `one of ${pipelineNames.join(', ')}`),
    async (session, [file], { collection: path, output, k, pipeline: name }) => {
      const queries: readonly Query[] = await readQueryFile(file);
      const collection = await Collection.open(path);
      const search = collection.pipeline(name);
      const times: number[] = [];
      let hits = 0;
      async function* answers(): AsyncGenerator<QueryRanking> {
        for (const [done, query] of queries.entries()) {
          const { hits: ranking, trace } = await search.run(query, { k, signal: session.signal });
          times.push(trace.milliseconds);
          hits += ranking.length;
          session.progress.report({ stage: 'searching', done: done + 1, total: queries.length, unit: 'queries' });
          yield { query: query.id, ranking };
        }
      }
      await writeRun(output, answers(), { format: 'trec', tag: search.name });
      await collection.close();
      times.sort((a, b) => a - b);
      const at = (q: number) => times[Math.min(times.length - 1, Math.max(0, Math.ceil(q * times.length) - 1))] ?? 0;
      const result = { queries: queries.length, hits, milliseconds: { p50: at(0.5), p95: at(0.95), p99: at(0.99) } };
      session.print(
        result,
        () =>
          `${result.queries} queries, ${hits} hits in ${output}; p50 ${figure(at(0.5))} ms, p95 ${figure(at(0.95))} ms, p99 ${figure(at(0.99))} ms`,
      );
    },
  );
}
