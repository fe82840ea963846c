const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/**
 * What segments searched one after the other have to beat: once the ones before have k documents together, nothing below the k-th
 * score can be among the best of all, and the later segments pass over it.
 */
export class Floor {
  readonly #k: number;
  /** The best scores so far, best first, at most k. */
  #scores: Float32Array | Float64Array = new Float32Array(0);

  constructor(k: number) {
    this.#k = k;
  }

  /**
   * Documents that score no more than this are not needed; -Infinity while there is room. It is the next number of single precision
   * below the k-th score: one that equals it may still come first by its id.
   */
  get score(): number {
    if (this.#scores.length < this.#k) return Number.NEGATIVE_INFINITY;
    const worst = this.#scores[this.#k - 1]!;
    if (!(worst > 0)) return Number.NEGATIVE_INFINITY;
    float[0] = worst;
    bits[0]!--;
    return float[0];
  }

  /** Takes in what a segment found, best first. */
  add(scores: Float32Array | Float64Array): void {
    const known = this.#scores;
    const merged = new Float32Array(Math.min(this.#k, known.length + scores.length));
    for (let i = 0, a = 0, b = 0; i < merged.length; i++) {
      merged[i] = b >= scores.length || known[a]! >= scores[b]! ? known[a++]! : scores[b++]!;
    }
    this.#scores = merged;
  }
}
