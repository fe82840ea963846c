/** IEEE half precision and bfloat16, as their 16 bits. */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The 16 bits of the half nearest to a number, ties to even; what is too large becomes infinity. */
export function toHalf(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From 65,520 on the nearest is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴: adding 0.5 lets the float's own rounding find the multiple.
    float[0] = Math.abs(value) + 0.5;
    return sign | (word[0]! - 0x3f000000);
  }
  const even = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + even) >>> 13);
}

export function fromHalf(half: number): number {
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits of the bfloat16 nearest to a number, ties to even. */
export function toBfloat(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat(bfloat: number): number {
  word[0] = bfloat << 16;
  return float[0]!;
}

let halves: Float32Array | undefined;
/** Every half as a float. */
export function halfTable(): Float32Array {
  return (halves ??= Float32Array.from({ length: 65536 }, (_, half) => fromHalf(half)));
}

/** The nearest whole number, ties to even. Right for magnitudes below 2⁵¹. */
export function roundToEven(value: number): number {
  return value + 6755399441055744 - 6755399441055744;
}
