import { RankError } from '@rank-rank/core';
import { openFile } from '@rank-rank/storage/tensors';

/**
 * The TEXMEX formats (Jégou, Douze, Schmid 2011): every row is its dimension as an int32 and then its numbers, little-endian:
 * floats in `.fvecs`, bytes in `.bvecs`, int32 in `.ivecs`.
 */
export type VecsFormat = 'fvecs' | 'bvecs' | 'ivecs';

const bytesOf: Readonly<Record<VecsFormat, 1 | 4>> = { fvecs: 4, bvecs: 1, ivecs: 4 };

/** Rows of one dimension, in a flat array. */
export interface NumberRows<T> {
  readonly data: T;
  readonly rows: number;
  readonly dim: number;
}

/** Yields up to `batch` rows at a time. A row of another dimension than the first, or one cut short, is an error that says where. */
export async function* readVecs<T extends Float32Array | Int32Array>(
  path: string,
  format: VecsFormat,
  batch: number,
  make: (length: number) => T,
): AsyncGenerator<NumberRows<T>> {
  const reader = await openFile(path);
  try {
    if (reader.size === 0) return;
    const dim = new DataView((await reader.read(0, 4)).buffer).getInt32(0, true);
    if (dim < 1 || dim > 65_536) {
      throw new RankError('PARSE', `${path}: the first row has ${dim} dimensions; expected 1 to 65536. Is it a .${format} file?`, {
        file: path,
        found: dim,
      });
    }
    const rowBytes = 4 + dim * bytesOf[format];
    const total = reader.size / rowBytes;
    if (!Number.isInteger(total)) {
      throw new RankError(
        'PARSE',
        `${path} has ${reader.size} bytes, which is no whole number of rows of ${dim} dimensions (${rowBytes} bytes each). It was cut short, or it is no .${format} file.`,
        { file: path, found: reader.size, expected: rowBytes },
      );
    }
    for (let from = 0; from < total; from += batch) {
      const rows = Math.min(batch, total - from);
      const piece = await reader.read(from * rowBytes, rows * rowBytes);
      yield { data: rowsOf(piece, format, dim, from, path, make(rows * dim)), rows, dim };
    }
  } finally {
    await reader.close();
  }
}

function rowsOf<T extends Float32Array | Int32Array>(
  piece: Uint8Array,
  format: VecsFormat,
  dim: number,
  from: number,
  path: string,
  into: T,
): T {
  const words = bytesOf[format] === 4 ? new Int32Array(piece.buffer) : undefined;
  const numbers = format === 'fvecs' ? new Float32Array(piece.buffer) : words;
  const view = new DataView(piece.buffer);
  const rows = into.length / dim;
  for (let row = 0; row < rows; row++) {
    const at = row * (4 + dim * bytesOf[format]);
    const found = view.getInt32(at, true);
    if (found !== dim) {
      throw new RankError('PARSE', `${path}: row ${from + row} has ${found} dimensions; expected ${dim}, as row 0 has.`, {
        file: path,
        row: from + row,
        found,
        expected: dim,
      });
    }
    if (numbers === undefined) into.set(piece.subarray(at + 4, at + 4 + dim), row * dim);
    else into.set(numbers.subarray(at / 4 + 1, at / 4 + 1 + dim), row * dim);
  }
  return into;
}

/** The bytes of rows. Numbers that a byte or an int32 cannot hold are refused. */
export function encodeVecs({ data, rows, dim }: NumberRows<Float32Array | Int32Array>, format: VecsFormat): Uint8Array {
  const rowBytes = 4 + dim * bytesOf[format];
  const bytes = new Uint8Array(rows * rowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    let at = row * rowBytes;
    view.setInt32(at, dim, true);
    at += 4;
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      const number = data[i]!;
      if (format === 'fvecs') {
        view.setFloat32(at, number, true);
        at += 4;
        continue;
      }
      const [least, most] = format === 'bvecs' ? [0, 255] : [-2147483648, 2147483647];
      if (!Number.isInteger(number) || number < least || number > most) {
        throw new RankError('OUT_OF_RANGE', `Row ${row} holds ${number}; a .${format} file holds whole numbers from ${least} to ${most}.`, {
          row,
          found: number,
        });
      }
      if (format === 'bvecs') view.setUint8(at++, number);
      else {
        view.setInt32(at, number, true);
        at += 4;
      }
    }
  }
  return bytes;
}
