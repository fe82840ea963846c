import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { RankError } from '@rank-rank/core';
import { ByteReader, GrowingBytes } from '../growing-bytes.ts';

/** A document's text as it was given. */
export interface StoredText {
  readonly title?: string;
  readonly text: string;
}

/** Bytes of text that are packed together: enough for deflate to find what repeats, little to unpack for one document. */
const blockBytes = 1 << 15;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Packs texts in document order, in blocks of about 32 KiB (deflate). A document: bytes of its title plus 1 (0: it has none), bytes of
 * its text, then both. `firsts` has each block's first document, `starts` where it begins, one more at the end.
 */
export class StoredTextsWriter {
  readonly out: GrowingBytes = new GrowingBytes();
  readonly #firsts: number[] = [];
  readonly #starts: number[] = [0];
  #taken = 0;
  #block = new GrowingBytes(blockBytes * 2);
  #documents = 0;
  #first = 0;

  add({ title, text }: StoredText): void {
    const titleBytes = title === undefined ? undefined : encoder.encode(title);
    const textBytes = encoder.encode(text);
    this.#block.varint(titleBytes === undefined ? 0 : titleBytes.length + 1);
    this.#block.varint(textBytes.length);
    if (titleBytes !== undefined) this.#block.append(titleBytes);
    this.#block.append(textBytes);
    this.#documents++;
    if (this.#block.length >= blockBytes) this.#close();
  }

  /** What is ready to be written; it is forgotten here. */
  take(): Uint8Array {
    const ready = this.out.taken().slice();
    this.#taken += ready.length;
    this.out.length = 0;
    return ready;
  }

  finish(): { firsts: Uint32Array; starts: Float64Array } {
    if (this.#block.length > 0) this.#close();
    return { firsts: Uint32Array.from(this.#firsts), starts: Float64Array.from(this.#starts) };
  }

  #close(): void {
    this.#firsts.push(this.#first);
    this.out.append(deflateRawSync(this.#block.taken(), { level: 4 }));
    this.#starts.push(this.#taken + this.out.length);
    this.#block = new GrowingBytes(blockBytes * 2);
    this.#first = this.#documents;
  }
}

/** The texts of a segment; the block read last is kept unpacked. */
export class StoredTexts {
  readonly #file: string;
  readonly #firsts: Uint32Array;
  readonly #starts: Float64Array;
  readonly #bytes: Uint8Array;
  #block = -1;
  #texts: StoredText[] = [];

  constructor(file: string, firsts: Uint32Array, starts: Float64Array, bytes: Uint8Array) {
    this.#file = file;
    this.#firsts = firsts;
    this.#starts = starts;
    this.#bytes = bytes;
  }

  textOf(document: number): StoredText {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= document) low = middle + 1;
      else high = middle;
    }
    const block = low - 1;
    if (block !== this.#block) this.#unpack(block);
    const text = this.#texts[document - this.#firsts[block]!];
    if (text === undefined) throw this.#corrupt();
    return text;
  }

  #unpack(block: number): void {
    const texts: StoredText[] = [];
    let bytes: Uint8Array;
    try {
      bytes = inflateRawSync(this.#bytes.subarray(this.#starts[block]!, this.#starts[block + 1]!));
    } catch (cause) {
      throw this.#corrupt(cause);
    }
    const reader = new ByteReader(bytes);
    while (reader.at < bytes.length) {
      const titleLength = reader.varint();
      const textLength = reader.varint();
      const end = reader.at + Math.max(0, titleLength - 1);
      const title = titleLength === 0 ? undefined : decoder.decode(bytes.subarray(reader.at, end));
      const text = decoder.decode(bytes.subarray(end, end + textLength));
      reader.at = end + textLength;
      texts.push(title === undefined ? { text } : { title, text });
    }
    this.#texts = texts;
    this.#block = block;
  }

  #corrupt(cause?: unknown): RankError {
    return new RankError(
      'CORRUPT',
      `${this.#file} is damaged: its stored texts cannot be unpacked. Restore it from a copy, or rebuild the index.`,
      { file: this.#file },
      { cause },
    );
  }
}
