import { compareBytes } from '../../metadata/bytes.ts';
import { blockFor, FrontCodedReader, FrontCodedWriter } from './front-coding.ts';

const perBlock = 8;
/** How many ids are kept as strings once read; beyond it the store of them is begun anew. */
const keptIds = 1 << 19;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface IdSections {
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Ids in UTF-8, sorted and unique, packed. */
export function packIds(ids: Iterable<Uint8Array>): IdSections {
  const writer = new FrontCodedWriter(perBlock);
  for (const id of ids) writer.add(id);
  return { starts: writer.starts(), bytes: writer.out.taken() };
}

/**
 * The ids of a segment's documents. A document's number is the place of its id in code-point order, so that the order of
 * numbers is the order in which rankings break ties.
 */
export class IdDictionary {
  readonly size: number;
  readonly #starts: Uint32Array;
  readonly #bytes: Uint8Array;
  #kept: (string | undefined)[] = [];
  #keptCount = 0;

  constructor(size: number, starts: Uint32Array, bytes: Uint8Array) {
    this.size = size;
    this.#starts = starts;
    this.#bytes = bytes;
  }

  idOf(number: number): string {
    return this.#kept[number] ?? this.#read(number);
  }

  /** The number of an id; -1 where the segment has no such document. */
  numberOf(id: string): number {
    const wanted = encoder.encode(id);
    const block = blockFor(this.#bytes, this.#starts, wanted);
    if (block < 0) return -1;
    const reader = new FrontCodedReader(this.#bytes);
    reader.reader.at = this.#starts[block]!;
    const end = Math.min(this.size, (block + 1) * perBlock);
    for (let number = block * perBlock; number < end; number++) {
      reader.step();
      const order = compareBytes(reader.current(), wanted);
      if (order === 0) return number;
      if (order > 0) break;
    }
    return -1;
  }

  /** All ids in order, as bytes that are overwritten by the next. */
  *all(): Generator<Uint8Array> {
    const reader = new FrontCodedReader(this.#bytes);
    for (let number = 0; number < this.size; number++) {
      reader.step();
      yield reader.current();
    }
  }

  #read(number: number): string {
    if (this.#keptCount >= keptIds) {
      this.#kept = [];
      this.#keptCount = 0;
    }
    // Neighbours come on the way and are likely to be asked for too.
    const block = Math.floor(number / perBlock);
    const reader = new FrontCodedReader(this.#bytes);
    reader.reader.at = this.#starts[block]!;
    for (let at = block * perBlock; at <= number; at++) {
      reader.step();
      if (at < number) continue;
      this.#kept[at] = textOf(reader.string, reader.length);
      this.#keptCount++;
    }
    return this.#kept[number]!;
  }
}

/** Short ASCII ids, which most are, are put together faster than the decoder is called. */
function textOf(bytes: Uint8Array, length: number): string {
  if (length > 32) return decoder.decode(bytes.subarray(0, length));
  let text = '';
  for (let i = 0; i < length; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(0, length));
    text += String.fromCharCode(byte);
  }
  return text;
}
