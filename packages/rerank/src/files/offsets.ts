import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RankError, shown, type TextRole } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';
import { openNpy, type StoredTensor } from '@rank-rank/storage/tensors';
import { readJson, readLengths } from './json-file.ts';

/** Where each document begins, and the end, as whole numbers of any width. */
export function offsetsFrom(path: string, { dtype, bytes }: StoredTensor): Uint32Array {
  const buffer = bytes.slice().buffer;
  if (dtype === 'U32' || dtype === 'I32') return new Uint32Array(buffer);
  if (dtype !== 'I64' && dtype !== 'U64')
    throw new RankError('PARSE', `${path} holds offsets as ${dtype}; expected whole numbers of 32 or 64 bits.`, { file: path });
  return Uint32Array.from(new BigInt64Array(buffer), (offset) => {
    if (offset < 0n || offset > 0xffff_ffffn)
      throw new RankError('OUT_OF_RANGE', `${path}: an offset is ${offset}; at most 2³² rows are supported.`, { file: path });
    return Number(offset);
  });
}

/** The offsets that lie beside rows: `STEM.offsets.u32`, `STEM.offsets.npy`, or lengths in `doclens.json`. Undefined where there are none. */
export async function offsetsBeside(stem: string): Promise<Uint32Array | undefined> {
  const raw = `${stem}.offsets.u32`;
  if (existsSync(raw)) {
    const bytes = await readFile(raw).catch((error: unknown) => {
      throw fileError(raw, 'read', error);
    });
    if (bytes.length === 0 || bytes.length % 4 !== 0)
      throw new RankError('CORRUPT', `${raw} has ${bytes.length} bytes; expected 4 for each document and 4 more.`, { file: raw });
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }
  const array = `${stem}.offsets.npy`;
  if (existsSync(array)) {
    const file = await openNpy(array);
    try {
      return offsetsFrom(array, await file.read());
    } finally {
      await file.close();
    }
  }
  const lengths = join(dirname(stem), 'doclens.json');
  if (!existsSync(lengths)) return undefined;
  const offsets = [0];
  for (const length of await readLengths(lengths)) offsets.push(offsets.at(-1)! + length);
  return Uint32Array.from(offsets);
}

/** The ids in `ids.json` (an array, or `{ docs, queries }`) beside rows; numbers where there is none. */
export async function idsBeside(stem: string, as: TextRole, count: number): Promise<string[]> {
  const path = join(dirname(stem), 'ids.json');
  if (!existsSync(path)) return Array.from({ length: count }, (_, i) => String(i));
  const ids = await readJson(path);
  return checkIds(path, Array.isArray(ids) ? ids : (ids as Record<string, unknown> | null)?.[as === 'document' ? 'docs' : 'queries']);
}

/** Refuses what is no array of ids. */
export function checkIds(path: string, ids: unknown): string[] {
  if (!Array.isArray(ids)) throw new RankError('PARSE', `${path} has ${shown(ids)} for ids; expected an array of texts.`, { file: path });
  const bad = ids.findIndex((id) => typeof id !== 'string' || id === '');
  if (bad >= 0) throw new RankError('PARSE', `${path}: id ${bad} is ${shown(ids[bad])}; expected a non-empty text.`, { file: path });
  return ids as string[];
}
