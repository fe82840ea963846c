import { type FileHandle, open } from 'node:fs/promises';
import { RankError, shown } from '@rank-rank/core';
import { fileError } from '../file-system.ts';
import { bytesFor, type Dtype, elements } from './dtype.ts';

/** A tensor that is to be written: its bytes at once, or in pieces as they come. Little-endian, row-major. */
export interface TensorToWrite {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Writes a safetensors file: header, then the tensors in the order they are given. Shapes are known beforehand, so what streams in is never held whole.
 * The file is complete when the promise is kept; an existing one is replaced.
 *
 * @example
 * await writeSafetensors('rows.safetensors', { rows: { dtype: 'F32', shape: [2, 3], bytes } }, { model: 'colbert' });
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let at = 0;
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    const size = bytesFor(dtype, elements(shape));
    if (size === undefined)
      throw new RankError(
        'INVALID_ARGUMENT',
        `writeSafetensors: tensor ${shown(name)}, ${dtype} [${shape.join(', ')}], ends within a byte.`,
      );
    header[name] = { dtype, shape, data_offsets: [at, (at += size)] };
  }
  // Padded so that the numbers begin where wide reads like them.
  const text = JSON.stringify(header);
  const length = Math.ceil((8 + Buffer.byteLength(text)) / 64) * 64 - 8;
  const head = Buffer.alloc(8 + length, ' ');
  head.writeBigUInt64LE(BigInt(length));
  head.write(text, 8);
  const file = await open(path, 'w').catch((error: unknown) => {
    throw fileError(path, 'create', error);
  });
  try {
    await file.writeFile(head);
    for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
      const expected = bytesFor(dtype, elements(shape))!;
      const written = await writeAll(file, bytes instanceof Uint8Array ? [bytes] : bytes);
      if (written !== expected) {
        throw new RankError(
          'DIMENSION_MISMATCH',
          `writeSafetensors: tensor ${shown(name)} came with ${written} bytes; ${dtype} [${shape.join(', ')}] takes ${expected}.`,
          { found: written, expected },
        );
      }
    }
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
  let written = 0;
  for await (const piece of pieces) {
    await file.writeFile(piece);
    written += piece.length;
  }
  return written;
}
