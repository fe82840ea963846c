import { checkOneOf, checkOptions, RankError, shown, type Tokens } from '@rank-rank/core';
import { type Documents, quantise, type Rows } from '@rank-rank/kernels';
import { checkTokens } from './check-tokens.ts';
import { checkMask } from './counted.ts';

/** How the numbers of stored rows are kept, by the names the command line has for them. */
export type RowType = 'f32' | 'f16' | 'int8' | 'binary';

export const rowTypes: readonly RowType[] = ['f32', 'f16', 'int8', 'binary'];

/** What the kernels call each type. */
export const kernelTypes = { f32: 'f32', f16: 'f16', int8: 'i8', binary: 'bits' } as const;

/** Token matrices of many documents in one flat buffer, checked once: what one call scores. Made by {@link packTokens}. */
export interface PackedTokens extends Documents {
  readonly type: RowType;
  readonly dim: number;
  /** How many documents there are. */
  readonly count: number;
  /** Whether a document lost rows to its mask; absent where none did. */
  readonly masked?: Uint8Array;
}

export interface PackOptions {
  /** `f32` by default; `int8` has one scale a row, `binary` the signs. */
  readonly type?: RowType;
  /** For each document which rows count (entries that are not 0); undefined for all of them. */
  readonly masks?: readonly (ArrayLike<number | boolean> | undefined)[];
}

/**
 * Puts token matrices one after the other, checks them, and quantises them if asked to. Pack once and score often.
 *
 * @example
 * const packed = packTokens(documents, { type: 'int8' });
 * maxsimScores(query, packed);
 */
export function packTokens(documents: readonly Tokens[], options: PackOptions = {}): PackedTokens {
  checkOptions('packTokens', options, ['type', 'masks']);
  const type = checkOneOf('packTokens: type', options.type ?? 'f32', rowTypes);
  if (!Array.isArray(documents)) {
    throw new RankError('INVALID_ARGUMENT', `packTokens: documents are ${shown(documents)}; expected an array of token matrices.`);
  }
  if (documents.length === 0) throw new RankError('EMPTY_INPUT', 'packTokens: no documents.');
  const { masks } = options;
  if (masks !== undefined && masks.length !== documents.length) {
    throw new RankError('DIMENSION_MISMATCH', `packTokens: ${masks.length} masks for ${documents.length} documents.`);
  }
  const { dim } = checkTokens('document 0', documents[0]);
  const offsets = new Uint32Array(documents.length + 1);
  const masked = masks && new Uint8Array(documents.length);
  const counts: (ArrayLike<number | boolean> | undefined)[] = [];
  for (let i = 0; i < documents.length; i++) {
    const { rows } = checkTokens(`document ${i}`, documents[i], dim);
    const mask = masks?.[i] === undefined ? undefined : checkMask(`masks[${i}]`, masks[i], rows);
    let kept = rows;
    if (mask !== undefined && masked !== undefined) {
      kept = 0;
      for (let row = 0; row < rows; row++) if (mask[row]) kept++;
      masked[i] = Number(kept < rows);
    }
    counts.push(mask);
    offsets[i + 1] = offsets[i]! + kept;
  }
  const data = new Float32Array(offsets[documents.length]! * dim);
  for (let i = 0; i < documents.length; i++) copyRows(documents[i]!, counts[i], data, offsets[i]! * dim);
  const full = { type: 'f32', data, dim } as const;
  const rows: Rows = type === 'f32' ? full : quantise(full, kernelTypes[type]);
  return { type, dim, count: documents.length, rows, offsets, ...(masked && { masked }) };
}

function copyRows({ data, rows, dim }: Tokens, mask: ArrayLike<number | boolean> | undefined, out: Float32Array, at: number): void {
  if (mask === undefined) {
    out.set(data, at);
    return;
  }
  for (let row = 0; row < rows; row++) {
    if (!mask[row]) continue;
    out.set(data.subarray(row * dim, (row + 1) * dim), at);
    at += dim;
  }
}
