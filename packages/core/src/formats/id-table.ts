const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Ids met so far, found by their bytes: the same bytes give the same string, made once, and the same small number. Files of runs
 * name a document once a query, so most ids need no new string, and the number tells duplicates apart without a set.
 *
 * Open addressing over an FNV-1a hash of the bytes, at most half full.
 */
export class IdTable {
  readonly ids: string[] = [];
  /** How often an id was known already. */
  #repeats = 0;
  #hashes = new Int32Array(1024);
  #slots = new Int32Array(2048).fill(-1);
  #mask = 2047;

  /** The number of an id, new or known; throws a `TypeError` where the bytes are no UTF-8. */
  number(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5;
    let union = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      union |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    // Fibonacci hashing: the low bits of FNV alone are uneven for ids that count up.
    hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1 | 0);
    const ids = this.ids;
    const slots = this.#slots;
    const mask = this.#mask;
    const length = end - start;
    const decoded = union < 128 ? undefined : decoder.decode(bytes.subarray(start, end));
    let slot = (hash >>> 7) & mask;
    for (; slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const known = slots[slot]!;
      if (this.#hashes[known] !== hash) continue;
      const id = ids[known]!;
      if (decoded !== undefined) {
        if (id !== decoded) continue;
        this.#repeats++;
        return known;
      }
      // ASCII: a byte is a character.
      if (id.length !== length) continue;
      let i = 0;
      while (i < length && id.charCodeAt(i) === bytes[start + i]) i++;
      if (i < length) continue;
      this.#repeats++;
      return known;
    }
    const number = ids.length;
    ids.push(decoded ?? decoder.decode(bytes.subarray(start, end)));
    this.#hashes[number] = hash;
    slots[slot] = number;
    if (ids.length === this.#hashes.length) this.#grow();
    return number;
  }

  /**
   * Whether the ids are better forgotten: there are many, and seldom was one met again, so that the table costs memory and time
   * and saves no strings.
   */
  get idle(): boolean {
    return this.ids.length > 4096 && this.#repeats < this.ids.length / 4;
  }

  /** Forgets everything, and keeps the room. */
  clear(): void {
    this.ids.length = 0;
    this.#repeats = 0;
    this.#slots.fill(-1);
  }

  #grow(): void {
    const room = this.#hashes.length * 2;
    const hashes = new Int32Array(room);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Int32Array(room * 2).fill(-1);
    this.#mask = room * 2 - 1;
    for (let number = 0; number < this.ids.length; number++) {
      let slot = (hashes[number]! >>> 7) & this.#mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = number;
    }
  }
}
