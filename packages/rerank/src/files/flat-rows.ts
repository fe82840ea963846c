import { RankError, throwIfCancelled } from '@rank-rank/core';
import { fromFloat16, type NpyFile, openFile, openNpy, openSafetensors, toFloat32 } from '@rank-rank/storage/tensors';
import type { IndexDocument } from '../index/token-index.ts';
import { documentsOf, type TokenFile, type TokenFileFormat } from './token-file.ts';

/** Rows read at a time. */
const batchRows = 16_384;

/** Rows of all documents, one after another, in one file. */
export interface FlatRows {
  readonly path: string;
  readonly dim: number;
  readonly rows: number;
  /** Opened for one pass over the file. */
  open(): Promise<{ read(from: number, rows: number): Promise<Float32Array>; close(): Promise<void> }>;
}

/** Documents that lie in flat rows, by where each begins. */
export function flatTokens(format: TokenFileFormat, flat: FlatRows, offsets: Uint32Array, ids: readonly string[]): TokenFile {
  const { path, dim, rows } = flat;
  const count = offsets.length - 1;
  if (count < 0 || offsets[0] !== 0 || offsets[count] !== rows || offsets.some((offset, i) => i > 0 && offset < offsets[i - 1]!)) {
    throw new RankError(
      'CORRUPT',
      `${path} has ${rows} rows, and its offsets run from ${offsets[0]} to ${offsets[count]}; they belong to other rows.`,
      {
        file: path,
      },
    );
  }
  if (ids.length !== count) {
    throw new RankError('DIMENSION_MISMATCH', `${path} has ${count} documents and ${ids.length} ids. Give one id a document.`, {
      file: path,
      found: ids.length,
      expected: count,
    });
  }
  return {
    path,
    format,
    dim,
    count,
    rows,
    async *documents({ signal } = {}): AsyncGenerator<IndexDocument> {
      const file = await flat.open();
      try {
        for (let first = 0; first < count; ) {
          throwIfCancelled(signal, 'Reading tokens');
          let to = first + 1;
          while (to < count && offsets[to + 1]! - offsets[first]! <= batchRows) to++;
          const lengths = Array.from({ length: to - first }, (_, i) => offsets[first + i + 1]! - offsets[first + i]!);
          const data = await file.read(offsets[first]!, offsets[to]! - offsets[first]!);
          yield* documentsOf({ first, lengths, data }, dim, (document) => ({ id: ids[document]! }));
          first = to;
        }
      } finally {
        await file.close();
      }
    },
  };
}

/** A file of nothing but numbers: how long rows are follows from how many there are. */
export async function rawRows(path: string, type: 'f16' | 'f32', rows: number): Promise<FlatRows> {
  const size = type === 'f16' ? 2 : 4;
  const file = await openFile(path);
  const { size: bytes } = file;
  await file.close();
  const dim = rows === 0 ? 0 : bytes / size / rows;
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RankError(
      'CORRUPT',
      `${path} has ${bytes} bytes, which are not ${rows} rows of ${type}, as its offsets say. Write both again.`,
      {
        file: path,
        found: bytes,
      },
    );
  }
  return {
    path,
    dim,
    rows,
    async open() {
      const opened = await openFile(path);
      return {
        async read(from, count) {
          const { buffer } = await opened.read(from * dim * size, count * dim * size);
          return type === 'f16' ? fromFloat16(new Uint16Array(buffer)) : new Float32Array(buffer);
        },
        close: () => opened.close(),
      };
    },
  };
}

/** An array of rows × dimensions, or of documents × rows × dimensions. */
export async function npyRows(path: string): Promise<FlatRows & { readonly shape: readonly number[] }> {
  const file = await openNpy(path);
  await file.close();
  const { shape } = file;
  const dim = shape.at(-1) ?? 0;
  if (shape.length < 2 || shape.length > 3 || dim < 1) {
    throw new RankError(
      'PARSE',
      `${path} has the shape (${shape.join(', ')}); expected rows × dimensions, or documents × rows × dimensions.`,
      {
        file: path,
      },
    );
  }
  const inner = shape.length === 3 ? shape[1]! : 1;
  return {
    path,
    shape,
    dim,
    rows: shape[0]! * inner,
    async open() {
      const opened: NpyFile = await openNpy(path);
      return {
        async read(from, count) {
          // Whole entries of the first axis; with documents of equal length batches begin and end with documents.
          return toFloat32(await opened.read(from / inner, count / inner));
        },
        close: () => opened.close(),
      };
    },
  };
}

/** The tensor of a safetensors file that holds all rows. */
export async function safetensorsRows(path: string, name: string): Promise<FlatRows> {
  const file = await openSafetensors(path);
  await file.close();
  const { shape } = file.tensors.get(name)!;
  const [rows = 0, dim = 0] = shape;
  if (shape.length !== 2 || dim < 1)
    throw new RankError('PARSE', `${path}: tensor ${name} has the shape (${shape.join(', ')}); expected rows × dimensions.`, {
      file: path,
    });
  return {
    path,
    dim,
    rows,
    async open() {
      const opened = await openSafetensors(path);
      return {
        read: async (from, count) => toFloat32(await opened.readRows(name, from, count), name),
        close: () => opened.close(),
      };
    },
  };
}
