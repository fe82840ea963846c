import { blockSize, packedBlockBytes, packedRunBytes, unpackBlock, unpackRun } from './bit-packing.ts';
import { BlockInfo, blockInfoBytes, tableBytes } from './postings-writer.ts';

/** Beyond every document number: where a cursor stands when it is through. */
export const noMore = 0xffffffff;

/** Where the postings of a term are, as the dictionary tells it. */
export interface TermEntry {
  /** In how many documents it occurs, deleted ones of the segment included. */
  readonly documentFrequency: number;
  /** How often it occurs in them. */
  readonly collectionFrequency: number;
  /** Where its postings start; for a term of one document that document's number. */
  readonly start: number;
  /** Where its positions start. */
  readonly positions: number;
}

/**
 * Walks through a term's postings in ascending document order, unpacking a block at a time.
 *
 * `document` is the current one, {@link noMore} at the end. `seek` goes to the first document at or after a number, and does not unpack
 * the blocks it passes over.
 */
export class PostingsCursor {
  readonly count: number;
  readonly blocks: number;
  document: number = noMore;
  frequency = 0;
  /** The unpacked block: numbers and frequencies of its documents. */
  readonly documents: Uint32Array = new Uint32Array(blockSize);
  readonly frequencies: Uint32Array = new Uint32Array(blockSize);
  /** How many the block has, and which of them is current. */
  size = 0;
  index = 0;
  block = -1;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #table: number;

  constructor(bytes: Uint8Array, entry: TermEntry) {
    this.#bytes = bytes;
    this.count = entry.documentFrequency;
    this.blocks = Math.ceil(this.count / blockSize);
    this.#start = entry.start;
    this.#table = this.count < blockSize ? 0 : tableBytes(this.blocks);
    if (this.count === 1) {
      this.documents[0] = entry.start;
      this.frequencies[0] = entry.collectionFrequency;
      this.size = 1;
      this.block = 0;
    } else this.#unpack(0);
    this.#take(0);
  }

  next(): number {
    if (this.index + 1 < this.size) this.#take(this.index + 1);
    else this.#nextBlock();
    return this.document;
  }

  seek(target: number): number {
    if (this.document >= target) return this.document;
    if (this.documents[this.size - 1]! < target) {
      let block = this.block + 1;
      while (block < this.blocks && this.lastOf(block) < target) block++;
      if (block === this.blocks) return (this.document = noMore);
      this.#unpack(block);
      this.index = -1;
    }
    // Within a block the target is usually near.
    const { documents } = this;
    let at = this.index + 1;
    while (documents[at]! < target) at++;
    this.#take(at);
    return this.document;
  }

  /** The last document of a block. Only lists of 128 and more have several. */
  lastOf(block: number): number {
    if (this.#table === 0) return this.documents[this.size - 1]!;
    return readU32(this.#bytes, this.#start + block * 4);
  }

  /** Where a block's information lies, and the bytes it lies in; -1 for a list without any. */
  infoOf(block: number): number {
    return this.#table === 0 ? -1 : this.#start + this.blocks * 8 + block * blockInfoBytes;
  }

  #take(index: number): void {
    this.index = index;
    this.document = this.documents[index]!;
    this.frequency = this.frequencies[index]!;
  }

  #nextBlock(): void {
    if (this.block + 1 >= this.blocks) {
      this.document = noMore;
      return;
    }
    this.#unpack(this.block + 1);
    this.#take(0);
  }

  #unpack(block: number): void {
    const bytes = this.#bytes;
    const { documents, frequencies } = this;
    this.block = block;
    const size = Math.min(blockSize, this.count - block * blockSize);
    this.size = size;
    let gapBits: number;
    let frequencyBits: number;
    let at: number;
    let before = -1;
    if (this.#table === 0) {
      at = this.#start;
      const head = bytes[at++]!;
      gapBits = head & 63;
      frequencyBits = head >>> 6;
      if (frequencyBits === 3) frequencyBits = bytes[at++]!;
    } else {
      const info = this.#start + this.blocks * 8 + block * blockInfoBytes;
      gapBits = bytes[info + BlockInfo.gapBits]!;
      frequencyBits = bytes[info + BlockInfo.frequencyBits]!;
      at = this.#start + this.#table;
      if (block > 0) {
        at += readU32(bytes, this.#start + (this.blocks + block - 1) * 4);
        before = this.lastOf(block - 1);
      }
    }
    if (size === blockSize) {
      unpackBlock(bytes, at, gapBits, documents);
      unpackBlock(bytes, at + packedBlockBytes(gapBits), frequencyBits, frequencies);
    } else {
      unpackRun(bytes, at, 0, size, gapBits, documents);
      unpackRun(bytes, at + packedRunBytes(size, gapBits), 0, size, frequencyBits, frequencies);
    }
    for (let i = 0; i < size; i++) {
      before += documents[i]! + 1;
      documents[i] = before;
      frequencies[i]! += 1;
    }
  }
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
