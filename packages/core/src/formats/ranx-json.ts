import type { WorkOptions } from '../contracts.ts';
import { isRankError, RankError } from '../error.ts';
import { type Qrels, type QrelsInput, toQrels } from '../qrels.ts';
import type { Ranking } from '../ranking.ts';
import { type RunInput, toRun } from '../run.ts';
import { checkOptions, checkString } from '../validate.ts';
import { JsonEntryParser } from './json-entries.ts';
import { NamedRun, type QueryRanking } from './named-run.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';
import { queriesOf } from './trec-run.ts';

/**
 * Runs and judgements as JSON, in the form that ranx, BEIR and pytrec_eval share: `{"query": {"document": score}}`. A run's value
 * may also be a list of `{"id", "score"}`.
 */
export interface RanxJsonOptions {
  /** What is read, for error messages. */
  readonly file?: string;
}

const ownOptions = ['file'] as const;
const workOptions = ['file', 'signal', 'onProgress'] as const;

/**
 * Reads a run as JSON that is at hand.
 *
 * @example parseRanxRun('{"q1": {"d1": 0.9}}').get('q1') // [{ id: 'd1', score: 0.9 }]
 */
export function parseRanxRun(data: string | Uint8Array, options: RanxJsonOptions = {}): NamedRun {
  const parser = parserFor('parseRanxRun', options, ownOptions, 'run');
  parser.push(toBytes(data, 'parseRanxRun: data'));
  parser.end();
  return collect(parser.take(), parser);
}

/** Reads a run as JSON from a stream, gzip or not. */
export async function readRanxRun(source: ByteSource, options: RanxJsonOptions & WorkOptions = {}): Promise<NamedRun> {
  const run = new NamedRun();
  for await (const { query, ranking } of streamRanxRun(source, options)) run.set(query, ranking);
  return run;
}

/** Reads a run as JSON query by query, in the memory of one query. */
export async function* streamRanxRun(source: ByteSource, options: RanxJsonOptions & WorkOptions = {}): AsyncGenerator<QueryRanking> {
  const parser = parserFor('streamRanxRun', options, workOptions, 'run');
  const seen = new Set<string>();
  for await (const chunk of chunksOf(source, parser.file, options)) {
    parser.push(chunk);
    for (const [query, value, line] of parser.take()) {
      once(seen, query, line, parser);
      yield { query, ranking: toQuery(query, value, line, parser) };
    }
  }
  parser.end();
}

/**
 * Reads judgements as JSON that is at hand.
 *
 * @example parseRanxQrels('{"q1": {"d1": 2}}').get('q1')?.get('d1') // 2
 */
export function parseRanxQrels(data: string | Uint8Array, options: RanxJsonOptions = {}): Qrels {
  const parser = parserFor('parseRanxQrels', options, ownOptions, 'qrels');
  parser.push(toBytes(data, 'parseRanxQrels: data'));
  parser.end();
  return collectQrels(new Map(), new Set(), parser);
}

/** Reads judgements as JSON from a stream, gzip or not. */
export async function readRanxQrels(source: ByteSource, options: RanxJsonOptions & WorkOptions = {}): Promise<Qrels> {
  const parser = parserFor('readRanxQrels', options, workOptions, 'qrels');
  const qrels = new Map<string, ReadonlyMap<string, number>>();
  const seen = new Set<string>();
  for await (const chunk of chunksOf(source, parser.file, options)) {
    parser.push(chunk);
    collectQrels(qrels, seen, parser);
  }
  parser.end();
  return qrels;
}

/** A run as JSON text, a query at a time. */
export function* ranxRunText(run: RunInput | Iterable<QueryRanking>): Generator<string> {
  let before = '{';
  for (const { query, ranking } of queriesOf(run)) {
    const hits = ranking.map(({ id, score }) => `${JSON.stringify(id)}:${score}`);
    yield `${before}\n${JSON.stringify(query)}: {${hits.join(',')}}`;
    before = ',';
  }
  yield before === '{' ? '{}\n' : '\n}\n';
}

/** Judgements as JSON text, a query at a time. */
export function* ranxQrelsText(qrels: QrelsInput): Generator<string> {
  let before = '{';
  for (const [query, judged] of toQrels(qrels)) {
    const grades = [...judged].map(([id, grade]) => `${JSON.stringify(id)}:${grade}`);
    yield `${before}\n${JSON.stringify(query)}: {${grades.join(',')}}`;
    before = ',';
  }
  yield before === '{' ? '{}\n' : '\n}\n';
}

function parserFor(where: string, options: RanxJsonOptions, known: readonly string[], what: string): JsonEntryParser {
  checkOptions(where, options, known);
  return new JsonEntryParser(options.file === undefined ? what : checkString(`${where}: file`, options.file));
}

function collect(entries: [string, unknown, number][], parser: JsonEntryParser): NamedRun {
  const run = new NamedRun();
  const seen = new Set<string>();
  for (const [query, value, line] of entries) {
    once(seen, query, line, parser);
    run.set(query, toQuery(query, value, line, parser));
  }
  return run;
}

function collectQrels(qrels: Map<string, ReadonlyMap<string, number>>, seen: Set<string>, parser: JsonEntryParser): Qrels {
  for (const [query, value, line] of parser.take()) {
    once(seen, query, line, parser);
    const judged = located(parser.file, line, () => toQrels({ [query]: value as Record<string, number> }).get(query)!);
    qrels.set(query, judged);
  }
  return qrels;
}

function toQuery(query: string, value: unknown, line: number, parser: JsonEntryParser): Ranking {
  return located(parser.file, line, () => toRun({ [query]: value as Ranking }).get(query)!);
}

/** `JSON.parse` would let the second of two equal keys win, unseen. */
function once(seen: Set<string>, query: string, line: number, parser: JsonEntryParser): void {
  if (seen.has(query)) throw parser.failure(query, 'each query once', line);
  seen.add(query);
}

/** Puts the file and the line before what validation has to say. */
function located<T>(file: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isRankError(error)) throw error;
    throw new RankError(error.code, `${file}, line ${line}: ${error.message}`, { ...error.details, file, line }, { cause: error });
  }
}
