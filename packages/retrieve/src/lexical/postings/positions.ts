import { GrowingBytes } from '../growing-bytes.ts';
import { bitsFor, blockSize, packedRunBytes, packRun, unpackRun } from './bit-packing.ts';
import { type PostingsCursor, readU32, type TermEntry } from './postings-cursor.ts';

/**
 * Where a term stands in each of its documents, as differences (the first of a document counted from 0), for the same blocks of
 * 128 documents as its postings have: one byte for the bits of a difference, then the differences one after the other.
 * Terms of 128 documents and more start with where each block ends (u32, counted from the end of that table).
 */
export class PositionsWriter {
  readonly out: GrowingBytes = new GrowingBytes(1 << 16);
  #differences = new Uint32Array(1024);

  /** Writes a term's positions, document after document; gives where they start. */
  write(positions: Uint32Array, frequencies: Uint32Array, from: number, count: number): number {
    const { out } = this;
    const start = out.length;
    const blocks = Math.ceil(count / blockSize);
    const table = count < blockSize ? 0 : blocks * 4;
    for (let i = 0; i < table; i++) out.byte(0);
    let at = 0;
    for (let block = 0; block < blocks; block++) {
      const end = Math.min(count, (block + 1) * blockSize);
      let total = 0;
      for (let i = block * blockSize; i < end; i++) total += frequencies[from + i]!;
      if (this.#differences.length < total) this.#differences = new Uint32Array(total * 2);
      const differences = this.#differences;
      let all = 0;
      let filled = 0;
      for (let i = block * blockSize; i < end; i++) {
        let before = 0;
        for (let n = frequencies[from + i]!; n > 0; n--) {
          const difference = positions[at]! - before;
          before = positions[at++]!;
          differences[filled++] = difference;
          all |= difference;
        }
      }
      const bits = bitsFor(all);
      out.byte(bits);
      const bytes = packedRunBytes(total, bits);
      out.reserve(bytes);
      packRun(differences, 0, total, bits, out.bytes, out.length);
      out.length += bytes;
      if (table > 0) {
        const ends = out.length - start - table;
        const place = start + block * 4;
        for (let byte = 0; byte < 4; byte++) out.bytes[place + byte] = ends >>> (8 * byte);
      }
    }
    return start;
  }
}

/** Reads the positions of the document that a cursor stands on. */
export class PositionsReader {
  /** The positions last read: the first `frequency` of them. */
  positions: Uint32Array<ArrayBuffer> = new Uint32Array(16);
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #block = -1;
  #at = 0;
  #bits = 0;
  readonly #before = new Uint32Array(blockSize);

  constructor(bytes: Uint8Array, entry: TermEntry) {
    this.#bytes = bytes;
    this.#start = entry.positions;
  }

  read(cursor: PostingsCursor): Uint32Array {
    if (cursor.block !== this.#block) this.#enter(cursor);
    const { frequency } = cursor;
    if (this.positions.length < frequency) this.positions = new Uint32Array(frequency * 2);
    const { positions } = this;
    unpackRun(this.#bytes, this.#at, this.#before[cursor.index]!, frequency, this.#bits, positions);
    for (let i = 1; i < frequency; i++) positions[i]! += positions[i - 1]!;
    return positions;
  }

  #enter(cursor: PostingsCursor): void {
    const { block, blocks, count } = cursor;
    const table = count < blockSize ? 0 : blocks * 4;
    this.#at = this.#start + table + (block === 0 ? 0 : readU32(this.#bytes, this.#start + (block - 1) * 4));
    this.#bits = this.#bytes[this.#at++]!;
    let sum = 0;
    for (let i = 0; i < cursor.size; i++) {
      this.#before[i] = sum;
      sum += cursor.frequencies[i]!;
    }
    this.#block = block;
  }
}
