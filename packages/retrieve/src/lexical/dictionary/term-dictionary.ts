import { compareBytes } from '../../metadata/bytes.ts';
import type { ByteReader } from '../growing-bytes.ts';
import type { TermEntry } from '../postings/postings-cursor.ts';
import { blockFor, FrontCodedReader, FrontCodedWriter } from './front-coding.ts';

const perBlock = 32;
/** Terms looked up lately, found or not, are remembered up to this number. */
const rememberedTerms = 1 << 15;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Packs terms in the order of their bytes, each followed by
 *
 * | varint | what |
 * |---|---|
 * | 2 × documents + 1 if it occurs more than once in one of them | |
 * | further occurrences | only if so |
 * | start | of one document its number; else of the postings, less that of the last term of the block with postings |
 * | positions | where there are any: their start, less that of the term before in the block |
 */
export class TermDictionaryWriter {
  readonly #strings = new FrontCodedWriter(perBlock);
  readonly #withPositions: boolean;
  #start = 0;
  #positions = 0;

  constructor(withPositions: boolean) {
    this.#withPositions = withPositions;
  }

  get count(): number {
    return this.#strings.count;
  }

  add(term: Uint8Array, entry: TermEntry): void {
    if (this.#strings.add(term)) this.#start = this.#positions = 0;
    const { out } = this.#strings;
    const more = entry.collectionFrequency - entry.documentFrequency;
    out.varint(entry.documentFrequency * 2 + (more > 0 ? 1 : 0));
    if (more > 0) out.varint(more);
    if (entry.documentFrequency === 1) out.varint(entry.start);
    else {
      out.varint(entry.start - this.#start);
      this.#start = entry.start;
    }
    if (this.#withPositions) {
      out.varint(entry.positions - this.#positions);
      this.#positions = entry.positions;
    }
  }

  starts(): Uint32Array<ArrayBuffer> {
    return this.#strings.starts();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#strings.out.taken();
  }
}

/** The terms of one field of a segment, used in place. */
export class TermDictionary {
  readonly size: number;
  readonly #starts: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #withPositions: boolean;
  readonly #remembered = new Map<string, TermEntry | null>();

  constructor(size: number, starts: Uint32Array, bytes: Uint8Array, withPositions: boolean) {
    this.size = size;
    this.#starts = starts;
    this.#bytes = bytes;
    this.#withPositions = withPositions;
  }

  find(term: string): TermEntry | undefined {
    const known = this.#remembered.get(term);
    if (known !== undefined) return known ?? undefined;
    if (this.#remembered.size >= rememberedTerms) this.#remembered.clear();
    const wanted = encoder.encode(term);
    const walk = this.walk(wanted);
    const found = walk.next() && compareBytes(walk.term(), wanted) === 0 ? walk.entry() : undefined;
    this.#remembered.set(term, found ?? null);
    return found;
  }

  /** Walks the terms in order, from the first at or after `from`. */
  walk(from?: Uint8Array): TermWalk {
    const walk = new TermWalk(this.#bytes, this.#starts, this.size, this.#withPositions);
    if (from !== undefined) walk.seek(from);
    return walk;
  }
}

/** A place among the terms of a dictionary. */
export class TermWalk {
  readonly #strings: FrontCodedReader;
  readonly #reader: ByteReader;
  readonly #starts: Uint32Array;
  readonly #size: number;
  readonly #withPositions: boolean;
  #next = 0;
  /** A seek stands on the term that `next` has to give. */
  #waiting = false;
  documentFrequency = 0;
  collectionFrequency = 0;
  #single = 0;
  #start = 0;
  #positions = 0;

  constructor(bytes: Uint8Array, starts: Uint32Array, size: number, withPositions: boolean) {
    this.#strings = new FrontCodedReader(bytes);
    this.#reader = this.#strings.reader;
    this.#starts = starts;
    this.#size = size;
    this.#withPositions = withPositions;
  }

  /** Goes on to the next term; false at the end. */
  next(): boolean {
    if (this.#waiting) {
      this.#waiting = false;
      return true;
    }
    if (this.#next >= this.#size) return false;
    if (this.#next % perBlock === 0) {
      this.#reader.at = this.#starts[this.#next / perBlock]!;
      this.#start = this.#positions = 0;
    }
    this.#next++;
    this.#strings.step();
    const reader = this.#reader;
    const counts = reader.varint();
    this.documentFrequency = Math.floor(counts / 2);
    this.collectionFrequency = this.documentFrequency + (counts % 2 === 1 ? reader.varint() : 0);
    if (this.documentFrequency === 1) this.#single = reader.varint();
    else this.#start += reader.varint();
    if (this.#withPositions) this.#positions += reader.varint();
    return true;
  }

  /** Goes to before the first term at or after the given one, forwards or backwards. */
  seek(term: Uint8Array): void {
    this.#waiting = false;
    const block = Math.max(0, blockFor(this.#strings.reader.bytes, this.#starts, term));
    this.#next = block * perBlock;
    while (this.next()) {
      if (compareBytes(this.term(), term) >= 0) {
        this.#waiting = true;
        return;
      }
    }
  }

  /** The bytes of the current term; overwritten by the next. */
  term(): Uint8Array {
    return this.#strings.current();
  }

  /** How many bytes the current term shares with the one before it, as far as that is known without looking: 0 at the head of a block. */
  get shared(): number {
    return this.#strings.shared;
  }

  text(): string {
    return decoder.decode(this.#strings.current());
  }

  entry(): TermEntry {
    return {
      documentFrequency: this.documentFrequency,
      collectionFrequency: this.collectionFrequency,
      start: this.documentFrequency === 1 ? this.#single : this.#start,
      positions: this.#positions,
    };
  }
}
