/**
 * Whole numbers in as many bits as the largest of them needs.
 *
 * A block of 128 lies in four lanes (value i in lane i mod 4, lanes interleaved word by word), so that 128-bit SIMD unpacks four
 * values a step (Lemire and Boytsov, "Decoding billions of integers per second through vectorization", 2015). Fewer than 128 lie
 * one after the other, lowest bits first, and end at a byte.
 */
export const blockSize = 128;

/** How many bits the number needs; 0 for 0. */
export function bitsFor(value: number): number {
  return 32 - Math.clz32(value);
}

/** Bytes of a packed block of 128. */
export function packedBlockBytes(bits: number): number {
  return bits * 16;
}

/** Bytes of `count` values one after the other. */
export function packedRunBytes(count: number, bits: number): number {
  return (count * bits + 7) >>> 3;
}

/** Packs 128 values of `values` from `from` into `out` at `at`, which grows by {@link packedBlockBytes}. */
export function packBlock(values: Uint32Array, from: number, bits: number, out: Uint8Array, at: number): void {
  if (bits === 0) return;
  for (let lane = 0; lane < 4; lane++) {
    let held = 0;
    let filled = 0;
    let byte = at + lane * 4;
    for (let i = from + lane; i < from + blockSize; i += 4) {
      const value = values[i]!;
      held |= value << filled;
      filled += bits;
      if (filled >= 32) {
        out[byte] = held;
        out[byte + 1] = held >>> 8;
        out[byte + 2] = held >>> 16;
        out[byte + 3] = held >>> 24;
        byte += 16;
        filled -= 32;
        held = filled === 0 ? 0 : value >>> (bits - filled);
      }
    }
  }
}

/** The reverse of {@link packBlock}. */
export function unpackBlock(bytes: Uint8Array, at: number, bits: number, out: Uint32Array): void {
  if (bits === 0) {
    out.fill(0, 0, blockSize);
    return;
  }
  const mask = bits === 32 ? 0xffffffff : (1 << bits) - 1;
  for (let lane = 0; lane < 4; lane++) {
    let byte = at + lane * 4;
    let word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    let used = 0;
    for (let i = lane; i < blockSize; i += 4) {
      let value = used === 32 ? 0 : word >>> used;
      const left = 32 - used;
      if (left < bits) {
        byte += 16;
        word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
        value |= left === 32 ? word : word << left;
        used = bits - left;
      } else used += bits;
      out[i] = value & mask;
    }
  }
}

/** Packs `count` values one after the other; the bytes before `at + packedRunBytes` are overwritten whole. */
export function packRun(values: Uint32Array, from: number, count: number, bits: number, out: Uint8Array, at: number): void {
  if (bits === 0) return;
  let held = 0;
  let filled = 0;
  for (let i = from; i < from + count; i++) {
    let value = values[i]!;
    let left = bits;
    // At most 8 bits at a time beyond a byte's start, so that nothing is shifted out of 32 bits.
    while (left > 0) {
      const taken = Math.min(left, 8 - filled);
      held |= (value & ((1 << taken) - 1)) << filled;
      value >>>= taken;
      filled += taken;
      left -= taken;
      if (filled === 8) {
        out[at++] = held;
        held = 0;
        filled = 0;
      }
    }
  }
  if (filled > 0) out[at] = held;
}

/** The reverse of {@link packRun}, for `count` values from value `first` on. */
export function unpackRun(bytes: Uint8Array, at: number, first: number, count: number, bits: number, out: Uint32Array): void {
  if (bits === 0) {
    out.fill(0, 0, count);
    return;
  }
  let bit = first * bits;
  for (let i = 0; i < count; i++) {
    let byte = at + Math.floor(bit / 8);
    let skip = bit & 7;
    let value = 0;
    let have = 0;
    while (have < bits) {
      const taken = Math.min(bits - have, 8 - skip);
      value |= ((bytes[byte++]! >>> skip) & ((1 << taken) - 1)) << have;
      have += taken;
      skip = 0;
    }
    out[i] = value;
    bit += bits;
  }
}
