import { RankError } from '@rank-rank/core';

/*
 * The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding): a message is a series of fields, each a
 * varint key (number << 3 | wire type) and a value: 0 varint, 1 eight bytes, 2 a length and that many bytes, 5 four bytes.
 */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** An integer that may be past 2⁵³: a number where that is exact, else a bigint. */
export type Integer = number | bigint;

/** Bytes a varint takes; negative integers take ten. */
export function varintSize(value: Integer): number {
  if (typeof value === 'bigint' || value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value));
    let size = 1;
    while ((rest >>= 7n) > 0n) size++;
    return size;
  }
  let size = 1;
  while (value >= 128) {
    value = Math.floor(value / 128);
    size++;
  }
  return size;
}

/** A growing buffer that fields are written into. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  varint(value: Integer): void {
    let at = this.#room(varintSize(value));
    if (typeof value === 'bigint' || value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      while (rest >= 128n) {
        this.#bytes[at++] = Number(rest & 127n) | 128;
        rest >>= 7n;
      }
      this.#bytes[at] = Number(rest);
      return;
    }
    while (value >= 128) {
      this.#bytes[at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.#bytes[at] = value;
  }

  key(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  float32(value: number): void {
    const at = this.#room(4);
    this.#view.setFloat32(at, value, true);
  }

  float64(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, and an empty buffer from here on. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }
}

/** Reads fields from a message; every read stays inside it. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  at = 0;
  readonly end: number;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.end = bytes.length;
  }

  corrupt(reason: string): RankError {
    return new RankError(
      'CORRUPT',
      `${this.#what} is no readable ONNX model: ${reason} at byte ${this.at} of ${this.end}. Copy or export it again.`,
      {
        file: this.#what,
        position: this.at,
      },
    );
  }

  #take(length: number): number {
    if (this.at + length > this.end) throw this.corrupt(`a field of ${length} bytes does not fit`);
    this.at += length;
    return this.at - length;
  }

  varint(): Integer {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    let wide = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)]!;
      wide |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        const signed = BigInt.asIntN(64, wide);
        const narrow = Number(signed);
        return Number.isSafeInteger(narrow) ? narrow : signed;
      }
    }
    throw this.corrupt('a number does not end');
  }

  /** A varint that counts something. */
  size(): number {
    const value = this.varint();
    if (typeof value === 'bigint' || value < 0) throw this.corrupt(`a length of ${value}`);
    return value;
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** The next bytes, in place. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.#take(8);
    else if (wireType === BYTES) this.#take(this.size());
    else if (wireType === FIXED32) this.#take(4);
    else throw this.corrupt(`an unknown wire type ${wireType}`);
  }
}
