const encoder = new TextEncoder();

/** Strings as UTF-8, one after the other in the same array. */
export class StringBytes {
  #bytes = new Uint8Array(256);

  /** The bytes of a string, overwritten by the next. */
  of(string: string): Uint8Array {
    if (string.length * 3 > this.#bytes.length) this.#bytes = new Uint8Array(string.length * 6);
    const bytes = this.#bytes;
    for (let i = 0; i < string.length; i++) {
      const unit = string.charCodeAt(i);
      if (unit > 0x7f) return bytes.subarray(0, encoder.encodeInto(string, bytes).written);
      bytes[i] = unit;
    }
    return bytes.subarray(0, string.length);
  }
}
