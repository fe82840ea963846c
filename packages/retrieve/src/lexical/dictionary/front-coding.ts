import { compareBytes } from '../../metadata/bytes.ts';
import { ByteReader, GrowingBytes } from '../growing-bytes.ts';

/**
 * Sorted byte strings, each as what it shares with the one before and what differs, in blocks whose first string is whole.
 *
 * A string of a block: bytes shared (varint), bytes that follow (varint), those bytes, then whatever the owner appends.
 * `starts` has where each block begins.
 */
export class FrontCodedWriter {
  readonly out: GrowingBytes = new GrowingBytes();
  readonly #perBlock: number;
  readonly #starts: number[] = [];
  #before = new Uint8Array(64);
  #beforeLength = 0;
  count = 0;

  constructor(perBlock: number) {
    this.#perBlock = perBlock;
  }

  /** The next string, above the one before; the owner's bytes for it may be appended to `out` after this. Tells whether it opens a block. */
  add(string: Uint8Array): boolean {
    const opens = this.count % this.#perBlock === 0;
    let shared = 0;
    if (opens) this.#starts.push(this.out.length);
    else {
      const before = this.#before;
      const limit = Math.min(this.#beforeLength, string.length);
      while (shared < limit && before[shared] === string[shared]) shared++;
    }
    this.out.varint(shared);
    this.out.varint(string.length - shared);
    this.out.append(string.subarray(shared));
    // The caller may use its array again.
    if (this.#before.length < string.length) this.#before = new Uint8Array(string.length * 2);
    this.#before.set(string);
    this.#beforeLength = string.length;
    this.count++;
    return opens;
  }

  starts(): Uint32Array<ArrayBuffer> {
    return Uint32Array.from(this.#starts);
  }
}

/** Walks through front-coded strings; after each step `reader` stands at the owner's bytes, which the owner must read. */
export class FrontCodedReader {
  readonly reader: ByteReader;
  /** The current string: the first `length` bytes. Overwritten by the next step. */
  string: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  length = 0;
  /** How many bytes the current string has in common with the one before; 0 for the first of a block. */
  shared = 0;

  constructor(bytes: Uint8Array) {
    this.reader = new ByteReader(bytes);
  }

  step(): void {
    const { reader } = this;
    this.shared = reader.varint();
    const more = reader.varint();
    const length = this.shared + more;
    if (length > this.string.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.string.subarray(0, this.shared));
      this.string = larger;
    }
    const { string, shared } = this;
    const { bytes, at } = reader;
    for (let i = 0; i < more; i++) string[shared + i] = bytes[at + i]!;
    reader.at = at + more;
    this.length = length;
  }

  current(): Uint8Array {
    return this.string.subarray(0, this.length);
  }
}

/** The last block whose first string is at or before the given one; -1 where all are after it. */
export function blockFor(bytes: Uint8Array, starts: Uint32Array, string: Uint8Array): number {
  const reader = new ByteReader(bytes);
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    reader.at = starts[middle]! + 1;
    const length = reader.varint();
    if (compareBytes(bytes.subarray(reader.at, reader.at + length), string) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
