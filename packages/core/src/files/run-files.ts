import { basename } from 'node:path';
import type { WorkOptions } from '../contracts.ts';
import type { NamedRun, QueryRanking } from '../formats/named-run.ts';
import { ranxRunText, readRanxRun, streamRanxRun } from '../formats/ranx-json.ts';
import { type RunFormat, runFormatOf } from '../formats/sniff.ts';
import { readTrecRun, streamTrecRun, type TrecRunOptions, trecRunText } from '../formats/trec-run.ts';
import type { RunInput } from '../run.ts';
import { checkOneOf, checkOptions } from '../validate.ts';
import { fileChunks, fileHead } from './open-file.ts';
import { writePieces } from './write-file.ts';

export interface ReadRunOptions extends Omit<TrecRunOptions, 'file'>, WorkOptions {
  /** How the file is written; told by its content where absent. */
  readonly format?: RunFormat;
}

const known = ['format', 'duplicates', 'numbers', 'comments', 'signal', 'onProgress'] as const;

/**
 * Reads a run file: TREC or JSON, plain or gzip. Its name is the run tag, or the file's name where there is none.
 *
 * @example const run = await readRun('bm25.run.gz');
 */
export async function readRun(path: string, options: ReadRunOptions = {}): Promise<NamedRun> {
  const { format, rest } = await settings('readRun', path, options);
  const run =
    format === 'json'
      ? await readRanxRun(fileChunks(path), work(path, rest))
      : await readTrecRun(fileChunks(path), { ...rest, file: path });
  if (run.name === '')
    run.name = basename(path)
      .replace(/(\.gz)?$/, '')
      .replace(/\.(json|run|txt|trec)$/, '');
  return run;
}

/** Reads a run file query by query, in the memory of one query. */
export async function* streamRun(path: string, options: ReadRunOptions = {}): AsyncGenerator<QueryRanking> {
  const { format, rest } = await settings('streamRun', path, options);
  if (format === 'json') yield* streamRanxRun(fileChunks(path), work(path, rest));
  else yield* streamTrecRun(fileChunks(path), { ...rest, file: path });
}

async function settings(
  where: string,
  path: string,
  options: ReadRunOptions,
): Promise<{ format: RunFormat; rest: Omit<ReadRunOptions, 'format'> }> {
  checkOptions(where, options, known);
  const { format, ...rest } = options;
  if (format !== undefined) return { format: checkOneOf(`${where}: format`, format, ['trec', 'json']), rest };
  return { format: runFormatOf(await fileHead(path)), rest };
}

function work(file: string, { signal, onProgress }: WorkOptions): WorkOptions & { file: string } {
  return { file, ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
}

export interface WriteRunOptions {
  /** By default JSON where the name ends in `.json` or `.json.gz`, TREC otherwise. */
  readonly format?: RunFormat;
  /** The last field of a TREC run's lines; the run's own name by default. */
  readonly tag?: string;
}

/**
 * Writes a run, or rankings as they come, to a file; packed where the name ends in `.gz`.
 *
 * @example await writeRun('fused.run.gz', run, { tag: 'rrf' });
 */
export async function writeRun(
  path: string,
  run: RunInput | Iterable<QueryRanking> | AsyncIterable<QueryRanking>,
  options: WriteRunOptions = {},
): Promise<void> {
  checkOptions('writeRun', options, ['format', 'tag']);
  const { format = /\.json(\.gz)?$/.test(path) ? 'json' : 'trec', ...rest } = options;
  checkOneOf('writeRun: format', format, ['trec', 'json']);
  if (typeof run === 'object' && run !== null && Symbol.asyncIterator in run) {
    if (format === 'trec')
      await writePieces(
        path,
        piecewise(run, (query) => trecRunText([query], rest)),
      );
    else {
      const queries: QueryRanking[] = [];
      for await (const query of run) queries.push(query);
      await writePieces(path, ranxRunText(queries));
    }
  } else await writePieces(path, format === 'json' ? ranxRunText(run) : trecRunText(run, rest));
}

async function* piecewise<T>(items: AsyncIterable<T>, text: (item: T) => Iterable<string>): AsyncGenerator<string> {
  for await (const item of items) yield* text(item);
}
