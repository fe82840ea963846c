import type { WorkOptions } from '../contracts.ts';
import { RankError } from '../error.ts';
import { type Hit, isRanking, toRanking } from '../ranking.ts';
import { markChecked, type RunInput, toRun } from '../run.ts';
import { checkOneOf, checkOptions, checkString } from '../validate.ts';
import { leadingDecimal, parseDecimal } from './decimal.ts';
import { IdTable } from './id-table.ts';
import { isSpace, LineParser } from './line-parser.ts';
import { NamedRun, type QueryRanking } from './named-run.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';

/**
 * TREC runs: `query Q0 document rank score tag`, fields apart by white space.
 *
 * Read as trec_eval reads them: the second and the fourth field mean nothing, ranks come from sorting by score, what follows the
 * tag is skipped, blank lines are skipped, the last tag names the run, queries may stand in any order. Lines that begin with `#`
 * are comments (trec_eval 10 and later; before, a line was always data). A missing field is an error that names the line.
 *
 * Rankings come out in the order of this library: equal scores by id, ascending. trec_eval puts equal scores in descending
 * order of id, and until version 10 kept scores in single precision; ids and scores are kept whole here, so that `trecEval` of
 * `@rank-rank/eval` has exactly its order.
 */
export interface TrecRunOptions {
  /** What is read, for error messages. */
  readonly file?: string;
  /** The same document twice for a query: an error (the default, as trec_eval has it), or which of the two stays; `best` is the higher score. */
  readonly duplicates?: DuplicatePolicy;
  /** A score that is no number: an error (the default), or what C's `atof` makes of it, as in trec_eval: `1.5x` is 1.5 and `x` is 0. */
  readonly numbers?: NumberPolicy;
  /** Whether a line that begins with `#` is a comment; true by default. */
  readonly comments?: boolean;
}

export type DuplicatePolicy = 'error' | 'first' | 'last' | 'best';
export type NumberPolicy = 'strict' | 'atof';

const ownOptions = ['file', 'duplicates', 'numbers', 'comments'] as const;
const layout = 'query Q0 document rank score tag';

/**
 * Reads a whole TREC run that is at hand.
 *
 * @example parseTrecRun('q1 Q0 d1 1 0.9 bm25\nq1 Q0 d2 2 0.4 bm25\n').get('q1') // [{ id: 'd1', score: 0.9 }, { id: 'd2', score: 0.4 }]
 */
export function parseTrecRun(data: string | Uint8Array, options: TrecRunOptions = {}): NamedRun {
  const parser = new TrecRunParser('parseTrecRun', options, ownOptions, false);
  parser.push(toBytes(data, 'parseTrecRun: data'));
  return parser.finish();
}

/** Reads a whole TREC run from a stream, gzip or not. */
export async function readTrecRun(source: ByteSource, options: TrecRunOptions & WorkOptions = {}): Promise<NamedRun> {
  const parser = new TrecRunParser('readTrecRun', options, [...ownOptions, 'signal', 'onProgress'], false);
  for await (const chunk of chunksOf(source, parser.file, options)) parser.push(chunk);
  return parser.finish();
}

/**
 * Reads a TREC run query by query, in the memory of one query. The lines of a query have to stand together; where they do not,
 * the error says so, and {@link readTrecRun} reads the file.
 */
export async function* streamTrecRun(source: ByteSource, options: TrecRunOptions & WorkOptions = {}): AsyncGenerator<QueryRanking> {
  const parser = new TrecRunParser('streamTrecRun', options, [...ownOptions, 'signal', 'onProgress'], true);
  for await (const chunk of chunksOf(source, parser.file, options)) {
    parser.push(chunk);
    yield* parser.take();
  }
  parser.finish();
  yield* parser.take();
}

/** A query's hits while its lines are read. */
interface OpenQuery {
  readonly query: string;
  readonly hits: Hit[];
  /** Id → place among the hits; only where the stamps do not do: a query whose lines stand apart, or that has duplicates. */
  places?: Map<string, number>;
}

class TrecRunParser extends LineParser {
  readonly #duplicates: DuplicatePolicy;
  readonly #lenient: boolean;
  readonly #comments: boolean;
  readonly #streaming: boolean;
  readonly #table = new IdTable();
  /** Per id: the stretch of lines, of one query, that had it last. */
  #stamps = new Int32Array(1024);
  #stretch = 0;
  readonly #queries = new Map<string, OpenQuery>();
  readonly #ended = new Set<string>();
  #complete: QueryRanking[] = [];
  #current: OpenQuery | undefined;
  #currentBytes: Uint8Array = new Uint8Array(0);
  #tag: Uint8Array = new Uint8Array(0);

  constructor(where: string, options: TrecRunOptions, known: readonly string[], streaming: boolean) {
    checkOptions(where, options, known);
    super(options.file === undefined ? 'run' : checkString(`${where}: file`, options.file));
    this.#duplicates = checkOneOf(`${where}: duplicates`, options.duplicates ?? 'error', ['error', 'first', 'last', 'best']);
    this.#lenient = checkOneOf(`${where}: numbers`, options.numbers ?? 'strict', ['strict', 'atof']) === 'atof';
    this.#comments = options.comments ?? true;
    this.#streaming = streaming;
  }

  protected override onLine(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && isSpace(bytes[at]!)) at++;
    if (at === end || (bytes[at] === 35 && this.#comments)) return;
    const query = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const queryEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    while (at < end && !isSpace(bytes[at]!)) at++;
    while (at < end && isSpace(bytes[at]!)) at++;
    const id = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const idEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    while (at < end && !isSpace(bytes[at]!)) at++;
    while (at < end && isSpace(bytes[at]!)) at++;
    const number = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const numberEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    if (at >= end) throw this.badLine(bytes, start, end, `six fields (${layout})`);
    const tag = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    let score = parseDecimal(bytes, number, numberEnd);
    if (!Number.isFinite(score)) score = this.#oddScore(bytes, number, numberEnd);

    if (!same(this.#currentBytes, bytes, query, queryEnd)) this.#turnTo(bytes, query, queryEnd);
    if (!same(this.#tag, bytes, tag, at)) this.#tag = bytes.slice(tag, at);
    this.#add(bytes, id, idEnd, score);
  }

  #oddScore(bytes: Uint8Array, start: number, end: number): number {
    const text = this.text(bytes, start, end);
    const score = this.#lenient ? leadingDecimal(text) : Number.NaN;
    if (Number.isFinite(score)) return score;
    throw this.failure(text, `a score, a finite decimal number, as the fifth field (${layout})`);
  }

  #turnTo(bytes: Uint8Array, start: number, end: number): void {
    if (this.#streaming) this.#close();
    // Within a query the stamps are all that is needed; a stream meets new documents without end.
    if (this.#table.idle || (this.#streaming && this.#table.ids.length > 65_536)) {
      this.#table.clear();
      this.#stamps.fill(0);
    }
    this.#currentBytes = bytes.slice(start, end);
    this.#stretch++;
    const query = this.text(bytes, start, end);
    let open = this.#queries.get(query);
    if (open === undefined) {
      if (this.#ended.has(query)) {
        throw this.failure(
          query,
          'the lines of a query to stand together',
          'PARSE',
          'Read the file whole (readTrecRun) instead of as a stream.',
        );
      }
      open = { query, hits: [] };
      this.#queries.set(query, open);
    } else {
      open.places ??= placesOf(open.hits);
    }
    this.#current = open;
  }

  #add(bytes: Uint8Array, start: number, end: number, score: number): void {
    let number: number;
    try {
      number = this.#table.number(bytes, start, end);
    } catch {
      throw this.badLine(bytes, start, end, 'an id in UTF-8');
    }
    if (number >= this.#stamps.length) {
      const wider = new Int32Array(this.#stamps.length * 2);
      wider.set(this.#stamps);
      this.#stamps = wider;
    }
    const open = this.#current!;
    const id = this.#table.ids[number]!;
    const again = this.#stamps[number] === this.#stretch;
    this.#stamps[number] = this.#stretch;
    if (again || open.places !== undefined) {
      open.places ??= placesOf(open.hits);
      const place = open.places.get(id);
      if (place !== undefined) {
        this.#resolve(open, place, id, score);
        return;
      }
      open.places.set(id, open.hits.length);
    }
    open.hits.push({ id, score });
  }

  #resolve(open: OpenQuery, place: number, id: string, score: number): void {
    const policy = this.#duplicates;
    if (policy === 'error') {
      throw this.failure(
        id,
        `each document once for a query, and query ${JSON.stringify(open.query)} has this one already`,
        'DUPLICATE_ID',
        "Read with duplicates: 'first', 'last' or 'best' to keep one of them.",
      );
    }
    if (policy === 'last' || (policy === 'best' && score > open.hits[place]!.score)) open.hits[place] = { id, score };
  }

  #close(): void {
    const open = this.#current;
    if (open === undefined) return;
    this.#current = undefined;
    this.#queries.delete(open.query);
    this.#ended.add(open.query);
    this.#complete.push({ query: open.query, ranking: ordered(open.hits) });
  }

  /** What is complete and was not taken yet. */
  take(): QueryRanking[] {
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  finish(): NamedRun {
    this.end();
    if (this.#streaming) this.#close();
    const run = new NamedRun(this.text(this.#tag, 0, this.#tag.length));
    for (const { query, hits } of this.#queries.values()) run.set(query, ordered(hits));
    return run;
  }
}

function placesOf(hits: readonly Hit[]): Map<string, number> {
  return new Map(hits.map((hit, place) => [hit.id, place]));
}

function ordered(hits: Hit[]): readonly Hit[] {
  return markChecked(isRanking(hits) ? hits : toRanking(hits));
}

function same(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

export interface TrecRunFormat {
  /** The last field of every line; the run's own name by default, or "rank-rank". */
  readonly tag?: string;
}

/**
 * The lines of a TREC run, a query at a time. Scores are written with as many digits as it takes to read the same number again;
 * ranks count from 1.
 */
export function* trecRunText(run: RunInput | Iterable<QueryRanking>, options: TrecRunFormat = {}): Generator<string> {
  checkOptions('trecRunText', options, ['tag']);
  const tag = fieldOf('the tag', options.tag ?? (run instanceof NamedRun && run.name !== '' ? run.name : 'rank-rank'));
  for (const { query, ranking } of queriesOf(run)) {
    const start = `${fieldOf('a query id', query)} Q0 `;
    let text = '';
    for (let i = 0; i < ranking.length; i++) {
      const hit = ranking[i]!;
      text += `${start}${fieldOf('a document id', hit.id)} ${i + 1} ${hit.score} ${tag}\n`;
    }
    yield text;
  }
}

/**
 * A run as the text of a TREC run file.
 *
 * @example formatTrecRun({ q1: { d1: 0.9, d2: 0.4 } }, { tag: 'bm25' }) // 'q1 Q0 d1 1 0.9 bm25\nq1 Q0 d2 2 0.4 bm25\n'
 */
export function formatTrecRun(run: RunInput | Iterable<QueryRanking>, options: TrecRunFormat = {}): string {
  return [...trecRunText(run, options)].join('');
}

/** The queries of a run, or of whatever gives rankings query by query. */
export function* queriesOf(run: RunInput | Iterable<QueryRanking>): Generator<QueryRanking> {
  if (run instanceof Map || typeof run !== 'object' || run === null || !(Symbol.iterator in run)) {
    for (const [query, ranking] of toRun(run as RunInput)) yield { query, ranking };
  } else {
    yield* run as Iterable<QueryRanking>;
  }
}

/** What may stand in a white-space separated file. */
export function fieldOf(what: string, value: string): string {
  if (value === '' || /\s/.test(value)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${what} is ${JSON.stringify(value)}; TREC files cannot hold empty ids or white space. Write JSON instead.`,
      {
        value,
      },
    );
  }
  return value;
}
