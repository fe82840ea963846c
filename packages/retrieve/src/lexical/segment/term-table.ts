import type { TokenKind } from '../../analysis/analysis.ts';
import type { Analyzer } from '../../analysis/analyzer.ts';
import { wellFormed } from '../../metadata/bytes.ts';

/** No term comes of the word: a stop word. */
const dropped = -1;
/** Several terms come of it. */
export const several = -2;

/**
 * Words to numbers of terms, while documents are read.
 *
 * A word as it stands in the text is analysed the first time it is met; from then on its characters alone lead to its term. The table
 * is open addressing over a hash of the characters, and keeps the characters of every distinct word to compare with.
 */
export class TermTable {
  /** The terms in the order they were first met. */
  readonly terms: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #termsOf: ((word: string, kind: TokenKind) => readonly string[]) | undefined;
  // A slot: the word's place among `#words`, less one; 0 where it is free.
  #slots = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 11);
  #starts = new Uint32Array((1 << 11) + 1);
  #results = new Int32Array(1 << 11);
  #characters = new Uint16Array(1 << 14);
  #words = 0;

  constructor(analyzer: Analyzer) {
    this.#termsOf = analyzer.wordwise?.termsOf;
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return 4 * this.#slots.length + 12 * this.#hashes.length + 2 * this.#characters.length + 90 * this.terms.length;
  }

  /** The number of a term. */
  numberOf(term: string): number {
    const whole = wellFormed(term);
    let number = this.#numbers.get(whole);
    if (number === undefined) {
      number = this.terms.length;
      this.#numbers.set(whole, number);
      this.terms.push(whole);
    }
    return number;
  }

  /** The term of the word at a place of a text: its number, {@link dropped} (below 0), or several, which {@link list} then gives. */
  termAt(text: string, start: number, end: number, kind: TokenKind): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1) ^ (hash >>> 15);
    hash ^= hash >>> 16;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hashes = this.#hashes;
    const starts = this.#starts;
    const characters = this.#characters;
    let slot = hash & mask;
    for (;;) {
      const word = slots[slot]! - 1;
      if (word < 0) break;
      if (hashes[word] === hash) {
        const from = starts[word]!;
        const length = starts[word + 1]! - from;
        if (length === end - start) {
          let i = 0;
          while (i < length && characters[from + i] === text.charCodeAt(start + i)) i++;
          if (i === length) return this.#results[word]!;
        }
      }
      slot = (slot + 1) & mask;
    }
    return this.#learn(text, start, end, kind, hash, slot);
  }

  /** The terms of the word just asked for, where there are several. */
  list(text: string, start: number, end: number, kind: TokenKind): readonly number[] {
    const word = text.slice(start, end);
    return this.#termsOf!(word, kind).map((term) => this.numberOf(term));
  }

  #learn(text: string, start: number, end: number, kind: TokenKind, hash: number, slot: number): number {
    const terms = this.#termsOf!(text.slice(start, end), kind);
    const result = terms.length === 0 ? dropped : terms.length === 1 ? this.numberOf(terms[0]!) : several;
    const word = this.#words++;
    if (word === this.#hashes.length) {
      this.#hashes = doubled(this.#hashes, Int32Array);
      this.#results = doubled(this.#results, Int32Array);
      const starts = new Uint32Array(this.#hashes.length + 1);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    const from = this.#starts[word]!;
    while (from + end - start > this.#characters.length) this.#characters = doubled(this.#characters, Uint16Array);
    for (let i = start; i < end; i++) this.#characters[from + i - start] = text.charCodeAt(i);
    this.#starts[word + 1] = from + end - start;
    this.#hashes[word] = hash;
    this.#results[word] = result;
    this.#slots[slot] = word + 1;
    if (this.#words * 2 > this.#slots.length) this.#rehash();
    return result;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let word = 0; word < this.#words; word++) {
      let slot = this.#hashes[word]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = word + 1;
    }
    this.#slots = slots;
  }
}

function doubled<T extends Int32Array | Uint16Array>(array: T, Type: { new (length: number): T }): T {
  const larger = new Type(array.length * 2);
  larger.set(array);
  return larger;
}
