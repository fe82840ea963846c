import { noMore, type PostingsCursor } from '../postings/postings-cursor.ts';
import type { Matches } from './matches.ts';

/** Documents that have a term in any of several fields; the frequencies in all of them are scored together. */
export class FieldsMatches implements Matches {
  document: number = noMore;
  readonly cost: number;
  /** One a field; undefined where the segment's field has not got the term. */
  readonly #cursors: readonly (PostingsCursor | undefined)[];
  readonly #scoreOf: (document: number, frequencies: readonly number[]) => number;

  constructor(cursors: readonly (PostingsCursor | undefined)[], scoreOf: (document: number, frequencies: readonly number[]) => number) {
    this.#cursors = cursors;
    this.#scoreOf = scoreOf;
    this.cost = cursors.reduce((sum, cursor) => sum + (cursor?.count ?? 0), 0);
    this.seek(0);
  }

  next(): number {
    return this.document === noMore ? noMore : this.#settle(this.document + 1);
  }

  seek(target: number): number {
    return this.document !== noMore && this.document >= target ? this.document : this.#settle(target);
  }

  score(): number {
    const { document } = this;
    return this.#scoreOf(
      document,
      this.#cursors.map((cursor) => (cursor?.document === document ? cursor.frequency : 0)),
    );
  }

  #settle(target: number): number {
    let first = noMore;
    for (const cursor of this.#cursors) if (cursor !== undefined) first = Math.min(first, cursor.seek(target));
    return (this.document = first);
  }
}
