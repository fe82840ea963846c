import { checkInteger } from './validate.ts';

/**
 * A deterministic source of random numbers: the same seed gives the same sequence on every machine and runtime.
 *
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by splitmix32.
 *
 * @example
 * const random = new Random(42);
 * random.next(); // in [0, 1)
 * random.shuffle([1, 2, 3]);
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #spareNormal: number | undefined;

  /** `seed` is any integer or text. */
  constructor(seed: number | string = 42) {
    let state = typeof seed === 'string' ? hashText(seed) : checkInteger('Random: seed', seed) | 0;
    const splitmix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state ^ (state >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = splitmix();
    this.#b = splitmix();
    this.#c = splitmix();
    this.#d = splitmix();
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, n), each equally likely. */
  integer(n: number): number {
    checkInteger('Random.integer: n', n, { min: 1, max: Number.MAX_SAFE_INTEGER });
    if (n > 4294967296) return Math.floor(this.next() * n);
    // Rejecting the uneven tail keeps every value equally likely.
    const limit = 4294967296 - (4294967296 % n);
    let value = this.bits();
    while (value >= limit) value = this.bits();
    return value % n;
  }

  /** A standard normal deviate (polar method of Marsaglia). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareNormal = v * factor;
      return u * factor;
    }
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** `count` different whole numbers of [0, n), in ascending order (Vitter's selection sampling). */
  sample(n: number, count: number): number[] {
    const wanted = Math.min(checkInteger('Random.sample: count', count, { min: 0 }), n);
    const chosen: number[] = [];
    for (let i = 0; i < n && chosen.length < wanted; i++) {
      if (this.next() * (n - i) < wanted - chosen.length) chosen.push(i);
    }
    return chosen;
  }

  /** An independent source for a named part of the work, so that adding one part does not change the others. */
  fork(label: string): Random {
    return new Random(hashText(`${this.bits()}/${label}`));
  }
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
