import * as zlib from 'node:zlib';

/**
 * CRC-32 (IEEE 802.3, as in gzip and PNG), continued from `seed`: finds every single flipped bit and every burst of up to 32.
 *
 * @example crc32(new TextEncoder().encode('123456789')) // 0xcbf43926
 */
export function crc32(bytes: Uint8Array, seed = 0): number {
  // An empty array may have no address, which zlib takes as a wish for the first seed.
  if (bytes.length === 0) return seed;
  return native === undefined ? fromTable(bytes, seed) : native(bytes, seed);
}

// In Node since 20.15 and 22.2; the table serves the versions before.
const native = (zlib as { crc32?: (data: Uint8Array, value?: number) => number }).crc32;

let table: Uint32Array | undefined;

/** The textbook form, one byte at a time. */
export function fromTable(bytes: Uint8Array, seed: number): number {
  if (table === undefined) {
    table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      let value = i;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
      table[i] = value;
    }
  }
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
