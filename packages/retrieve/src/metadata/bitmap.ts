import { RankError } from '@rank-rank/core';

/**
 * A set of the whole numbers below `size`, one bit each: the documents of a segment that pass a filter, or are deleted.
 *
 * Bit i is bit i mod 32 of word i div 32; bits from `size` up are 0. Scoring code reads `words` directly.
 *
 * @example
 * const even = Bitmap.from(6, [0, 2, 4]);
 * even.has(2); // true
 * even.count; // 3
 */
export class Bitmap {
  readonly size: number;
  readonly words: Uint32Array;

  /** Takes the words as they are; {@link Bitmap.empty}, {@link Bitmap.full} and {@link Bitmap.from} make them. */
  constructor(size: number, words: Uint32Array) {
    if (words.length !== wordsFor(size)) {
      throw new RankError('DIMENSION_MISMATCH', `Bitmap: ${words.length} words for ${size} bits; expected ${wordsFor(size)}.`);
    }
    this.size = size;
    this.words = words;
  }

  static empty(size: number): Bitmap {
    return new Bitmap(size, new Uint32Array(wordsFor(size)));
  }

  static full(size: number): Bitmap {
    return Bitmap.empty(size).complement();
  }

  static from(size: number, members: Iterable<number>): Bitmap {
    const bitmap = Bitmap.empty(size);
    for (const member of members) bitmap.add(member);
    return bitmap;
  }

  /** How many members there are. Counted at each call. */
  get count(): number {
    const { words } = this;
    let total = 0;
    for (let i = 0; i < words.length; i++) total += bitsIn(words[i]!);
    return total;
  }

  has(member: number): boolean {
    return ((this.words[member >>> 5]! >>> (member & 31)) & 1) === 1;
  }

  add(member: number): this {
    this.words[member >>> 5]! |= 1 << (member & 31);
    return this;
  }

  delete(member: number): this {
    this.words[member >>> 5]! &= ~(1 << (member & 31));
    return this;
  }

  /** Keeps what is also in `other`. */
  and(other: Bitmap): this {
    const { words } = this;
    const theirs = this.#wordsOf(other);
    for (let i = 0; i < words.length; i++) words[i]! &= theirs[i]!;
    return this;
  }

  /** Adds what is in `other`. */
  or(other: Bitmap): this {
    const { words } = this;
    const theirs = this.#wordsOf(other);
    for (let i = 0; i < words.length; i++) words[i]! |= theirs[i]!;
    return this;
  }

  /** Takes away what is in `other`. */
  andNot(other: Bitmap): this {
    const { words } = this;
    const theirs = this.#wordsOf(other);
    for (let i = 0; i < words.length; i++) words[i]! &= ~theirs[i]!;
    return this;
  }

  /** Swaps members and non-members. */
  complement(): this {
    const { words, size } = this;
    for (let i = 0; i < words.length; i++) words[i] = ~words[i]!;
    if (size & 31) words[words.length - 1]! &= (1 << (size & 31)) - 1;
    return this;
  }

  clone(): Bitmap {
    return new Bitmap(this.size, this.words.slice());
  }

  /** How many members `other` shares. */
  countWith(other: Bitmap): number {
    const { words } = this;
    const theirs = this.#wordsOf(other);
    let total = 0;
    for (let i = 0; i < words.length; i++) total += bitsIn(words[i]! & theirs[i]!);
    return total;
  }

  /** The members in ascending order. */
  members(): Uint32Array {
    return this.membersBetween(0, this.size);
  }

  /** The members from `from` up to, without, `to`, in ascending order. */
  membersBetween(from: number, to: number): Uint32Array {
    const { words } = this;
    if (from >= to) return new Uint32Array(0);
    const firstWord = from >>> 5;
    const lastWord = (to - 1) >>> 5;
    const masked = (i: number): number => {
      let word = words[i]!;
      if (i === firstWord) word &= -1 << (from & 31);
      if (i === lastWord && to & 31) word &= (1 << (to & 31)) - 1;
      return word;
    };
    let count = 0;
    for (let i = firstWord; i <= lastWord; i++) count += bitsIn(masked(i));
    const out = new Uint32Array(count);
    let at = 0;
    for (let i = firstWord; i <= lastWord; i++) {
      let word = masked(i);
      while (word !== 0) {
        out[at++] = (i << 5) + 31 - Math.clz32(word & -word);
        word &= word - 1;
      }
    }
    return out;
  }

  #wordsOf(other: Bitmap): Uint32Array {
    if (other.size !== this.size) {
      throw new RankError('DIMENSION_MISMATCH', `Bitmap: a set of ${other.size} cannot be combined with one of ${this.size}.`);
    }
    return other.words;
  }
}

/** How many 32-bit words hold `size` bits. */
export function wordsFor(size: number): number {
  return Math.ceil(size / 32);
}

function bitsIn(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
