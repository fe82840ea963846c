import type { TokenKind } from '../../analysis/analysis.ts';
import type { Analyzer } from '../../analysis/analyzer.ts';

/** No term comes of the word: a stop word. */
const dropped = -1;
/** Several terms come of it. */
export const several = -2;

/**
 * A word's record: its key (two numbers), its length, its term (or one of the above). Up to eight characters of Latin-1, which most words
 * are, have themselves as the key, a byte each, and the length is below 0 (its complement); else the first number of the key is where
 * the characters start.
 */
const recordSize = 4;
const packedLength = 8;

const batchSize = 1024;

/** Words of a text that are looked up together. */
export class WordBatch {
  count = 0;
  readonly starts: Int32Array = new Int32Array(batchSize);
  readonly ends: Int32Array = new Int32Array(batchSize);
  readonly positions: Int32Array = new Int32Array(batchSize);
  readonly kinds: TokenKind[] = new Array<TokenKind>(batchSize).fill('word');
  readonly hashes: Int32Array = new Int32Array(batchSize);
  /** The keys of words and their lengths as they stand in records; the keys count where the length is below 0. */
  readonly firsts: Int32Array = new Int32Array(batchSize);
  readonly seconds: Int32Array = new Int32Array(batchSize);
  readonly lengths: Int32Array = new Int32Array(batchSize);
  readonly words: Int32Array = new Int32Array(batchSize);
  readonly terms: Int32Array = new Int32Array(batchSize);

  /** Takes a word; tells whether there is room for another. */
  add(start: number, end: number, kind: TokenKind, position: number): boolean {
    const { count } = this;
    this.starts[count] = start;
    this.ends[count] = end;
    this.kinds[count] = kind;
    this.positions[count] = position;
    this.count = count + 1;
    return this.count < batchSize;
  }
}

/**
 * Words to numbers of terms, while documents are read.
 *
 * A word as it stands in the text is analysed the first time it is met; from then on its characters alone lead to its term. The table
 * is open addressing over a hash of the characters, and keeps the characters of every distinct word to compare with: short ones in
 * the words' records, the others in an array.
 *
 * Most of the time goes by waiting for memory. So words are resolved a batch at a time, in passes that each read one array: the
 * processor then has many reads under way at once.
 */
export class TermTable {
  /** The terms in the order they were first met. */
  readonly terms: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #termsOf: ((word: string, kind: TokenKind) => readonly string[]) | undefined;
  // A slot: the word's number plus one (0 where it is free), and its hash.
  #slots = new Int32Array(1 << 13);
  #records = new Int32Array(recordSize << 11);
  #characters = new Uint16Array(1 << 14);
  #characterCount = 0;
  #words = 0;

  constructor(analyzer: Analyzer) {
    this.#termsOf = analyzer.wordwise?.termsOf;
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return 4 * this.#slots.length + 4 * this.#records.length + 2 * this.#characters.length + 90 * this.terms.length;
  }

  /** The number of a term. */
  numberOf(term: string): number {
    const whole = term.toWellFormed();
    let number = this.#numbers.get(whole);
    if (number === undefined) {
      number = this.terms.length;
      this.#numbers.set(whole, number);
      this.terms.push(whole);
    }
    return number;
  }

  /** Fills `terms` of a batch: numbers of terms, below 0 where none comes of the word, or {@link several}, which {@link list} then gives. */
  resolve(batch: WordBatch, text: string, units: Uint16Array): void {
    const { count, hashes, words, terms, firsts, seconds, lengths } = batch;
    for (let i = 0; i < count; i++) hashWord(batch, i, units);
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let i = 0; i < count; i++) {
      const slot = (hashes[i]! << 1) & mask;
      words[i] = slots[slot + 1] === hashes[i] ? slots[slot]! - 1 : -1;
    }
    let records = this.#records;
    for (let i = 0; i < count; i++) terms[i] = words[i]! < 0 ? 0 : records[words[i]! * recordSize]!;
    for (let i = 0; i < count; i++) {
      const record = words[i]! * recordSize;
      const length = lengths[i]!;
      if (
        record >= 0 &&
        records[record + 2] === length &&
        (length < 0 ? terms[i] === firsts[i] && records[record + 1] === seconds[i] : this.#same(terms[i]!, units, batch.starts[i]!, length))
      ) {
        terms[i] = records[record + 3]!;
        continue;
      }
      terms[i] = this.#find(batch, i, text, units);
      records = this.#records;
    }
  }

  #same(from: number, units: Uint16Array, start: number, length: number): boolean {
    const characters = this.#characters;
    let i = 0;
    while (i < length && characters[from + i] === units[start + i]) i++;
    return i === length;
  }

  #find(batch: WordBatch, i: number, text: string, units: Uint16Array): number {
    const hash = batch.hashes[i]!;
    const length = batch.lengths[i]!;
    const slots = this.#slots;
    const records = this.#records;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (;;) {
      const word = slots[slot]! - 1;
      if (word < 0) return this.#learn(batch, i, text, units, slot);
      const record = word * recordSize;
      if (slots[slot + 1] === hash && records[record + 2] === length) {
        const first = records[record]!;
        if (
          length < 0
            ? first === batch.firsts[i] && records[record + 1] === batch.seconds[i]
            : this.#same(first, units, batch.starts[i]!, length)
        )
          return records[record + 3]!;
      }
      slot = (slot + 2) & mask;
    }
  }

  /** The terms of a word that has several. */
  list(word: string, kind: TokenKind): readonly number[] {
    return this.#termsOf!(word, kind).map((term) => this.numberOf(term));
  }

  #learn(batch: WordBatch, i: number, text: string, units: Uint16Array, slot: number): number {
    const start = batch.starts[i]!;
    const end = batch.ends[i]!;
    const length = batch.lengths[i]!;
    const terms = this.#termsOf!(wordOf(text, units, start, end), batch.kinds[i]!);
    const result = terms.length === 0 ? dropped : terms.length === 1 ? this.numberOf(terms[0]!) : several;
    const word = this.#words++;
    const record = word * recordSize;
    if (record === this.#records.length) this.#records = grown(this.#records, Int32Array);
    const records = this.#records;
    if (length < 0) {
      records[record] = batch.firsts[i]!;
      records[record + 1] = batch.seconds[i]!;
    } else {
      while (this.#characterCount + length > this.#characters.length) this.#characters = grown(this.#characters, Uint16Array);
      this.#characters.set(units.subarray(start, end), this.#characterCount);
      records[record] = this.#characterCount;
      this.#characterCount += length;
    }
    records[record + 2] = length;
    records[record + 3] = result;
    this.#slots[slot] = word + 1;
    this.#slots[slot + 1] = batch.hashes[i]!;
    if (this.#words * 4 > this.#slots.length) this.#rehash();
    return result;
  }

  #rehash(): void {
    const before = this.#slots;
    const slots = new Int32Array(before.length * 2);
    const mask = slots.length - 2;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] === 0) continue;
      let slot = (before[at + 1]! << 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = before[at]!;
      slots[slot + 1] = before[at + 1]!;
    }
    this.#slots = slots;
  }
}

/** Fills in a word's hash, its length as records have it, and its key where it is made of its characters. */
function hashWord(batch: WordBatch, i: number, units: Uint16Array): void {
  const start = batch.starts[i]!;
  const end = batch.ends[i]!;
  const length = end - start;
  if (length <= packedLength) {
    let first = 0;
    let second = 0;
    let all = 0;
    const half = Math.min(end, start + 4);
    let at = start;
    for (; at < half; at++) {
      const unit = units[at]!;
      first = (first << 8) | unit;
      all |= unit;
    }
    for (; at < end; at++) {
      const unit = units[at]!;
      second = (second << 8) | unit;
      all |= unit;
    }
    if (all <= 0xff) {
      batch.firsts[i] = first;
      batch.seconds[i] = second;
      batch.lengths[i] = ~length;
      let hash = Math.imul(first ^ Math.imul(second ^ length, 0x85ebca6b), 0x9e3779b1);
      hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
      batch.hashes[i] = hash ^ (hash >>> 13);
      return;
    }
  }
  let hash = length;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ units[at]!, 0x9e3779b1) ^ (hash >>> 15);
  batch.hashes[i] = hash ^ (hash >>> 16);
  batch.lengths[i] = length;
}

const piece = 1 << 13;
/** Longer slices of a string are views of it in JavaScript engines: a word kept would keep its whole text. */
const copied = 12;

/** A word as a string of its own. */
function wordOf(text: string, units: Uint16Array, start: number, end: number): string {
  if (end - start <= copied) return text.slice(start, end);
  let word = '';
  // In pieces that a call can take as arguments.
  for (let at = start; at < end; at += piece) word += String.fromCharCode(...units.subarray(at, Math.min(end, at + piece)));
  return word;
}

function grown<T extends Int32Array | Uint16Array>(array: T, Type: { new (length: number): T }): T {
  const larger = new Type(array.length * 2);
  larger.set(array);
  return larger;
}
