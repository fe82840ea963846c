import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { type Candidate, isRankError, parseDocuments, parseTrecRun, type Query, RankError, type Ranking } from '@rank-rank/core';
import { openBeir, readDocumentFile, readQueryFile, writeRun } from '@rank-rank/core/files';
import type { Precision } from '@rank-rank/models';
import { type Command, Option } from 'commander';
import { command, type Session } from '../command.ts';
import { type ChosenReranker, chooseReranker } from '../rerank/choose-reranker.ts';
import { type RerankRequest, readRequest } from '../rerank/request.ts';
import { bold, dim, figure } from '../terminal/terminal.ts';
import { wholeNumber } from './values.ts';

interface RerankOptions extends Record<string, unknown> {
  readonly model?: string;
  readonly query?: string;
  readonly queries?: string;
  readonly documents?: string;
  readonly output?: string;
  readonly k?: number;
  readonly space?: 'logit' | 'probability';
  readonly precision?: Precision;
  readonly threads?: number;
}

export function rerankCommand(): Command {
  return command<[string | undefined], RerankOptions>(
    'rerank [file]',
    'Order candidates by how well they answer. The file, or stdin, is a request as Cohere, Jina, Voyage or TEI take it, JSONL of candidates (with --query), or a TREC run (with --queries, --documents and -o).',
    `echo '{"query": "wing sweep", "documents": ["Heat flow.", "Swept wings."]}' | rank rerank --model cross-encoder/ms-marco-MiniLM-L6-v2 --json
rank rerank bm25.run --queries queries.jsonl --documents corpus.jsonl --model MODEL -k 100 -o reranked.run`,
    (made) =>
      made
        .option(
          '-m, --model <model>',
          'a folder or a name: a cross-encoder, a generative reranker, a ColBERT or an encoder; without it BM25',
        )
        .option('--query <text>', 'the query of candidates that come as JSONL')
        .option('--queries <file>', 'the queries of a TREC run')
        .option('--documents <file>', 'the documents of a TREC run: JSONL, or a BEIR folder')
        .option('-o, --output <file>', 'the reranked TREC run')
        .option('-k, --k <number>', 'how many come back; of a run, how many are reranked', wholeNumber('--k', 1))
        .addOption(new Option('--space <name>', 'what scores are').choices(['logit', 'probability']))
        .addOption(new Option('--precision <name>', 'which weights').choices(['auto', 'fp32', 'fp16', 'q8', 'int8', 'q4']))
        .option('--threads <number>', 'threads of the runtime', wholeNumber('--threads', 1)),
    async (session, [file], options) => {
      const input = file === undefined || file === '-' ? await readAll(process.stdin) : await readInput(file);
      // What cannot be read is said before a model is opened, or fetched.
      const work = await readWork(input, file ?? 'stdin', options, session);
      const { model, space, precision, threads } = options;
      const chosen = await chooseReranker(model, {
        ...(space && { space }),
        ...(precision && { precision }),
        ...(threads !== undefined && { threads }),
        signal: session.signal,
        onProgress: session.progress.report,
      });
      try {
        await work(chosen);
      } finally {
        await chosen.close();
      }
    },
  );
}

type Work = (chosen: ChosenReranker) => Promise<void>;

async function readInput(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new RankError(
      cause.code === 'ENOENT' ? 'NOT_FOUND' : 'IO',
      `${file} cannot be read: ${cause.message}. Give a file, or - for stdin.`,
      { file },
      { cause },
    );
  });
}

async function readWork(input: string, file: string, options: RerankOptions, session: Session): Promise<Work> {
  const trimmed = input.trim();
  if (trimmed === '') throw new RankError('EMPTY_INPUT', `${file} is empty; expected a request, candidates, or a run.`, { file });
  if (!/^[{[]/.test(trimmed)) return runWork(input, file, options, session);
  const request = requestOf(trimmed, file, options.query);
  return async (chosen) => {
    const { query, candidates } = request;
    const started = performance.now();
    const topK = options.k ?? request.topK;
    const ranking = await chosen.reranker.rerank(query, candidates, { signal: session.signal, ...(topK !== undefined && { topK }) });
    const milliseconds = performance.now() - started;
    session.print(request.answer(ranking), () => rankingText(ranking, candidates, chosen, milliseconds));
  };
}

/** One request, an array of candidates, or candidates a line. */
function requestOf(text: string, file: string, query: string | undefined): RerankRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const isRequest = value !== undefined && !Array.isArray(value) && !('id' in (value as object)) && !('_id' in (value as object));
  if (isRequest) return readRequest(query === undefined ? value : { ...(value as object), query });
  if (query === undefined) {
    throw new RankError('INVALID_ARGUMENT', `${file} has candidates and no query: say it with --query.`, { file });
  }
  const candidates = Array.isArray(value) ? (value as Candidate[]) : [...parseDocuments(text, { file })];
  return readRequest({ query, candidates });
}

async function runWork(input: string, file: string, options: RerankOptions, session: Session): Promise<Work> {
  const { queries: queryFile, documents: documentFile, output, k } = options;
  if (queryFile === undefined || documentFile === undefined || output === undefined) {
    throw new RankError('INVALID_ARGUMENT', `${file} is no JSON; a TREC run needs --queries, --documents and -o.`, { file });
  }
  const run = parseTrecRun(input, { file });
  const queries = new Map((await readQueryFile(queryFile)).map((query: Query) => [query.id, query.text]));
  const unasked = [...run.keys()].filter((id) => !queries.has(id));
  if (unasked.length > 0) {
    throw new RankError('NOT_FOUND', `${queryFile} lacks ${unasked.length} queries of ${file}: ${unasked.slice(0, 5).join(', ')}.`, {
      queries: unasked.slice(0, 100),
    });
  }
  const candidates = await candidatesOf(run, documentFile, k);
  return async ({ reranker, name }) => {
    const reranked = new Map<string, Ranking>();
    const times: number[] = [];
    for (const [id, list] of candidates) {
      const started = performance.now();
      reranked.set(
        id,
        await reranker.rerank(queries.get(id)!, list, { signal: session.signal }).catch((error: unknown) => {
          if (isRankError(error))
            throw new RankError(error.code, `Query ${id}: ${error.message}`, { ...error.details, query: id }, { cause: error });
          throw error;
        }),
      );
      times.push(performance.now() - started);
      session.progress.report({ stage: 'reranking', done: reranked.size, total: candidates.size, unit: 'queries' });
    }
    await writeRun(output, reranked, { format: 'trec', tag: 'rank-rank' });
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
    const milliseconds = { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    const hits = [...reranked.values()].reduce((sum, ranking) => sum + ranking.length, 0);
    session.print(
      { queries: reranked.size, hits, milliseconds },
      () =>
        `${reranked.size} queries, ${hits} hits in ${output} (${name}); p50 ${figure(milliseconds.p50)} ms, p95 ${figure(milliseconds.p95)} ms`,
    );
  };
}

/** The first `k` hits of each query, with their texts. */
async function candidatesOf(
  run: ReadonlyMap<string, Ranking>,
  documents: string,
  k: number | undefined,
): Promise<Map<string, Candidate[]>> {
  const wanted = new Map<string, Candidate | undefined>();
  for (const ranking of run.values()) for (const { id } of ranking.slice(0, k)) wanted.set(id, undefined);
  const all = /\.jsonl(\.gz)?$/.test(documents) ? readDocumentFile(documents) : (await openBeir(documents)).documents();
  for await (const { id, text, title } of all) if (wanted.has(id)) wanted.set(id, { id, text, ...(title !== undefined && { title }) });
  const absent = [...wanted].filter(([, found]) => found === undefined).map(([id]) => id);
  if (absent.length > 0) {
    throw new RankError('NOT_FOUND', `${documents} lacks ${absent.length} documents of the run: ${absent.slice(0, 5).join(', ')}.`, {
      documents: absent.slice(0, 100),
    });
  }
  return new Map([...run].map(([query, ranking]) => [query, ranking.slice(0, k).map(({ id, score }) => ({ ...wanted.get(id)!, score }))]));
}

function rankingText(ranking: Ranking, candidates: readonly Candidate[], { name }: ChosenReranker, milliseconds: number): string {
  const texts = new Map(candidates.map(({ id, title, text = '' }) => [id, title ?? text]));
  return [
    ...ranking.map(({ id, score }, i) => {
      const line = texts.get(id)!.replaceAll(/\s+/g, ' ').trim();
      return `${bold(`${i + 1}.`)} ${bold(id)} ${dim(figure(score))}  ${line.length > 100 ? `${line.slice(0, 97)}…` : line}`;
    }),
    dim(`${ranking.length} candidates by ${name} in ${figure(milliseconds)} ms`),
  ].join('\n');
}
