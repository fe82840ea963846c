import type { Tokens } from '@rank-rank/core';
import { quantise } from '@rank-rank/kernels';
import { checkTokens } from '../tokens/check-tokens.ts';

/** The rows as arrays of numbers, each written with the fewest digits that give the same float. */
export function rowsOf(where: string, tokens: Tokens): number[][] {
  const { data, rows, dim } = checkTokens(where, tokens);
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * dim, (row + 1) * dim), shortest));
}

function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** The rows as signs, eight a byte, the first dimension in the highest bit (NumPy's `packbits`, Vespa's `unpack_bits`): hexadecimal, a text a row. */
export function hexSigns(where: string, tokens: Tokens): string[] {
  const { data, rows, dim } = checkTokens(where, tokens);
  const bytes = Math.ceil(dim / 8);
  const signs = quantise({ type: 'f32', data, dim }, 'bits').data as Uint8Array;
  return Array.from({ length: rows }, (_, row) => hex(signs.subarray(row * bytes, (row + 1) * bytes)));
}

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
