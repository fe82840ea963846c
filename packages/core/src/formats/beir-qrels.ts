import type { WorkOptions } from '../contracts.ts';
import { type Qrels, type QrelsInput, toQrels } from '../qrels.ts';
import { checkOneOf, checkOptions, checkString } from '../validate.ts';
import { parseDecimal } from './decimal.ts';
import { LineParser } from './line-parser.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';
import type { DuplicatePolicy } from './trec-run.ts';

export interface BeirQrelsOptions {
  /** What is read, for error messages. */
  readonly file?: string;
  /** The same document twice for a query: an error (the default), or which grade stays. */
  readonly duplicates?: DuplicatePolicy;
}

const ownOptions = ['file', 'duplicates'] as const;
const layout = 'query-id, corpus-id and score, apart by tabs';

/**
 * Reads the judgements of a BEIR folder: tab-separated `query-id corpus-id score` under a header row. A file without the header
 * is understood too.
 *
 * @example parseBeirQrels('query-id\tcorpus-id\tscore\nq1\td1\t2\n').get('q1')?.get('d1') // 2
 */
export function parseBeirQrels(data: string | Uint8Array, options: BeirQrelsOptions = {}): Qrels {
  const parser = new BeirQrelsParser('parseBeirQrels', options, ownOptions);
  parser.push(toBytes(data, 'parseBeirQrels: data'));
  return parser.finish();
}

/** Reads BEIR judgements from a stream, gzip or not. */
export async function readBeirQrels(source: ByteSource, options: BeirQrelsOptions & WorkOptions = {}): Promise<Qrels> {
  const parser = new BeirQrelsParser('readBeirQrels', options, [...ownOptions, 'signal', 'onProgress']);
  for await (const chunk of chunksOf(source, parser.file, options)) parser.push(chunk);
  return parser.finish();
}

class BeirQrelsParser extends LineParser {
  readonly #duplicates: DuplicatePolicy;
  readonly #qrels = new Map<string, Map<string, number>>();
  #first = true;

  constructor(where: string, options: BeirQrelsOptions, known: readonly string[]) {
    checkOptions(where, options, known);
    super(options.file === undefined ? 'qrels' : checkString(`${where}: file`, options.file));
    this.#duplicates = checkOneOf(`${where}: duplicates`, options.duplicates ?? 'error', ['error', 'first', 'last', 'best']);
  }

  protected override onLine(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const one = bytes.indexOf(9, start);
    const two = one < 0 || one >= end ? -1 : bytes.indexOf(9, one + 1);
    if (two < 0 || two >= end || one === start || two === one + 1) throw this.badLine(bytes, start, end, layout);
    const grade = parseDecimal(bytes, two + 1, end);
    const isFirst = this.#first;
    this.#first = false;
    if (!Number.isFinite(grade)) {
      if (isFirst) return;
      throw this.failure(this.text(bytes, two + 1, end), `a grade, a number, as the third field (${layout})`);
    }
    const query = this.text(bytes, start, one);
    const id = this.text(bytes, one + 1, two);
    let judged = this.#qrels.get(query);
    if (judged === undefined) this.#qrels.set(query, (judged = new Map()));
    const before = judged.get(id);
    if (before !== undefined) {
      if (this.#duplicates === 'error') {
        throw this.failure(
          id,
          `each document once for a query, and query ${JSON.stringify(query)} has this one already with grade ${before}`,
          'DUPLICATE_ID',
          "Read with duplicates: 'first', 'last' or 'best' to keep one of them.",
        );
      }
      if (this.#duplicates === 'first' || (this.#duplicates === 'best' && grade <= before)) return;
    }
    judged.set(id, grade);
  }

  finish(): Qrels {
    this.end();
    return this.#qrels;
  }
}

/** The lines of a BEIR judgement file, header first, then a query at a time. */
export function* beirQrelsText(qrels: QrelsInput): Generator<string> {
  yield 'query-id\tcorpus-id\tscore\n';
  for (const [query, judged] of toQrels(qrels)) {
    let text = '';
    for (const [id, grade] of judged) text += `${query}\t${id}\t${grade}\n`;
    yield text;
  }
}
