import { RankError } from '../error.ts';
import { shown } from '../validate.ts';
import { isGzip, joined } from './source.ts';

const newline = 10;
const empty = new Uint8Array(0);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const tolerant = new TextDecoder();

/**
 * Bytes come in chunks of any size, lines go out: the part that every line-based format shares. A line ends with \n or \r\n, or
 * with the file. A byte-order mark is skipped. Lines are counted from 1, as editors count them.
 */
export abstract class LineParser {
  /** The line being read. */
  line = 0;
  /** What is read, for messages: a path, or "run". */
  readonly file: string;
  #rest: Uint8Array = empty;
  #started = false;

  constructor(file: string) {
    this.file = file;
  }

  /** One line of `bytes`, from `start` up to `end`, without its ending. */
  protected abstract onLine(bytes: Uint8Array, start: number, end: number): void;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    let bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    if (!this.#started) {
      if (bytes.length < 3) {
        this.#rest = bytes.slice();
        return;
      }
      bytes = this.#start(bytes);
    }
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.line++;
      this.onLine(bytes, start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
      start = end + 1;
    }
    // A copy, so that a stream may use its buffer again.
    this.#rest = start === bytes.length ? empty : bytes.slice(start);
  }

  /** Reads what follows the last line break. */
  end(): void {
    const bytes = this.#started ? this.#rest : this.#start(this.#rest);
    this.#rest = empty;
    if (bytes.length === 0) return;
    this.line++;
    this.onLine(bytes, 0, bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length);
  }

  #start(bytes: Uint8Array): Uint8Array {
    this.#started = true;
    if (isGzip(bytes)) {
      throw new RankError(
        'PARSE',
        `${this.file} is gzip; expected text. Read it as a stream, or by path with @rank-rank/core/files, which unpack it.`,
        { file: this.file },
      );
    }
    return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  }

  /** The text of a part of the line. Bytes that are no UTF-8 are an error: two ids must not become one. */
  protected text(bytes: Uint8Array, start: number, end: number): string {
    try {
      return decoder.decode(bytes.subarray(start, end));
    } catch {
      throw this.failure(tolerant.decode(bytes.subarray(start, end)), 'UTF-8 text');
    }
  }

  /** The error for what stands on this line. */
  protected failure(found: string, expected: string, code: 'PARSE' | 'DUPLICATE_ID' = 'PARSE', remedy = ''): RankError {
    return new RankError(code, `${this.file}, line ${this.line}: read ${shown(found)}; expected ${expected}.${remedy && ` ${remedy}`}`, {
      file: this.file,
      line: this.line,
      found,
      expected,
    });
  }

  protected badLine(bytes: Uint8Array, start: number, end: number, expected: string): RankError {
    return this.failure(tolerant.decode(bytes.subarray(start, end)), expected);
  }
}

/** What C's `isspace` takes for space. */
export function isSpace(byte: number): boolean {
  // Most bytes are letters and digits: one comparison is enough for them.
  return byte <= 32 && (byte === 32 || (byte >= 9 && byte <= 13));
}
