import { compareHits, type Hit } from './ranking.ts';
import { checkInteger } from './validate.ts';

/**
 * The best k of any number of hits, in ranking order, without sorting them all: a heap of k whose root is the worst kept.
 *
 * @example
 * const best = new TopK(10);
 * for (const [id, score] of scores) best.push(id, score);
 * best.take(); // at most 10 hits, best first
 */
export class TopK {
  readonly #k: number;
  readonly #heap: Hit[] = [];

  constructor(k: number) {
    this.#k = checkInteger('TopK: k', k, { min: 0 });
  }

  get size(): number {
    return this.#heap.length;
  }

  /** What a score must reach to have a chance: the worst one kept, or -Infinity while there is room. An equal score enters if its id is smaller. */
  get threshold(): number {
    if (this.#heap.length < this.#k) return Number.NEGATIVE_INFINITY;
    return this.#k === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.score;
  }

  /** Offers a hit; tells whether it is among the best so far. A NaN score never is. */
  push(id: string, score: number): boolean {
    if (Number.isNaN(score)) return false;
    const heap = this.#heap;
    if (heap.length < this.#k) {
      heap.push({ id, score });
      this.#siftUp(heap.length - 1);
      return true;
    }
    if (this.#k === 0 || score < heap[0]!.score) return false;
    const hit = { id, score };
    if (compareHits(hit, heap[0]!) >= 0) return false;
    heap[0] = hit;
    this.#siftDown(0);
    return true;
  }

  /** The hits kept, best first. The heap itself stays as it is. */
  take(): Hit[] {
    return [...this.#heap].sort(compareHits);
  }

  #siftUp(at: number): void {
    const heap = this.#heap;
    const hit = heap[at]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compareHits(hit, heap[parent]!) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = hit;
  }

  #siftDown(at: number): void {
    const heap = this.#heap;
    const hit = heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareHits(heap[child + 1]!, heap[child]!) > 0) child++;
      if (compareHits(heap[child]!, hit) <= 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = hit;
  }
}

/** The best k hits in ranking order. */
export function topK(hits: Iterable<Hit>, k: number): Hit[] {
  const best = new TopK(k);
  for (const hit of hits) best.push(hit.id, hit.score);
  return best.take();
}
