import { RankError } from '@rank-rank/core';
import { type Dtype, fromFloat16, openNpy } from '@rank-rank/storage/tensors';
import type { NumberRows } from './vecs.ts';

/** The numbers of each type, from bytes that are aligned for it. */
const numbersOf: Readonly<Partial<Record<Dtype, (buffer: ArrayBufferLike) => ArrayLike<number>>>> = {
  F16: (buffer) => fromFloat16(new Uint16Array(buffer)),
  F32: (buffer) => new Float32Array(buffer),
  F64: (buffer) => new Float64Array(buffer),
  BOOL: (buffer) => new Uint8Array(buffer),
  U8: (buffer) => new Uint8Array(buffer),
  I8: (buffer) => new Int8Array(buffer),
  U16: (buffer) => new Uint16Array(buffer),
  I16: (buffer) => new Int16Array(buffer),
  U32: (buffer) => new Uint32Array(buffer),
  I32: (buffer) => new Int32Array(buffer),
  U64: (buffer) => Array.from(new BigUint64Array(buffer), Number),
  I64: (buffer) => Array.from(new BigInt64Array(buffer), Number),
};

/** Yields up to `batch` rows at a time of a two-dimensional `.npy` array in C order; one dimension is a single row. */
export async function* readNpy<T extends Float32Array | Int32Array>(
  path: string,
  batch: number,
  make: (length: number) => T,
): AsyncGenerator<NumberRows<T>> {
  const file = await openNpy(path);
  try {
    const { dtype, shape } = file;
    const read = numbersOf[dtype];
    if (read === undefined || shape.length < 1 || shape.length > 2) {
      throw new RankError('PARSE', `${path} has the shape (${shape.join(', ')}) of ${dtype}; expected rows × dimensions of numbers.`, {
        file: path,
        found: shape,
      });
    }
    if (shape.length === 1) {
      const [dim] = shape as [number];
      const data = make(dim);
      data.set(read((await file.read()).bytes.buffer));
      yield { data, rows: 1, dim };
      return;
    }
    const [total, dim] = shape as [number, number];
    for (let from = 0; from < total; from += batch) {
      const rows = Math.min(batch, total - from);
      const data = make(rows * dim);
      data.set(read((await file.read(from, rows)).bytes.buffer));
      yield { data, rows, dim };
    }
  } finally {
    await file.close();
  }
}
