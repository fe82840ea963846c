import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ranking } from '@rank-rank/core';
import { writeRun } from '@rank-rank/core/files';
import {
  buildTokenIndex,
  type IndexKind,
  indexKinds,
  openTokenIndex,
  type TokenIndexOptions,
  type TokenSearchOptions,
} from '@rank-rank/rerank';
import { openTokens } from '@rank-rank/rerank/files';
import { Command, Option } from 'commander';
import { command } from '../command.ts';
import { figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface IndexOptions extends Record<string, unknown> {
  readonly index: string;
  readonly kind: IndexKind;
  readonly type?: 'f32' | 'f16' | 'int8' | 'binary';
  readonly bits?: number;
  readonly threads: number;
}

interface SearchOptions extends Record<string, unknown> {
  readonly index: string;
  readonly output: string;
  readonly k: number;
  readonly candidates?: number;
  readonly probes?: number;
}

/** `rank tokens index` and `rank tokens search`: late interaction with token embeddings that the user brings. */
export function tokensCommand(): Command {
  const made = new Command('tokens').description(
    'Index and search token embeddings that were made elsewhere: late interaction without a model.',
  );
  return made.addCommand(tokensIndexCommand()).addCommand(tokensSearchCommand());
}

function tokensIndexCommand(): Command {
  return command<[string], IndexOptions>(
    'index <folder>',
    'Build an index of the token matrices in a folder or file: raw f16 or f32 with offsets, .npy, .safetensors, .jsonl, or an index of ColBERT or fast-plaid.',
    'rank tokens index tokens/cranfield --index cranfield.index --kind plaid --bits 2',
    (made) =>
      made
        .requiredOption('-i, --index <dir>', 'the index; made, and refused where there is one already')
        .addOption(new Option('--kind <kind>', 'how it is searched').choices(indexKinds).default('auto'))
        .addOption(new Option('--type <type>', 'how exact and muvera keep rows').choices(['f32', 'f16', 'int8', 'binary']))
        .option('--bits <bits>', 'bits a dimension, where rows are kept as codes: 1, 2, 4 or 8', wholeNumber('--bits', 1))
        .option('--threads <number>', 'threads that build', wholeNumber('--threads', 1), 1),
    async (session, [folder], { index: path, kind: asked, type, bits, threads }) => {
      const started = performance.now();
      const tokens = await openTokens(folder);
      // Numbers of a type are compared one by one: to say the type is to choose that.
      const kind = asked === 'auto' && type !== undefined ? 'exact' : asked;
      const options: TokenIndexOptions = {
        dim: tokens.dim,
        path,
        kind,
        threads,
        ...(type !== undefined && { type }),
        ...(bits !== undefined && { bits: bits as 1 | 2 | 4 | 8 }),
      };
      const work = { signal: session.signal, onProgress: session.progress.report };
      const index = await buildTokenIndex(tokens.documents(work), { ...options, ...work });
      const described = index.describe();
      await index.close();
      const seconds = (performance.now() - started) / 1000;
      const result = { documents: described.documents, tokens: described.tokens, bytes: bytesIn(path), seconds, kind };
      session.print(result, () =>
        [
          `${result.documents} documents, ${result.tokens} tokens in ${figure(seconds)} s; ${figure(result.bytes / 1e6)} MB in ${path}, ${figure(result.bytes / Math.max(1, result.tokens))} bytes a token`,
          ...described.segments.map(({ search, storage, why }) => `  ${search} over ${storage}: ${why}`),
        ].join('\n'),
      );
    },
  );
}

function tokensSearchCommand(): Command {
  return command<[string], SearchOptions>(
    'search <folder>',
    'Answer the queries of a folder or file of token matrices; the result is a TREC run.',
    'rank tokens search tokens/cranfield --index cranfield.index -o cranfield.run',
    (made) =>
      made
        .requiredOption('-i, --index <dir>', 'the index')
        .requiredOption('-o, --output <file>', 'the run')
        .option('-k, --k <number>', 'how many hits a query', wholeNumber('--k', 1), 100)
        .option('--candidates <number>', 'documents that are scored by their rows', wholeNumber('--candidates', 1))
        .option('--probes <number>', 'centroids that warp looks into for each query row', wholeNumber('--probes', 1)),
    async (session, [folder], { index: path, output, k, candidates, probes }) => {
      const queries = await openTokens(folder, { as: 'query' });
      const index = await openTokenIndex(path);
      const run = new Map<string, Ranking>();
      const times: number[] = [];
      let hits = 0;
      const options: TokenSearchOptions = {
        signal: session.signal,
        ...(candidates !== undefined && { candidates }),
        ...(probes !== undefined && { probes }),
      };
      try {
        for await (const { id, tokens, text } of queries.documents({ signal: session.signal })) {
          const started = performance.now();
          const ranking = await index.search(tokens, k, { ...options, ...(text !== undefined && { text }) });
          times.push(performance.now() - started);
          run.set(id, ranking);
          hits += ranking.length;
          session.progress.report({
            stage: 'searching',
            done: times.length,
            ...(queries.count !== undefined && { total: queries.count }),
            unit: 'queries',
          });
        }
      } finally {
        await index.close();
      }
      await writeRun(output, run);
      const milliseconds = { p50: quantile(times, 0.5), p95: quantile(times, 0.95), p99: quantile(times, 0.99) };
      session.print(
        { queries: times.length, hits, milliseconds },
        () =>
          `${times.length} queries, ${hits} hits in ${output}; p50 ${figure(milliseconds.p50)} ms, p95 ${figure(milliseconds.p95)} ms, p99 ${figure(milliseconds.p99)} ms`,
      );
    },
  );
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** By nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
