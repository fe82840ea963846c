/**
 * The best k of any number of scored indices: a heap whose root is the worst kept. Larger is better, then the smaller index;
 * callers for whom smaller is better push negated scores. NaN never enters.
 */
export class Heap {
  readonly #scores: Float64Array;
  readonly #indices: Uint32Array;
  readonly k: number;
  size = 0;

  constructor(k: number) {
    this.k = k;
    this.#scores = new Float64Array(k);
    this.#indices = new Uint32Array(k);
  }

  /** What a score must reach to have a chance. */
  get threshold(): number {
    return this.size < this.k ? Number.NEGATIVE_INFINITY : this.#scores[0]!;
  }

  push(score: number, index: number): void {
    if (this.size < this.k) {
      if (Number.isNaN(score)) return;
      this.#rise(this.size++, score, index);
    } else if (this.k > 0 && better(score, index, this.#scores[0]!, this.#indices[0]!)) {
      this.#sink(this.size, score, index);
    }
  }

  /** Empties the heap into the arrays, best first, and returns how many there were. */
  drain(indices: Uint32Array, scores: Float32Array, at: number, sign: number): number {
    const count = this.size;
    for (let left = count - 1; left >= 0; left--) {
      indices[at + left] = this.#indices[0]!;
      // Adding 0 makes 0 of −0.
      scores[at + left] = sign * this.#scores[0]! + 0;
      this.#sink(left, this.#scores[left]!, this.#indices[left]!);
    }
    this.size = 0;
    return count;
  }

  #rise(at: number, score: number, index: number): void {
    const scores = this.#scores;
    const indices = this.#indices;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!better(scores[parent]!, indices[parent]!, score, index)) break;
      scores[at] = scores[parent]!;
      indices[at] = indices[parent]!;
      at = parent;
    }
    scores[at] = score;
    indices[at] = index;
  }

  /** Puts a pair in the root's place, in a heap of `size`, and lets it sink. */
  #sink(size: number, score: number, index: number): void {
    const scores = this.#scores;
    const indices = this.#indices;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && better(scores[child]!, indices[child]!, scores[child + 1]!, indices[child + 1]!)) child++;
      if (!better(score, index, scores[child]!, indices[child]!)) break;
      scores[at] = scores[child]!;
      indices[at] = indices[child]!;
      at = child;
    }
    scores[at] = score;
    indices[at] = index;
  }
}

function better(score: number, index: number, otherScore: number, otherIndex: number): boolean {
  return score > otherScore || (score === otherScore && index < otherIndex);
}
