import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError, throwIfCancelled } from '@rank-rank/core';
import { openNpy, type StoredTensor, toFloat32 } from '@rank-rank/storage/tensors';
import { readJsonObject, readLengths, wholeNumberOf } from './json-file.ts';
import { checkPlaidCodec, type PlaidCodec, plaidRows } from './plaid-rows.ts';
import { documentsOf, type TokenFile } from './token-file.ts';

/**
 * Reads the index folder of fast-plaid (PyLate's), decompressed. Documents are known by their numbers.
 *
 * | file | holds |
 * |---|---|
 * | `metadata.json` | `num_chunks`, `nbits` |
 * | `centroids.npy`, `bucket_weights.npy` | f16 or f32 centroids; what the codes stand for |
 * | `doclens.N.json` | rows of each document of chunk N |
 * | `N.codes.npy`, `N.residuals.npy`, or both merged over all chunks as `merged_codes.npy`, `merged_residuals.npy` | i64 centroids, packed codes |
 */
export async function openFastPlaidIndex(folder: string): Promise<TokenFile> {
  const about = join(folder, 'metadata.json');
  const metadata = await readJsonObject(about);
  const chunks = wholeNumberOf(about, 'num_chunks', metadata['num_chunks'], 0);
  const bits = wholeNumberOf(about, 'nbits', metadata['nbits'], 1);
  const kept = await read(join(folder, 'centroids.npy'));
  if (!existsSync(join(folder, 'bucket_weights.npy'))) {
    throw new RankError('UNSUPPORTED', `${folder} has no bucket_weights.npy: only indexes with residual codes are read.`, { folder });
  }
  const weights = toFloat32(await read(join(folder, 'bucket_weights.npy')));
  const dim = kept.shape[1] ?? 0;
  const codec: PlaidCodec = { dim, bits, centroids: toFloat32(kept), weights };
  checkPlaidCodec(folder, codec);
  const lengths: number[][] = [];
  for (let chunk = 0; chunk < chunks; chunk++) lengths.push(await readLengths(join(folder, `doclens.${chunk}.json`)));
  return {
    path: folder,
    format: 'fast-plaid',
    dim,
    count: lengths.reduce((sum, of) => sum + of.length, 0),
    rows: lengths.flat().reduce((sum, rows) => sum + rows, 0),
    async *documents({ signal } = {}) {
      let first = 0;
      let row = 0;
      for (let chunk = 0; chunk < chunks; chunk++) {
        throwIfCancelled(signal, 'Reading tokens');
        const here = lengths[chunk]!;
        const rows = here.reduce((sum, length) => sum + length, 0);
        const codes = toFloat32(await readChunk(folder, chunk, 'codes', row, rows));
        const residuals = await readChunk(folder, chunk, 'residuals', row, rows);
        const data = plaidRows(codec, codes, residuals.bytes, join(folder, `${chunk}.residuals.npy`));
        yield* documentsOf({ first, lengths: here, data }, dim, (document) => ({ id: String(document) }));
        first += here.length;
        row += rows;
      }
    },
  };
}

/** A chunk's own file where it has one, its part of the merged file otherwise (which ends in padding). */
async function readChunk(folder: string, chunk: number, what: string, from: number, rows: number): Promise<StoredTensor> {
  const own = join(folder, `${chunk}.${what}.npy`);
  if (!existsSync(own)) return read(join(folder, `merged_${what}.npy`), from, rows);
  const tensor = await read(own);
  if (tensor.shape[0] !== rows) {
    throw new RankError('CORRUPT', `${own} has ${tensor.shape[0]} rows and doclens.${chunk}.json counts ${rows}. Copy the folder again.`, {
      file: own,
    });
  }
  return tensor;
}

async function read(path: string, from?: number, rows?: number): Promise<StoredTensor> {
  const file = await openNpy(path);
  try {
    const there = file.shape[0] ?? 1;
    if ((from ?? 0) + (rows ?? 0) > there) {
      throw new RankError('CORRUPT', `${path} has ${there} rows; expected at least ${(from ?? 0) + (rows ?? 0)}. Copy the folder again.`, {
        file: path,
      });
    }
    return await file.read(from, rows);
  } finally {
    await file.close();
  }
}
