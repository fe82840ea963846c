import { open } from 'node:fs/promises';
import { checkInteger, checkOneOf, checkOptions, type Matrix, type Metadata, RankError } from '@rank-rank/core';
import { fileError } from '@rank-rank/storage';
import { npyHeader } from '@rank-rank/storage/tensors';
import { readVectorLines } from './jsonl-vectors.ts';
import { readNpy } from './npy.ts';
import { encodeVecs, type NumberRows, readVecs } from './vecs.ts';

const formats = ['fvecs', 'bvecs', 'ivecs', 'npy', 'jsonl'] as const;
export type VectorFormat = (typeof formats)[number];

/** Some rows of a file. JSONL files say ids and metadata; in the others a row is known by its number. */
export interface VectorBatch {
  readonly vectors: Matrix;
  readonly ids?: readonly string[];
  readonly metadata?: readonly (Metadata | undefined)[];
}

export interface ReadVectorsOptions {
  /** What the file is; told from the end of its name by default. */
  readonly format?: VectorFormat;
  /** Rows a batch: 1,024 by default. Memory is bounded by it, whatever the size of the file. */
  readonly batch?: number;
}

/**
 * Reads vectors from `.fvecs`, `.bvecs`, `.ivecs`, `.npy` or `.jsonl`, a batch at a time. Numbers of all types come as f32.
 *
 * @example
 * for await (const { vectors } of readVectors('base.fvecs')) console.log(vectors.rows, vectors.dim);
 */
export async function* readVectors(path: string, options: ReadVectorsOptions = {}): AsyncGenerator<VectorBatch> {
  checkOptions('readVectors', options, ['format', 'batch']);
  const format = formatOf(path, options.format);
  const batch = checkInteger('readVectors: batch', options.batch ?? 1024, { min: 1 });
  if (format === 'jsonl') yield* readLines(path, batch);
  else {
    const make = (length: number): Float32Array => new Float32Array(length);
    for await (const vectors of format === 'npy' ? readNpy(path, batch, make) : readVecs(path, format, batch, make)) yield { vectors };
  }
}

/**
 * Reads whole numbers, such as the true neighbours that benchmarks ship, from `.ivecs`, `.bvecs` or `.npy`.
 *
 * @example
 * for await (const { data, rows, dim } of readIntegers('groundtruth.ivecs')) console.log(rows, dim, data[0]);
 */
export async function* readIntegers(path: string, options: ReadVectorsOptions = {}): AsyncGenerator<NumberRows<Int32Array>> {
  checkOptions('readIntegers', options, ['format', 'batch']);
  const format = formatOf(path, options.format);
  const batch = checkInteger('readIntegers: batch', options.batch ?? 1024, { min: 1 });
  if (format === 'fvecs' || format === 'jsonl')
    throw new RankError('UNSUPPORTED', `${path}: a .${format} file holds no whole numbers. Read it with readVectors.`, { file: path });
  const make = (length: number): Int32Array => new Int32Array(length);
  yield* format === 'npy' ? readNpy(path, batch, make) : readVecs(path, format, batch, make);
}

/**
 * Writes batches of one dimension to a file of the format that the end of its name, or `format`, says; gives the number of rows.
 * The file is complete when the promise is kept; an existing one is replaced.
 *
 * @example
 * await writeVectors('copy.npy', readVectors('base.fvecs'));
 */
export async function writeVectors(
  path: string,
  batches: Iterable<VectorBatch> | AsyncIterable<VectorBatch>,
  options: { readonly format?: VectorFormat } = {},
): Promise<number> {
  checkOptions('writeVectors', options, ['format']);
  const format = formatOf(path, options.format);
  const file = await open(path, 'w').catch((error: unknown) => {
    throw fileError(path, 'create', error);
  });
  let rows = 0;
  let dim: number | undefined;
  try {
    // Headers of two dimensions all have 128 bytes, so that the number of rows can be filled in last.
    if (format === 'npy') await file.writeFile(npyHeader('F32', [0, 0]));
    for await (const batch of batches) {
      const { vectors } = batch;
      dim ??= vectors.dim;
      if (vectors.dim !== dim || vectors.data.length !== vectors.rows * dim) {
        throw new RankError(
          'DIMENSION_MISMATCH',
          `writeVectors: a batch has ${vectors.rows} × ${vectors.dim} numbers in ${vectors.data.length}; expected rows of ${dim}, as the first has.`,
        );
      }
      await file.writeFile(
        format === 'jsonl' ? linesOf(batch, rows) : format === 'npy' ? bytesOf(vectors.data) : encodeVecs(vectors, format),
      );
      rows += vectors.rows;
    }
    if (format === 'npy') await file.write(npyHeader('F32', [rows, dim ?? 0]), 0, 128, 0);
  } finally {
    await file.close();
  }
  return rows;
}

async function* readLines(path: string, batch: number): AsyncGenerator<VectorBatch> {
  let ids: string[] = [];
  let metadata: (Metadata | undefined)[] = [];
  let rows: Float32Array[] = [];
  const take = (): VectorBatch => {
    const dim = rows[0]!.length;
    const data = new Float32Array(rows.length * dim);
    rows.forEach((row, i) => {
      data.set(row, i * dim);
    });
    const taken = { ids, metadata, vectors: { data, rows: rows.length, dim } };
    ids = [];
    metadata = [];
    rows = [];
    return taken;
  };
  for await (const line of readVectorLines(path)) {
    ids.push(line.id);
    metadata.push(line.metadata);
    rows.push(line.vector);
    if (rows.length === batch) yield take();
  }
  if (rows.length > 0) yield take();
}

function linesOf({ vectors: { data, rows, dim }, ids, metadata }: VectorBatch, before: number): string {
  let lines = '';
  for (let i = 0; i < rows; i++) {
    const line = { id: ids?.[i] ?? String(before + i), vector: [...data.subarray(i * dim, (i + 1) * dim)], metadata: metadata?.[i] };
    lines += `${JSON.stringify(line)}\n`;
  }
  return lines;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function formatOf(path: string, format: VectorFormat | undefined): VectorFormat {
  if (format !== undefined) return checkOneOf('format', format, formats);
  const end = /\.(\w+)$/.exec(path)?.[1] ?? '';
  if (!(formats as readonly string[]).includes(end)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${path}: the end of the name says no format. Name it .${formats.join(', .')}, or give { format }.`,
      {
        file: path,
      },
    );
  }
  return end as VectorFormat;
}
