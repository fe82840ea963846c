import { RankError, shown } from '@rank-rank/core';
import { bytesFor, type Dtype, elements, type StoredTensor } from './dtype.ts';
import { openFile, type PositionedFile } from './positioned-file.ts';

/*
 * An `.npy` file (NumPy Enhancement Proposal 1):
 *
 * | bytes | what |
 * | --- | --- |
 * | 8 | `\x93NUMPY`, major and minor version |
 * | 2, or 4 from version 2 on | the length of the header, little-endian |
 * | so many | a Python dictionary: `descr`, `fortran_order`, `shape`; padded with spaces, ended by a line feed |
 * | rest | the numbers |
 */

const magic = '\x93NUMPY';

const dtypes: Readonly<Record<string, Dtype>> = {
  '<f2': 'F16',
  '<f4': 'F32',
  '<f8': 'F64',
  '|b1': 'BOOL',
  '|u1': 'U8',
  '|i1': 'I8',
  '<u2': 'U16',
  '<i2': 'I16',
  '<u4': 'U32',
  '<i4': 'I32',
  '<u8': 'U64',
  '<i8': 'I64',
};

/** One array in a file, read where it lies. */
export interface NpyFile {
  readonly path: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Some rows (entries along the first axis); all from `from` on by default. */
  read(from?: number, rows?: number): Promise<StoredTensor>;
  close(): Promise<void>;
}

/**
 * Opens an `.npy` file of numbers in C order. Only the header is read; its length and the file's are checked against one another.
 *
 * @example
 * const file = await openNpy('rows.npy');
 * toFloat32(await file.read(0, 10)); // the first ten rows
 */
export async function openNpy(path: string): Promise<NpyFile> {
  const file = await openFile(path);
  try {
    const { dtype, shape, offset } = await readHeader(file);
    const [rows = 1] = shape;
    const inner = shape.length === 0 ? [] : shape.slice(1);
    const rowBytes = bytesFor(dtype, elements(inner))!;
    if (file.size !== offset + rows * rowBytes) {
      throw new RankError(
        'CORRUPT',
        `${path} has ${file.size} bytes; its header says ${dtype} [${shape.join(', ')}], ${offset + rows * rowBytes} in all. Copy it again.`,
        { file: path, found: file.size, expected: offset + rows * rowBytes },
      );
    }
    return {
      path,
      dtype,
      shape,
      async read(from = 0, count = rows - from) {
        const bytes = await file.read(offset + from * rowBytes, count * rowBytes);
        return { dtype, shape: shape.length === 0 ? [] : [count, ...inner], bytes };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(file: PositionedFile): Promise<{ dtype: Dtype; shape: number[]; offset: number }> {
  const { path } = file;
  const wrong = (what: string): RankError => new RankError('PARSE', `${path} ${what}.`, { file: path });
  const head = await file.read(0, Math.min(12, file.size));
  if (head.length < 12 || Buffer.from(head.subarray(0, 6)).toString('latin1') !== magic)
    throw wrong('does not begin as an .npy file does (\\x93NUMPY)');
  const version = head[6]!;
  if (version < 1 || version > 3) throw wrong(`is an .npy file of version ${version}; expected 1 to 3`);
  const view = new DataView(head.buffer);
  const [start, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (start + length > file.size) throw wrong(`claims a header of ${length} bytes and has ${file.size} in all`);
  const text = new TextDecoder().decode(await file.read(start, length));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  if (descr === undefined || sizes === undefined || fortran === undefined)
    throw wrong(`has a header that cannot be read: ${shown(text.trim())}`);
  const dtype = dtypes[descr];
  if (dtype === undefined)
    throw wrong(`holds entries of type ${descr}; expected one of ${Object.keys(dtypes).join(', ')}. Convert it with .astype('<f4')`);
  const shape = sizes
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) throw wrong(`has the shape (${sizes}); expected whole numbers`);
  if (fortran === 'True' && shape.length > 1) throw wrong('is in Fortran order; write it with numpy.ascontiguousarray');
  return { dtype, shape, offset: start + length };
}

/** The first bytes of an `.npy` file, which its numbers follow. */
export function npyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const descr = Object.entries(dtypes).find(([, name]) => name === dtype)?.[0];
  if (descr === undefined) throw new RankError('UNSUPPORTED', `npyHeader: NumPy has no type for ${dtype}.`, { dtype });
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  header.write(magic, 0, 'latin1');
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header[length - 1] = 0x0a;
  return header;
}
