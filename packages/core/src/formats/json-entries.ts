import { RankError } from '../error.ts';
import { shown } from '../validate.ts';
import { joined } from './source.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const quote = 34;
const comma = 44;
const backslash = 92;

/**
 * The entries of one large JSON object, one at a time, in the memory of one entry: `{"q1": {…}, "q2": {…}}` gives q1, then q2.
 * Bytes are only scanned for strings and nesting; what stands between the commas goes through `JSON.parse`.
 */
export class JsonEntryParser {
  readonly file: string;
  #bytes: Uint8Array = new Uint8Array(0);
  /** How far the scan has come in `#bytes`. */
  #at = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #ended = false;
  #any = false;
  #line = 1;
  #entryLine = 1;
  #entries: [key: string, value: unknown, line: number][] = [];

  constructor(file: string) {
    this.file = file;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#bytes.length === 0 ? chunk : joined(this.#bytes, chunk);
    let from = 0;
    let at = this.#at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === 10) this.#line++;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
        continue;
      }
      if (byte === quote) this.#inString = true;
      else if (byte === 123 || byte === 91) {
        if (this.#depth === 0) {
          if (byte !== 123 || this.#ended) throw this.failure(String.fromCharCode(byte), 'one JSON object', this.#line);
          this.#onlySpace(bytes, from, at);
          from = at + 1;
          this.#entryLine = this.#line;
        }
        this.#depth++;
      } else if (byte === 125 || byte === 93) {
        this.#depth--;
        if (this.#depth === 0) {
          this.#entry(bytes, from, at, true);
          from = at + 1;
          this.#ended = true;
        } else if (this.#depth < 0) throw this.failure(String.fromCharCode(byte), 'one JSON object', this.#line);
      } else if (byte === comma && this.#depth === 1) {
        this.#entry(bytes, from, at, false);
        from = at + 1;
        this.#entryLine = this.#line;
      }
    }
    this.#bytes = bytes.slice(from);
    this.#at = at - from;
  }

  end(): void {
    if (this.#depth !== 0 || this.#inString) throw this.failure('the end of the file', 'the object to be closed', this.#line);
    this.#onlySpace(this.#bytes, 0, this.#bytes.length);
    if (!this.#ended) throw this.failure('no object', 'one JSON object', this.#line);
  }

  take(): [key: string, value: unknown, line: number][] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  failure(found: unknown, expected: string, line: number): RankError {
    return new RankError('PARSE', `${this.file}, line ${line}: read ${shown(found)}; expected ${expected}.`, {
      file: this.file,
      line,
      found,
      expected,
    });
  }

  #onlySpace(bytes: Uint8Array, from: number, to: number): void {
    const text = this.#text(bytes, from, to).replace(/^\ufeff/, '');
    if (text.trim() !== '') throw this.failure(text.trim(), 'one JSON object and nothing beside it', this.#line);
  }

  #entry(bytes: Uint8Array, from: number, to: number, last: boolean): void {
    const text = this.#text(bytes, from, to);
    // Only `{}` has a last entry with nothing in it.
    if (last && !this.#any && text.trim() === '') return;
    this.#any = true;
    let entry: [string, unknown] | undefined;
    try {
      entry = Object.entries(JSON.parse(`{${text}}`) as Record<string, unknown>)[0];
    } catch (error) {
      throw this.failure(text.trim(), `"id": value (${(error as Error).message})`, this.#entryLine);
    }
    if (entry === undefined) throw this.failure(text.trim(), '"id": value', this.#entryLine);
    this.#entries.push([entry[0], entry[1], this.#entryLine]);
  }

  #text(bytes: Uint8Array, from: number, to: number): string {
    try {
      return decoder.decode(bytes.subarray(from, to));
    } catch {
      throw this.failure('bytes that are no UTF-8', 'UTF-8 text', this.#entryLine);
    }
  }
}
