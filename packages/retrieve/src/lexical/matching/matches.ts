import { noMore, type PostingsCursor } from '../postings/postings-cursor.ts';

/**
 * Documents that match, in ascending order, with what each scores. The contract of all that a structured query is made of.
 *
 * - `document` is the current one; {@link noMore} before there is none left. A new one stands on its first document.
 * - `next` goes on by one; `seek` to the first at or after a number (never back). Both give the new `document`.
 * - `score` is that of the current document, and may be asked once it is known to count.
 */
export interface Matches {
  readonly document: number;
  /** About how many documents: what intersections begin with. */
  readonly cost: number;
  next(): number;
  seek(target: number): number;
  score(): number;
}

/** The documents of one term. */
export class TermMatches implements Matches {
  readonly cursor: PostingsCursor;
  readonly #scoreOf: (document: number, frequency: number) => number;

  constructor(cursor: PostingsCursor, scoreOf: (document: number, frequency: number) => number) {
    this.cursor = cursor;
    this.#scoreOf = scoreOf;
  }

  get document(): number {
    return this.cursor.document;
  }

  get cost(): number {
    return this.cursor.count;
  }

  next(): number {
    return this.cursor.next();
  }

  seek(target: number): number {
    return this.cursor.seek(target);
  }

  score(): number {
    return this.#scoreOf(this.cursor.document, this.cursor.frequency);
  }
}

/** Every document of a segment, with score 0. */
export class AllMatches implements Matches {
  document: number;
  readonly cost: number;

  constructor(size: number) {
    this.cost = size;
    this.document = size > 0 ? 0 : noMore;
  }

  next(): number {
    return this.seek(this.document + 1);
  }

  seek(target: number): number {
    if (target > this.document) this.document = target < this.cost ? target : noMore;
    return this.document;
  }

  score(): number {
    return 0;
  }
}

/** One document, with score 0. */
export class OneMatch implements Matches {
  document: number;
  readonly cost: number = 1;

  constructor(document: number) {
    this.document = document;
  }

  next(): number {
    return (this.document = noMore);
  }

  seek(target: number): number {
    if (target > this.document) this.document = noMore;
    return this.document;
  }

  score(): number {
    return 0;
  }
}

/** Documents that at least `least` of the parts match. Their score is the sum of those that do, or the largest. */
export class UnionMatches implements Matches {
  document: number = noMore;
  readonly cost: number;
  /** A heap by document. */
  readonly #parts: Matches[];
  readonly #least: number;
  readonly #largest: boolean;

  constructor(parts: readonly Matches[], least: number, largest = false) {
    this.#parts = parts.filter((part) => part.document !== noMore);
    this.#least = Math.max(1, least);
    this.#largest = largest;
    this.cost = this.#parts.reduce((sum, part) => sum + part.cost, 0);
    for (let i = (this.#parts.length >> 1) - 1; i >= 0; i--) this.#down(i);
    this.#settle();
  }

  next(): number {
    if (this.document !== noMore) {
      const { document } = this;
      while (this.#parts[0]!.document === document) this.#advance(document + 1);
      this.#settle();
    }
    return this.document;
  }

  seek(target: number): number {
    if (this.document < target) {
      while (this.#parts[0]!.document < target) this.#advance(target);
      this.#settle();
    }
    return this.document;
  }

  score(): number {
    let sum = 0;
    let largest = Number.NEGATIVE_INFINITY;
    for (const part of this.#parts) {
      if (part.document !== this.document) continue;
      const score = part.score();
      sum += score;
      if (score > largest) largest = score;
    }
    return this.#largest ? largest : sum;
  }

  /** Goes on until enough parts stand on the first document. */
  #settle(): void {
    for (;;) {
      const first = this.#parts[0]?.document ?? noMore;
      if (first === noMore || this.#least === 1 || this.#countAt(first) >= this.#least) {
        this.document = first;
        return;
      }
      while (this.#parts[0]!.document === first) this.#advance(first + 1);
    }
  }

  #countAt(document: number): number {
    let count = 0;
    for (const part of this.#parts) if (part.document === document) count++;
    return count;
  }

  #advance(target: number): void {
    this.#parts[0]!.seek(target);
    this.#down(0);
  }

  #down(at: number): void {
    const parts = this.#parts;
    const part = parts[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= parts.length) break;
      if (child + 1 < parts.length && parts[child + 1]!.document < parts[child]!.document) child++;
      if (parts[child]!.document >= part.document) break;
      parts[at] = parts[child]!;
      at = child;
    }
    parts[at] = part;
  }
}

/** Documents that all parts match; the score is their sum. */
export class IntersectionMatches implements Matches {
  document: number = noMore;
  readonly cost: number;
  readonly #parts: readonly Matches[];

  constructor(parts: readonly Matches[]) {
    this.#parts = [...parts].sort((a, b) => a.cost - b.cost);
    this.cost = this.#parts[0]!.cost;
    this.#settle(this.#parts[0]!.document);
  }

  next(): number {
    return this.document === noMore ? noMore : this.#settle(this.#parts[0]!.next());
  }

  seek(target: number): number {
    return this.document >= target ? this.document : this.#settle(this.#parts[0]!.seek(target));
  }

  score(): number {
    let sum = 0;
    for (const part of this.#parts) sum += part.score();
    return sum;
  }

  /** Leaps until all stand on one document. */
  #settle(first: number): number {
    const parts = this.#parts;
    let candidate = first;
    for (let i = 1; i < parts.length && candidate !== noMore; ) {
      const found = parts[i]!.seek(candidate);
      if (found === candidate) i++;
      else {
        candidate = parts[0]!.seek(found);
        i = 1;
      }
    }
    return (this.document = candidate);
  }
}

/** Documents of one that another does not have. */
export class ExclusionMatches implements Matches {
  readonly #wanted: Matches;
  readonly #unwanted: Matches;

  constructor(wanted: Matches, unwanted: Matches) {
    this.#wanted = wanted;
    this.#unwanted = unwanted;
    this.#settle();
  }

  get document(): number {
    return this.#wanted.document;
  }

  get cost(): number {
    return this.#wanted.cost;
  }

  next(): number {
    this.#wanted.next();
    return this.#settle();
  }

  seek(target: number): number {
    this.#wanted.seek(target);
    return this.#settle();
  }

  score(): number {
    return this.#wanted.score();
  }

  #settle(): number {
    const wanted = this.#wanted;
    while (wanted.document !== noMore && this.#unwanted.seek(wanted.document) === wanted.document) wanted.next();
    return wanted.document;
  }
}

/** Documents of one; another adds to the score of those it has too. */
export class OptionalMatches implements Matches {
  readonly #required: Matches;
  readonly #optional: Matches;

  constructor(required: Matches, optional: Matches) {
    this.#required = required;
    this.#optional = optional;
  }

  get document(): number {
    return this.#required.document;
  }

  get cost(): number {
    return this.#required.cost;
  }

  next(): number {
    return this.#required.next();
  }

  seek(target: number): number {
    return this.#required.seek(target);
  }

  score(): number {
    const { document } = this.#required;
    return this.#required.score() + (this.#optional.seek(document) === document ? this.#optional.score() : 0);
  }
}
