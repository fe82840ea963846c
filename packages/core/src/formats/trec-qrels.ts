import type { WorkOptions } from '../contracts.ts';
import { type Qrels, type QrelsInput, toQrels } from '../qrels.ts';
import { checkOneOf, checkOptions, checkString } from '../validate.ts';
import { leadingDecimal, parseDecimal } from './decimal.ts';
import { isSpace, LineParser } from './line-parser.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';
import { type DuplicatePolicy, fieldOf, type NumberPolicy } from './trec-run.ts';

/**
 * TREC judgements: `query iteration document grade`, fields apart by white space, queries in any order.
 *
 * trec_eval reads whole grades (`1.7` as 1, `x` as 0, both with `numbers: 'atof'` here); here a grade may be a fraction, and what
 * is no number is an error. Blank lines and lines that begin with `#` are skipped. Negative grades are kept: they mean "in the
 * pool, not judged" to trec_eval and "judged, not relevant" to everybody else.
 */
export interface TrecQrelsOptions {
  /** What is read, for error messages. */
  readonly file?: string;
  /** The same document twice for a query: an error (the default, as trec_eval has it), or which grade stays; `best` is the higher. */
  readonly duplicates?: DuplicatePolicy;
  /** A grade that is no number: an error (the default), or what C's `atol` makes of it. */
  readonly numbers?: NumberPolicy;
  /** Whether a line that begins with `#` is a comment; true by default. */
  readonly comments?: boolean;
}

/**
 * Judgements in groups: query id → group → document id → grade. The second column of a TREC qrels file names the group: the
 * subtopic, where a measure looks at diversity; the assessor, where several judged the same documents.
 */
export type GroupedQrels = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;

const ownOptions = ['file', 'duplicates', 'numbers', 'comments'] as const;
const layout = 'query iteration document grade';

/**
 * Reads TREC judgements that are at hand.
 *
 * @example parseTrecQrels('q1 0 d1 2\nq1 0 d2 0\n').get('q1')?.get('d1') // 2
 */
export function parseTrecQrels(data: string | Uint8Array, options: TrecQrelsOptions = {}): Qrels {
  const parser = new TrecQrelsParser('parseTrecQrels', options, ownOptions);
  parser.push(toBytes(data, 'parseTrecQrels: data'));
  return parser.finish();
}

/** Reads TREC judgements from a stream, gzip or not. */
export async function readTrecQrels(source: ByteSource, options: TrecQrelsOptions & WorkOptions = {}): Promise<Qrels> {
  const parser = new TrecQrelsParser('readTrecQrels', options, [...ownOptions, 'signal', 'onProgress']);
  for await (const chunk of chunksOf(source, parser.file, options)) parser.push(chunk);
  return parser.finish();
}

/**
 * Reads TREC judgements whose second column names a subtopic or an assessor.
 *
 * @example parseGroupedQrels('q1 1 d1 1\nq1 2 d1 0\n').get('q1')?.get('2')?.get('d1') // 0
 */
export function parseGroupedQrels(data: string | Uint8Array, options: TrecQrelsOptions = {}): GroupedQrels {
  const parser = new GroupedQrelsParser('parseGroupedQrels', options, ownOptions);
  parser.push(toBytes(data, 'parseGroupedQrels: data'));
  return parser.finish();
}

/** Reads grouped judgements from a stream, gzip or not. */
export async function readGroupedQrels(source: ByteSource, options: TrecQrelsOptions & WorkOptions = {}): Promise<GroupedQrels> {
  const parser = new GroupedQrelsParser('readGroupedQrels', options, [...ownOptions, 'signal', 'onProgress']);
  for await (const chunk of chunksOf(source, parser.file, options)) parser.push(chunk);
  return parser.finish();
}

abstract class JudgementParser extends LineParser {
  readonly #duplicates: DuplicatePolicy;
  readonly #lenient: boolean;
  readonly #comments: boolean;

  constructor(where: string, options: TrecQrelsOptions, known: readonly string[]) {
    checkOptions(where, options, known);
    super(options.file === undefined ? 'qrels' : checkString(`${where}: file`, options.file));
    this.#duplicates = checkOneOf(`${where}: duplicates`, options.duplicates ?? 'error', ['error', 'first', 'last', 'best']);
    this.#lenient = checkOneOf(`${where}: numbers`, options.numbers ?? 'strict', ['strict', 'atof']) === 'atof';
    this.#comments = options.comments ?? true;
  }

  protected override onLine(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && isSpace(bytes[at]!)) at++;
    if (at === end || (bytes[at] === 35 && this.#comments)) return;
    const query = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const queryEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    const group = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const groupEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    const id = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const idEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    const number = at;
    while (at < end && !isSpace(bytes[at]!)) at++;
    const numberEnd = at;
    while (at < end && isSpace(bytes[at]!)) at++;
    if (number === numberEnd || at < end) throw this.badLine(bytes, start, end, `four fields (${layout})`);
    let grade = parseDecimal(bytes, number, numberEnd);
    if (!Number.isFinite(grade)) {
      const text = this.text(bytes, number, numberEnd);
      grade = this.#lenient ? leadingDecimal(text) : Number.NaN;
      if (!Number.isFinite(grade)) throw this.failure(text, `a grade, a number, as the fourth field (${layout})`);
    }
    if (this.#lenient) grade = Math.trunc(grade) + 0;
    this.judge(bytes, query, queryEnd, group, groupEnd, this.text(bytes, id, idEnd), grade);
  }

  protected abstract judge(
    bytes: Uint8Array,
    query: number,
    queryEnd: number,
    group: number,
    groupEnd: number,
    id: string,
    grade: number,
  ): void;

  protected put(judged: Map<string, number>, id: string, grade: number, place: string): void {
    const before = judged.get(id);
    if (before !== undefined) {
      const policy = this.#duplicates;
      if (policy === 'error') {
        throw this.failure(
          id,
          `each document once for a query, and ${place} has this one already with grade ${before}`,
          'DUPLICATE_ID',
          "Read with duplicates: 'first', 'last' or 'best' to keep one of them.",
        );
      }
      if (policy === 'first' || (policy === 'best' && grade <= before)) return;
    }
    judged.set(id, grade);
  }
}

class TrecQrelsParser extends JudgementParser {
  readonly #qrels = new Map<string, Map<string, number>>();
  #query: string | undefined;
  #judged = new Map<string, number>();

  protected override judge(
    bytes: Uint8Array,
    query: number,
    queryEnd: number,
    _group: number,
    _groupEnd: number,
    id: string,
    grade: number,
  ): void {
    const name = this.text(bytes, query, queryEnd);
    if (name !== this.#query) {
      this.#query = name;
      this.#judged = entry(this.#qrels, name, () => new Map());
    }
    this.put(this.#judged, id, grade, `query ${JSON.stringify(name)}`);
  }

  finish(): Qrels {
    this.end();
    return this.#qrels;
  }
}

class GroupedQrelsParser extends JudgementParser {
  readonly #qrels = new Map<string, Map<string, Map<string, number>>>();

  protected override judge(
    bytes: Uint8Array,
    query: number,
    queryEnd: number,
    group: number,
    groupEnd: number,
    id: string,
    grade: number,
  ): void {
    const queryId = this.text(bytes, query, queryEnd);
    const name = this.text(bytes, group, groupEnd);
    const groups = entry(this.#qrels, queryId, () => new Map<string, Map<string, number>>());
    const judged = entry(groups, name, () => new Map<string, number>());
    this.put(judged, id, grade, `group ${JSON.stringify(name)} of query ${JSON.stringify(queryId)}`);
  }

  finish(): GroupedQrels {
    this.end();
    return this.#qrels;
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** The lines of a TREC qrels file, a query at a time. */
export function* trecQrelsText(qrels: QrelsInput): Generator<string> {
  for (const [query, judged] of toQrels(qrels)) {
    const start = `${fieldOf('a query id', query)} 0 `;
    let text = '';
    for (const [id, grade] of judged) text += `${start}${fieldOf('a document id', id)} ${grade}\n`;
    yield text;
  }
}

/**
 * Judgements as the text of a TREC qrels file.
 *
 * @example formatTrecQrels({ q1: { d1: 2, d2: 0 } }) // 'q1 0 d1 2\nq1 0 d2 0\n'
 */
export function formatTrecQrels(qrels: QrelsInput): string {
  return [...trecQrelsText(qrels)].join('');
}
