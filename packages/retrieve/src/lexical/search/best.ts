/**
 * The k best of documents that come in ascending order: a heap of numbers whose root is the worst kept. Of equal scores the
 * document that came first stays, which is the tie rule, because a segment's documents are in the order of their ids.
 */
export class Best {
  readonly k: number;
  size = 0;
  readonly #above: number;
  readonly #documents: Uint32Array;
  readonly #scores: Float64Array;

  /** Only documents that score above `above`. */
  constructor(k: number, above: number = Number.NEGATIVE_INFINITY) {
    this.k = k;
    this.#above = above;
    this.#documents = new Uint32Array(k);
    this.#scores = new Float64Array(k);
  }

  push(document: number, score: number): void {
    if (this.size < this.k) {
      if (score > this.#above) this.#up(this.size++, document, score);
    } else if (score > this.#scores[0]!) this.#down(0, this.size, document, score);
  }

  /** Best first; the heap is used up. */
  take(): { documents: Uint32Array; scores: Float64Array } {
    const documents = this.#documents;
    const scores = this.#scores;
    for (let end = this.size - 1; end > 0; end--) {
      const document = documents[end]!;
      const score = scores[end]!;
      documents[end] = documents[0]!;
      scores[end] = scores[0]!;
      this.#down(0, end, document, score);
    }
    return { documents: documents.subarray(0, this.size), scores: scores.subarray(0, this.size) };
  }

  #up(at: number, document: number, score: number): void {
    const documents = this.#documents;
    const scores = this.#scores;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!worse(score, document, scores[parent]!, documents[parent]!)) break;
      documents[at] = documents[parent]!;
      scores[at] = scores[parent]!;
      at = parent;
    }
    documents[at] = document;
    scores[at] = score;
  }

  #down(at: number, size: number, document: number, score: number): void {
    const documents = this.#documents;
    const scores = this.#scores;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && worse(scores[child + 1]!, documents[child + 1]!, scores[child]!, documents[child]!)) child++;
      if (!worse(scores[child]!, documents[child]!, score, document)) break;
      documents[at] = documents[child]!;
      scores[at] = scores[child]!;
      at = child;
    }
    documents[at] = document;
    scores[at] = score;
  }
}

function worse(score: number, document: number, otherScore: number, otherDocument: number): boolean {
  return score < otherScore || (score === otherScore && document > otherDocument);
}
