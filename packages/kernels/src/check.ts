import { checkInteger, RankError, shown } from '@rank-rank/core';
import type { RowsArgument } from './arguments.ts';
import type { Bitmap, Documents, Rows } from './contract.ts';

/** Sums of int8 products of more numbers than this could overflow 32 bits. */
export const largestDim = 65_536;
/** Indices are 32 bits, and the last stands for "none". */
export const mostRows: number = 2 ** 32 - 2;

interface ArrayKind<T> {
  readonly name: string;
  new (length: number): T;
}

/** A typed array of one of some kinds, on a buffer that is still there. */
export function checkArray<T extends ArrayBufferView>(where: string, value: unknown, ...kinds: ArrayKind<T>[]): T {
  for (const kind of kinds) {
    if (value instanceof kind) {
      if (value.byteLength === 0 && isDetached(value.buffer)) {
        throw new RankError(
          'INVALID_ARGUMENT',
          `${where} lies on a buffer that was detached (transferred away). Keep a copy, or share it.`,
        );
      }
      return value;
    }
  }
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected a ${kinds.map(({ name }) => name).join(' or ')}.`);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

export function checkLength(where: string, value: { readonly length: number }, expected: number, of: string): void {
  if (value.length === expected) return;
  throw new RankError('DIMENSION_MISMATCH', `${where} has ${value.length} entries; expected ${expected}, ${of}.`, {
    found: value.length,
    expected,
  });
}

function checkRowCount(where: string, rows: number): number {
  if (rows > mostRows) throw new RankError('OUT_OF_RANGE', `${where} has ${rows} rows; at most ${mostRows} can be numbered.`, { rows });
  return rows;
}

/** The shape of rows, checked. */
export function checkRows(where: string, value: Rows): RowsArgument {
  if (typeof value !== 'object' || value === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: rows are ${shown(value)}; expected { type, data, dim }.`);
  }
  const dim = checkInteger(`${where}: dim`, value.dim, { min: 1, max: largestDim });
  switch (value.type) {
    case 'f32':
      return strided(where, value, checkArray(`${where}: data`, value.data, Float32Array));
    case 'f16':
    case 'bf16':
      return strided(where, value, checkArray(`${where}: data`, value.data, Uint16Array));
    case 'i8': {
      const rows = strided(where, value, checkArray(`${where}: data`, value.data, Int8Array));
      const scales = checkArray(`${where}: scales`, value.scales, Float32Array);
      checkLength(`${where}: scales`, scales, rows.rows, 'one a row');
      return { ...rows, scales };
    }
    case 'bits':
      return strided(where, { type: 'bits', dim, stride: Math.ceil(dim / 8) }, checkArray(`${where}: data`, value.data, Uint8Array));
    case 'residual':
      return residual(where, value);
    default:
      throw new RankError(
        'INVALID_ARGUMENT',
        `${where}: rows are of type ${shown((value as { type?: unknown }).type)}; expected f32, f16, bf16, i8, bits or residual.`,
      );
  }
}

function strided(
  where: string,
  { type, dim, stride = dim }: { type: Rows['type']; dim: number; stride?: number | undefined },
  data: NonNullable<RowsArgument['data']>,
): RowsArgument {
  if (type !== 'bits') checkInteger(`${where}: stride`, stride, { min: dim });
  if (data.length % stride !== 0) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: data has ${data.length} entries, which is no multiple of ${stride}, what a row takes.`,
      {
        found: data.length,
        stride,
      },
    );
  }
  return { type, data, rows: checkRowCount(where, data.length / stride), dim, stride, first: 0 };
}

function residual(where: string, value: Extract<Rows, { type: 'residual' }>): RowsArgument {
  const { dim, bits, unit = false } = value;
  const stride = Math.ceil((dim * checkBits(`${where}: bits`, bits)) / 8);
  const codes = checkArray(`${where}: codes`, value.codes, Uint8Array);
  const centroidIds = checkArray<Uint16Array | Uint32Array>(`${where}: centroidIds`, value.centroidIds, Uint16Array, Uint32Array);
  const centroids = checkCentroids(`${where}: centroids`, value.centroids, dim);
  const weights = checkArray(`${where}: weights`, value.weights, Float32Array);
  checkLength(`${where}: weights`, weights, 2 ** bits, 'one a code');
  checkLength(`${where}: codes`, codes, centroidIds.length * stride, `${stride} a row`);
  const rows = checkRowCount(where, centroidIds.length);
  return { type: 'residual', data: codes, rows, dim, stride, first: 0, bits, centroidIds, centroids, weights, unit };
}

export function checkBits(where: string, bits: unknown): 1 | 2 | 4 | 8 {
  if (bits === 1 || bits === 2 || bits === 4 || bits === 8) return bits;
  throw new RankError('OUT_OF_RANGE', `${where} is ${shown(bits)}; expected 1, 2, 4 or 8.`);
}

export function checkCentroids(where: string, value: unknown, dim: number): Float32Array {
  const centroids = checkArray(where, value, Float32Array);
  if (centroids.length === 0 || centroids.length % dim !== 0) {
    throw new RankError('DIMENSION_MISMATCH', `${where} has ${centroids.length} entries; expected ${dim} a centroid, and one at least.`);
  }
  return centroids;
}

/** An object that must be given, whatever it then holds. */
export function checkGiven(where: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected ${expected}.`);
}

/** Rows whose type an operation takes. */
export function checkType<T extends Rows['type']>(where: string, rows: RowsArgument, ...types: T[]): RowsArgument {
  if ((types as string[]).includes(rows.type)) return rows;
  throw new RankError('INVALID_ARGUMENT', `${where}: rows are of type ${rows.type}; expected ${types.join(' or ')}. Use dequantise first.`);
}

/** Queries and rows that can be compared: equal dimensions. */
export function checkPair(where: string, queries: RowsArgument, rows: RowsArgument): void {
  if (queries.dim === rows.dim) return;
  throw new RankError(
    'DIMENSION_MISMATCH',
    `${where}: the query has ${queries.dim} dimensions and the rows ${rows.dim}; expected the same.`,
    {
      query: queries.dim,
      rows: rows.dim,
    },
  );
}

export function checkDocuments(where: string, documents: Documents): { rows: RowsArgument; offsets: Uint32Array } {
  if (typeof documents !== 'object' || documents === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: documents are ${shown(documents)}; expected { rows, offsets }.`);
  }
  return { rows: checkRows(where, documents.rows), offsets: checkOffsets(`${where}: offsets`, documents.offsets) };
}

export function checkOffsets(where: string, value: unknown): Uint32Array {
  const offsets = checkArray(where, value, Uint32Array);
  if (offsets.length === 0) {
    throw new RankError('DIMENSION_MISMATCH', `${where} are empty; expected one entry more than there are lists, the first 0.`);
  }
  return offsets;
}

export function checkOnly(where: string, only: unknown): Uint32Array | undefined {
  return only === undefined ? undefined : checkArray(`${where}: only`, only, Uint32Array);
}

export function checkAllow(where: string, allow: unknown, size: number): Bitmap | undefined {
  if (allow === undefined) return undefined;
  const bitmap = checkArray(`${where}: allow`, allow, Uint32Array);
  const words = Math.ceil(size / 32);
  if (bitmap.length < words) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: allow has ${bitmap.length} words; expected ${words} or more, for ${size} indices.`,
    );
  }
  return bitmap;
}

/** The lengths of rows, where they are given. */
export function checkNorms(where: string, norms: unknown, rows: number): Float32Array | undefined {
  if (norms === undefined) return undefined;
  const lengths = checkArray(`${where}: norms`, norms, Float32Array);
  checkLength(`${where}: norms`, lengths, rows, 'one a row');
  return lengths;
}

/** The caller's output array, or a fresh one. */
export function outputFloats(where: string, out: unknown, length: number): Float32Array {
  if (length > mostRows)
    throw new RankError(
      'OUT_OF_RANGE',
      `${where}: the result would have ${length} entries; at most ${mostRows} fit. Ask for fewer at a time.`,
    );
  if (out === undefined) return new Float32Array(length);
  const array = checkArray(`${where}: out`, out, Float32Array);
  checkLength(`${where}: out`, array, length, 'what the result has');
  return array;
}
