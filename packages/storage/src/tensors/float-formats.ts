/**
 * The small floating-point formats that weights are stored in, to and from float32.
 *
 * | format | sign, exponent, fraction bits | bias | specials |
 * | --- | --- | --- | --- |
 * | float16 (IEEE 754 binary16) | 1, 5, 10 | 15 | infinities, NaN |
 * | bfloat16 | 1, 8, 7 | 127 | the upper half of a float32 |
 * | float8 E4M3FN | 1, 4, 3 | 7 | no infinities; NaN is S.1111.111 |
 * | float8 E5M2 | 1, 5, 2 | 15 | infinities, NaN: the upper half of a float16 |
 * | float8 E4M3FNUZ, E5M2FNUZ | as above | 8, 16 | no infinities, no −0; NaN is 0x80 |
 * | float8 E8M0 | 0, 8, 0 | 127 | a power of two; NaN is 0xff |
 * | float4 E2M1 | 1, 2, 1 | 1 | none |
 *
 * Micikevicius et al., "FP8 Formats for Deep Learning", 2022; Open Compute Project, "Microscaling Formats", 2023.
 */

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Every float16 as float32: 65,536 values, made at the first use. */
let halves: Float32Array | undefined;

function halfTable(): Float32Array {
  if (halves !== undefined) return halves;
  halves = new Float32Array(0x10000);
  for (let code = 0; code < 0x10000; code++) halves[code] = smallFloat(code, 5, 10, 15, 'ieee');
  return halves;
}

/** One value of a small format, by its definition. */
function smallFloat(
  code: number,
  exponentBits: number,
  fractionBits: number,
  bias: number,
  specials: 'ieee' | 'fn' | 'fnuz' | 'none',
): number {
  const fraction = code & ((1 << fractionBits) - 1);
  const exponent = (code >> fractionBits) & ((1 << exponentBits) - 1);
  const negative = (code >> (fractionBits + exponentBits)) & 1;
  const top = (1 << exponentBits) - 1;
  if (specials === 'ieee' && exponent === top) return fraction !== 0 ? Number.NaN : negative ? -Infinity : Infinity;
  if (specials === 'fn' && exponent === top && fraction === (1 << fractionBits) - 1) return Number.NaN;
  if (specials === 'fnuz' && negative && exponent === 0 && fraction === 0) return Number.NaN;
  const scale = 2 ** (Math.max(exponent, 1) - bias - fractionBits);
  const magnitude = (fraction + (exponent === 0 ? 0 : 1 << fractionBits)) * scale;
  return negative ? -magnitude : magnitude;
}

function byteTable(exponentBits: number, fractionBits: number, bias: number, specials: 'ieee' | 'fn' | 'fnuz'): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => smallFloat(code, exponentBits, fractionBits, bias, specials));
}

/** float16 codes → float32. */
export function fromFloat16(codes: Uint16Array, out: Float32Array = new Float32Array(codes.length)): Float32Array {
  const table = halfTable();
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]!]!;
  return out;
}

/** bfloat16 codes → float32: sixteen zero bits are appended. */
export function fromBfloat16(codes: Uint16Array, out: Float32Array = new Float32Array(codes.length)): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < codes.length; i++) words[i] = codes[i]! << 16;
  return out;
}

export type Float8 = 'e4m3fn' | 'e5m2' | 'e4m3fnuz' | 'e5m2fnuz' | 'e8m0';

const float8: Record<Float8, () => Float32Array> = {
  e4m3fn: () => byteTable(4, 3, 7, 'fn'),
  e5m2: () => byteTable(5, 2, 15, 'ieee'),
  e4m3fnuz: () => byteTable(4, 3, 8, 'fnuz'),
  e5m2fnuz: () => byteTable(5, 2, 16, 'fnuz'),
  e8m0: () => Float32Array.from({ length: 256 }, (_, code) => (code === 0xff ? Number.NaN : 2 ** (code - 127))),
};

/** float8 codes → float32. */
export function fromFloat8(codes: Uint8Array, format: Float8): Float32Array {
  const table = float8[format]();
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]!]!;
  return out;
}

/** float4 E2M1 codes, two to a byte, the low four bits first → float32. */
export function fromFloat4(codes: Uint8Array, count: number): Float32Array {
  const table = Float32Array.from({ length: 16 }, (_, code) => smallFloat(code, 2, 1, 1, 'none'));
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = table[(codes[i >> 1]! >> ((i & 1) << 2)) & 15]!;
  return out;
}

/**
 * float32 → float16 codes, rounding to nearest, ties to even. What is too large for float16 (above 65,504) becomes an
 * infinity; callers that cannot have that test the range first.
 */
export function toFloat16(values: Float32Array, out: Uint16Array = new Uint16Array(values.length)): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const word = words[i]!;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) {
      // A normal float16: drop 13 fraction bits. Adding just under half, and one more where the kept part is odd, rounds to even.
      const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
      out[i] = sign | ((rounded - 0x38000000) >>> 13);
    } else {
      // A subnormal: adding 0.5 in float32 aligns the fraction to 2⁻²⁴, rounded by the hardware.
      bits[0] = magnitude;
      float[0] = float[0]! + 0.5;
      out[i] = sign | (bits[0]! - 0x3f000000);
    }
  }
  return out;
}
