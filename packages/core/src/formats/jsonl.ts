import type { WorkOptions } from '../contracts.ts';
import { checkOptions, checkString } from '../validate.ts';
import { LineParser } from './line-parser.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';

export interface JsonLinesOptions {
  /** What is read, for error messages. */
  readonly file?: string;
}

/** A value, and the line it stands on. */
export interface JsonLine {
  readonly value: unknown;
  readonly line: number;
}

/** JSONL that is at hand: one JSON value a line, blank lines skipped. */
export function* parseJsonLines(data: string | Uint8Array, options: JsonLinesOptions = {}): Generator<JsonLine> {
  const parser = new JsonLineParser('parseJsonLines', options, ['file']);
  parser.push(toBytes(data, 'parseJsonLines: data'));
  parser.end();
  yield* parser.take();
}

/**
 * The values of a JSONL stream as they come, gzip or not.
 *
 * @example for await (const { value } of readJsonLines(response.body)) console.log(value);
 */
export async function* readJsonLines(source: ByteSource, options: JsonLinesOptions & WorkOptions = {}): AsyncGenerator<JsonLine> {
  const parser = new JsonLineParser('readJsonLines', options, ['file', 'signal', 'onProgress']);
  for await (const chunk of chunksOf(source, parser.file, options)) {
    parser.push(chunk);
    yield* parser.take();
  }
  parser.end();
  yield* parser.take();
}

class JsonLineParser extends LineParser {
  #values: JsonLine[] = [];

  constructor(where: string, options: JsonLinesOptions, known: readonly string[]) {
    checkOptions(where, options, known);
    super(options.file === undefined ? 'JSONL' : checkString(`${where}: file`, options.file));
  }

  protected override onLine(bytes: Uint8Array, start: number, end: number): void {
    const text = this.text(bytes, start, end);
    if (text.trim() === '') return;
    try {
      this.#values.push({ value: JSON.parse(text) as unknown, line: this.line });
    } catch (error) {
      throw this.failure(text, `a JSON value on one line (${(error as Error).message})`);
    }
  }

  take(): JsonLine[] {
    const values = this.#values;
    this.#values = [];
    return values;
  }
}

/** Values as JSONL, a line each. */
export function* jsonLinesText(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}
