const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Shorter texts are copied faster unit by unit than by a call out of JavaScript. */
const shortText = 24;

/** A text as its UTF-16 units, in an array that is used again for the next text. */
export class UnitBuffer {
  units: Uint16Array<ArrayBuffer> = new Uint16Array(1 << 10);
  #bytes: Buffer | undefined;

  /** Puts a text into `units`; gives its length. */
  fill(text: string): number {
    const { length } = text;
    if (length > this.units.length) {
      this.units = new Uint16Array(length * 2);
      this.#bytes = undefined;
    }
    if (length > shortText && littleEndian && typeof Buffer === 'function') {
      this.#bytes ??= Buffer.from(this.units.buffer);
      this.#bytes.write(text, 'utf16le');
      return length;
    }
    const { units } = this;
    for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
    return length;
  }

  /** Lets go of a large array. */
  trim(): void {
    if (this.units.length > 1 << 20) {
      this.units = new Uint16Array(1 << 10);
      this.#bytes = undefined;
    }
  }
}
