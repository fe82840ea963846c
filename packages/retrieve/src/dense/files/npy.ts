import { RankError } from '@rank-rank/core';
import { ByteReader } from './byte-reader.ts';
import type { NumberRows } from './vecs.ts';

/** The little-endian number types of NumPy that are read here, with how one is read. */
const readers: Readonly<Record<string, { bytes: number; read: (view: DataView, at: number) => number }>> = {
  '<f4': { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  '<f2': { bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  '|u1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '|i1': { bytes: 1, read: (view, at) => view.getInt8(at) },
  '<i2': { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  '<u2': { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  '<i4': { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  '<u4': { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  '<i8': { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

const magic = '\x93NUMPY';

/** What the header of an `.npy` file says (NumPy Enhancement Proposal 1, versions 1 to 3). */
export interface NpyHeader {
  readonly descr: string;
  readonly rows: number;
  readonly dim: number;
  /** Where the numbers begin. */
  readonly offset: number;
}

/** Yields up to `batch` rows at a time of a two-dimensional array in C order; one dimension is a single row. */
export async function* readNpy<T extends Float32Array | Int32Array>(
  path: string,
  batch: number,
  make: (length: number) => T,
): AsyncGenerator<NumberRows<T>> {
  const reader = await ByteReader.open(path);
  try {
    const { descr, rows: total, dim, offset } = await readHeader(reader);
    const { bytes, read } = readers[descr]!;
    if (reader.size !== offset + total * dim * bytes) {
      throw new RankError(
        'PARSE',
        `${path} has ${reader.size} bytes; its header says ${total} × ${dim} numbers of ${bytes} bytes, ${offset + total * dim * bytes} in all.`,
        { file: path, found: reader.size, expected: offset + total * dim * bytes },
      );
    }
    for (let from = 0; from < total; from += batch) {
      const rows = Math.min(batch, total - from);
      const piece = await reader.read(offset + from * dim * bytes, rows * dim * bytes);
      const data = make(rows * dim);
      if (descr === '<f4') data.set(new Float32Array(piece.buffer));
      else {
        const view = new DataView(piece.buffer);
        for (let i = 0; i < data.length; i++) data[i] = read(view, i * bytes);
      }
      yield { data, rows, dim };
    }
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: ByteReader): Promise<NpyHeader> {
  const wrong = (what: string, found: unknown): RankError =>
    new RankError('PARSE', `${reader.path} ${what}.`, { file: reader.path, found });
  const head = await reader.read(0, Math.min(12, reader.size));
  if (head.length < 12 || Buffer.from(head.subarray(0, 6)).toString('latin1') !== magic)
    throw wrong('does not begin as an .npy file does (\\x93NUMPY)', head.length);
  const version = head[6]!;
  if (version < 1 || version > 3) throw wrong(`is an .npy file of version ${version}; expected 1 to 3`, version);
  const view = new DataView(head.buffer);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = version === 1 ? 10 : 12;
  const text = new TextDecoder().decode(await reader.read(start, length));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined || fortran === undefined)
    throw wrong(`has a header that cannot be read: ${text.trim()}`, text);
  if (readers[descr] === undefined)
    throw wrong(
      `holds numbers of type ${descr}; expected one of ${Object.keys(readers).join(', ')}. Convert it with .astype('<f4')`,
      descr,
    );
  const sizes = shape
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (sizes.length < 1 || sizes.length > 2 || sizes.some((size) => !Number.isSafeInteger(size) || size < 0))
    throw wrong(`has the shape (${shape}); expected rows × dimensions`, shape);
  if (fortran === 'True' && sizes.length === 2) throw wrong('is in Fortran order; write it with numpy.ascontiguousarray', fortran);
  const [rows, dim] = sizes.length === 1 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!];
  return { descr, rows, dim, offset: start + length };
}

/** The header of an array of f32 (or int32), of always the same 128 bytes so that the number of rows can be filled in last. */
export function npyHeader(descr: '<f4' | '<i4', rows: number, dim: number): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${rows}, ${dim}), }`;
  const header = Buffer.alloc(128, ' ');
  header.write(magic, 0, 'latin1');
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(118, 8);
  header.write(text, 10, 'latin1');
  header[127] = 0x0a;
  return header;
}

/** An IEEE half float from its bits. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
