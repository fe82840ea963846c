/** Ways to spoil an argument: what a caller may hand over by mistake, and what a damaged file may hold. */
import type { Random } from '@rank-rank/core';

type Numbers = Float32Array | Float64Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;
const kinds = [Float32Array, Float64Array, Uint32Array, Uint16Array, Uint8Array, Int8Array] as const;
// Nothing between a small number and one past every limit: a result of gigabytes that was asked for is no mistake.
const numbers = [0, 1, 2, 3, 7, 16, 33, 256, -1, 0.5, 65_536, 65_537, 2 ** 33, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY];
const others: readonly unknown[] = [undefined, null, 'dot', 'f32', 'nonsense', {}, [], true, () => 1, new Float32Array(0)];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}

function damagedArray(random: Random, array: Numbers): unknown {
  // One that was detached before cannot be copied.
  if (array.buffer.byteLength === 0) return new Float64Array(3);
  const Kind = array.constructor as { new (length: number): Numbers };
  switch (random.integer(7)) {
    case 0:
      return array.slice(0, random.integer(array.length + 1));
    case 1: {
      const longer = new Kind(array.length + 1 + random.integer(40));
      longer.set(array as never);
      return longer;
    }
    case 2:
      return pick(random, kinds).from(array as never);
    case 3: {
      const detached = array.slice();
      structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] });
      return detached;
    }
    case 4: {
      // Every byte drawn anew: indices, offsets and widths that lead anywhere.
      const other = array.slice();
      const bytes = new Uint8Array(other.buffer, other.byteOffset, other.byteLength);
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.bits() & 255;
      return other;
    }
    case 5: {
      const other = array.slice();
      for (let i = 0; i < 3 && other.length > 0; i++) other[random.integer(other.length)] = pick(random, numbers);
      return other;
    }
    default:
      return pick(random, others);
  }
}

/** The value with something about it changed. */
export function damaged(random: Random, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return damagedArray(random, value as Numbers);
  if (typeof value === 'number') return random.next() < 0.8 ? pick(random, numbers) : pick(random, others);
  if (typeof value === 'object' && value !== null && random.next() < 0.9) {
    const keys = Object.keys(value);
    if (keys.length === 0) return random.next() < 0.5 ? { surprise: 1 } : pick(random, others);
    const key = pick(random, keys);
    return { ...value, [key]: damaged(random, (value as Record<string, unknown>)[key]) };
  }
  return pick(random, others);
}
