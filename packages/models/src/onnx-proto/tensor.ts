import { RankError, shown } from '@rank-rank/core';
import { fromBfloat16, fromFloat16 } from '@rank-rank/storage/tensors';
import type { RawData, TensorProto } from './messages.ts';

/** `TensorProto.DataType`: the numbers ONNX gives its element types, and the bits each takes. */
export const dataTypes = {
  float32: { code: 1, bits: 32 },
  uint8: { code: 2, bits: 8 },
  int8: { code: 3, bits: 8 },
  uint16: { code: 4, bits: 16 },
  int16: { code: 5, bits: 16 },
  int32: { code: 6, bits: 32 },
  int64: { code: 7, bits: 64 },
  bool: { code: 9, bits: 8 },
  float16: { code: 10, bits: 16 },
  float64: { code: 11, bits: 64 },
  uint32: { code: 12, bits: 32 },
  uint64: { code: 13, bits: 64 },
  bfloat16: { code: 16, bits: 16 },
  uint4: { code: 21, bits: 4 },
  int4: { code: 22, bits: 4 },
} as const;

export type DataType = keyof typeof dataTypes;

/** The name of an element type, or undefined for one that is not read here (text, complex numbers, float8). */
export function dataTypeName(code: number | bigint | undefined): DataType | undefined {
  for (const name of Object.keys(dataTypes) as DataType[]) if (dataTypes[name].code === code) return name;
  return undefined;
}

/** A tensor of a model: an initializer, or the value of an attribute. */
export function tensor(name: string, type: DataType, dims: readonly number[], data: RawData): TensorProto {
  const expected = Math.ceil((dims.reduce((a, b) => a * b, 1) * dataTypes[type].bits) / 8);
  if (data.byteLength !== expected) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `Tensor ${shown(name)} has ${data.byteLength} bytes; ${type} [${dims.join(', ')}] takes ${expected}.`,
    );
  }
  return { name, dataType: dataTypes[type].code, dims: [...dims], rawData: data };
}

/** The bytes that typed values stand in. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function float32Tensor(name: string, dims: readonly number[], values: Float32Array | readonly number[]): TensorProto {
  return tensor(name, 'float32', dims, bytesOf(values instanceof Float32Array ? values : Float32Array.from(values)));
}

export function int64Tensor(name: string, dims: readonly number[], values: readonly (number | bigint)[]): TensorProto {
  return tensor(name, 'int64', dims, bytesOf(BigInt64Array.from(values, BigInt)));
}

export function int32Tensor(name: string, dims: readonly number[], values: readonly number[]): TensorProto {
  return tensor(name, 'int32', dims, bytesOf(Int32Array.from(values)));
}

export function dimsOf(proto: TensorProto): number[] {
  return (proto.dims ?? []).map(Number);
}

/** The bytes of a tensor that is in memory, from whichever field its writer chose. */
export function storedBytes(proto: TensorProto): Uint8Array {
  const { rawData } = proto;
  if (rawData instanceof Uint8Array) return rawData;
  if (rawData !== undefined || proto.dataLocation === 1) {
    throw new RankError('INVALID_ARGUMENT', `Tensor ${shown(proto.name)} is not in memory; read its external data first.`);
  }
  const type = dataTypeName(proto.dataType);
  switch (type) {
    case 'float32':
      return bytesOf(Float32Array.from(proto.floatData ?? []));
    case 'float64':
      return bytesOf(Float64Array.from(proto.doubleData ?? []));
    case 'int64':
      return bytesOf(BigInt64Array.from(proto.int64Data ?? [], BigInt));
    case 'uint64':
    case 'uint32': {
      const values = proto.uint64Data ?? [];
      return type === 'uint32'
        ? bytesOf(Uint32Array.from(values, Number))
        : bytesOf(BigUint64Array.from(values, (v) => BigInt.asUintN(64, BigInt(v))));
    }
    case 'int32':
      return bytesOf(Int32Array.from(proto.int32Data ?? [], Number));
    case 'int16':
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return bytesOf(Uint16Array.from(proto.int32Data ?? [], Number));
    case 'int8':
    case 'uint8':
    case 'bool':
    case 'int4':
    case 'uint4':
      return Uint8Array.from(proto.int32Data ?? [], Number);
    default:
      throw new RankError(
        'UNSUPPORTED',
        `Tensor ${shown(proto.name)} has the element type ${String(proto.dataType)}, which is not read here.`,
      );
  }
}

/** The values of a float tensor as float32. */
export function float32Values(proto: TensorProto): Float32Array {
  const bytes = storedBytes(proto);
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = aligned;
  switch (dataTypeName(proto.dataType)) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'float16':
      return fromFloat16(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'bfloat16':
      return fromBfloat16(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    default:
      throw new RankError('INVALID_ARGUMENT', `Tensor ${shown(proto.name)} holds no floating-point numbers.`);
  }
}
