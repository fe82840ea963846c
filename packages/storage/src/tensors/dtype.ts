import { RankError } from '@rank-rank/core';
import { fromBfloat16, fromFloat4, fromFloat8, fromFloat16 } from './float-formats.ts';

/** The element types of the safetensors format, by the names its headers use. */
export type Dtype = keyof typeof bitsOf;

/** Bits an element takes. */
const bitsOf = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(bitsOf, name);
}

/** How many bytes so many elements take, or undefined where they do not end on a byte. */
export function bytesFor(dtype: Dtype, elements: number): number | undefined {
  const bits = elements * bitsOf[dtype];
  return bits % 8 === 0 ? bits / 8 : undefined;
}

/** A tensor read into memory: its bytes as stored, little-endian. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export function elements(shape: readonly number[]): number {
  let product = 1;
  for (const size of shape) product *= size;
  return product;
}

/** The bytes at an address a typed array may start at: the same memory where it is aligned, a copy where not. */
function aligned(bytes: Uint8Array, size: number): { buffer: ArrayBufferLike; byteOffset: number } {
  return bytes.byteOffset % size === 0 ? bytes : { buffer: bytes.slice().buffer, byteOffset: 0 };
}

/**
 * The values of a tensor as float32. Integers past 2²⁴ and float64 are rounded to the nearest float32; complex numbers and 6-bit
 * floats are refused, since no model that this package runs stores weights so.
 */
export function toFloat32({ dtype, shape, bytes }: StoredTensor, name = 'The tensor'): Float32Array {
  const count = elements(shape);
  const words = <T>(type: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => T, size: number): T => {
    const { buffer, byteOffset } = aligned(bytes, size);
    return new type(buffer, byteOffset, count);
  };
  switch (dtype) {
    case 'F32':
      return words(Float32Array, 4);
    case 'F16':
      return fromFloat16(words(Uint16Array, 2));
    case 'BF16':
      return fromBfloat16(words(Uint16Array, 2));
    case 'F8_E4M3':
      return fromFloat8(bytes, 'e4m3fn');
    case 'F8_E5M2':
      return fromFloat8(bytes, 'e5m2');
    case 'F8_E4M3FNUZ':
      return fromFloat8(bytes, 'e4m3fnuz');
    case 'F8_E5M2FNUZ':
      return fromFloat8(bytes, 'e5m2fnuz');
    case 'F8_E8M0':
      return fromFloat8(bytes, 'e8m0');
    case 'F4':
      return fromFloat4(bytes, count);
    case 'F64':
      return Float32Array.from(words(Float64Array, 8));
    case 'BOOL':
      return Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
    case 'U8':
      return Float32Array.from(bytes);
    case 'I8':
      return Float32Array.from(words(Int8Array, 1));
    case 'I16':
      return Float32Array.from(words(Int16Array, 2));
    case 'U16':
      return Float32Array.from(words(Uint16Array, 2));
    case 'I32':
      return Float32Array.from(words(Int32Array, 4));
    case 'U32':
      return Float32Array.from(words(Uint32Array, 4));
    case 'I64':
      return Float32Array.from(words(BigInt64Array, 8), Number);
    case 'U64':
      return Float32Array.from(words(BigUint64Array, 8), Number);
    default:
      throw new RankError('UNSUPPORTED', `${name} is stored as ${dtype}, which has no float32 form here. Convert it to F32, F16 or BF16.`, {
        name,
        dtype,
      });
  }
}
