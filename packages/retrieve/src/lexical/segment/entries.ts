const pieceBits = 16;
const pieceSize = 1 << pieceBits;
const pieceMask = pieceSize - 1;

/**
 * Numbers of 32 bits that are appended, in pieces: growing moves none, so memory is touched once. (Arrays that double are written twice
 * over, and fresh memory costs more than what is done with it here.)
 */
export class Entries {
  readonly #pieces: Uint32Array[] = [];
  #last: Uint32Array = new Uint32Array(0);
  length = 0;

  /** Appends a number; gives its place. */
  push(value: number): number {
    const at = this.length++;
    const within = at & pieceMask;
    if (within === 0) this.#pieces.push((this.#last = new Uint32Array(pieceSize)));
    this.#last[within] = value;
    return at;
  }

  at(place: number): number {
    return this.#pieces[place >>> pieceBits]![place & pieceMask]!;
  }

  set(place: number, value: number): void {
    this.#pieces[place >>> pieceBits]![place & pieceMask] = value;
  }
}
