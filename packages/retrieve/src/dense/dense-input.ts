import { checkId, type Matrix, type Metadata, RankError, shown } from '@rank-rank/core';
import { normalise } from '@rank-rank/kernels';
import { checkMetadata } from '../metadata/check-metadata.ts';
import { duplicate, type NewDocument } from '../segments/segmented-index.ts';
import type { DenseMetric } from './metric.ts';

/** A document of a dense index. */
export interface DenseDocument {
  readonly id: string;
  readonly vector: Float32Array | readonly number[];
  readonly metadata?: Metadata | undefined;
}

/** Many documents with their vectors in one matrix. */
export interface DenseBatch {
  readonly ids: readonly string[];
  readonly vectors: Matrix;
  readonly metadata?: readonly (Metadata | undefined)[] | undefined;
}

/** What `add` takes: one document, a batch, or any number of either. */
export type DenseInput = DenseDocument | DenseBatch | Iterable<DenseDocument | DenseBatch> | AsyncIterable<DenseDocument | DenseBatch>;

/** Documents that are checked, and their vectors copied, at a time. */
const chunkDocuments = 1024;

/** What was given to `add` as chunks of checked documents. An array is checked whole before anything of it is taken. */
export function denseChunks(
  input: DenseInput,
  dim: number,
  metric: DenseMetric,
): { chunks: Iterable<NewDocument<Float32Array>[]> | AsyncIterable<NewDocument<Float32Array>[]>; total?: number } {
  if (typeof input !== 'object' || input === null)
    throw new RankError('INVALID_ARGUMENT', `add: documents are ${shown(input)}; expected { ids, vectors } or an array of { id, vector }.`);
  if (Array.isArray(input) && !input.some(isBatch)) {
    const documents = checkDocuments(input as DenseDocument[], dim, metric);
    return { chunks: [documents], total: documents.length };
  }
  if (Symbol.iterator in input || Symbol.asyncIterator in input) return { chunks: chunked(input, dim, metric) };
  const documents = checkDocuments(isBatch(input) ? input : [input as DenseDocument], dim, metric);
  return { chunks: [documents], total: documents.length };
}

async function* chunked(
  input: Iterable<DenseDocument | DenseBatch> | AsyncIterable<DenseDocument | DenseBatch>,
  dim: number,
  metric: DenseMetric,
): AsyncGenerator<NewDocument<Float32Array>[]> {
  let waiting: DenseDocument[] = [];
  for await (const item of input) {
    if (isBatch(item)) yield checkDocuments(item, dim, metric);
    else waiting.push(item);
    if (waiting.length < chunkDocuments) continue;
    yield checkDocuments(waiting, dim, metric);
    waiting = [];
  }
  yield checkDocuments(waiting, dim, metric);
}

/**
 * Documents as the index takes them in: checked, the vectors copied (and scaled to length 1 for cosine). A duplicate id, a wrong dimension, NaN and
 * infinities are refused by name. A vector of zeros has no direction: its cosine with everything is 0.
 */
export function checkDocuments(
  input: DenseBatch | readonly DenseDocument[],
  dim: number,
  metric: DenseMetric,
): NewDocument<Float32Array>[] {
  const { ids, vectors, metadata } = isBatch(input) ? checkBatch(input, dim) : gather(input as readonly DenseDocument[], dim);
  const seen = new Set<string>();
  const documents = ids.map((given, i) => {
    const id = checkId(`add: the id of document ${i}`, given).toWellFormed();
    if (seen.has(id)) throw duplicate(id);
    seen.add(id);
    const payload = vectors.subarray(i * dim, (i + 1) * dim);
    checkFinite(`add: the vector of document ${shown(id)}`, payload);
    const about = metadata?.[i];
    if (about !== undefined) checkMetadata(`add: the metadata of document ${shown(id)}`, about);
    return { id, payload, metadata: about };
  });
  if (metric === 'cosine' && vectors.length > 0) normalise({ type: 'f32', data: vectors, dim });
  return documents;
}

/** A query's vector, checked and copied, scaled to length 1 for cosine. */
export function checkQuery(where: string, query: unknown, dim: number, metric: DenseMetric): Float32Array {
  const vector = checkVector(where, query, dim).slice();
  checkFinite(where, vector);
  if (metric === 'cosine') normalise({ type: 'f32', data: vector, dim });
  return vector;
}

function isBatch(input: unknown): input is DenseBatch {
  return typeof input === 'object' && input !== null && 'vectors' in input;
}

interface Gathered {
  readonly ids: readonly string[];
  readonly vectors: Float32Array;
  readonly metadata: readonly (Metadata | undefined)[] | undefined;
}

function checkBatch(batch: DenseBatch, dim: number): Gathered {
  const { ids, vectors, metadata } = batch as Partial<DenseBatch>;
  if (!Array.isArray(ids) || typeof vectors !== 'object' || vectors === null) {
    throw new RankError('INVALID_ARGUMENT', `add: a batch is ${shown(batch)}; expected { ids, vectors } or an array of { id, vector }.`);
  }
  if (!(vectors.data instanceof Float32Array))
    throw new RankError('INVALID_ARGUMENT', `add: vectors.data is ${shown(vectors.data)}; expected a Float32Array.`);
  if (vectors.dim !== dim) throw wrongDimension('add: vectors', vectors.dim, dim);
  if (vectors.rows !== ids.length || vectors.data.length !== ids.length * dim) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `add: ${ids.length} ids and ${vectors.rows} vectors in ${vectors.data.length} numbers; expected ${ids.length * dim} numbers, ${dim} for each id.`,
    );
  }
  if (metadata !== undefined && (!Array.isArray(metadata) || metadata.length !== ids.length)) {
    throw new RankError('DIMENSION_MISMATCH', `add: metadata is ${shown(metadata)}; expected one entry for each of ${ids.length} ids.`);
  }
  return { ids, vectors: vectors.data.slice(), metadata };
}

function gather(documents: readonly DenseDocument[], dim: number): Gathered {
  const vectors = new Float32Array(documents.length * dim);
  documents.forEach((document, i) => {
    if (typeof document !== 'object' || document === null)
      throw new RankError('INVALID_ARGUMENT', `add: document ${i} is ${shown(document)}; expected { id, vector }.`);
    vectors.set(checkVector(`add: the vector of document ${shown(document.id)}`, document.vector, dim), i * dim);
  });
  return { ids: documents.map(({ id }) => id), vectors, metadata: documents.map(({ metadata }) => metadata) };
}

function checkVector(where: string, vector: unknown, dim: number): Float32Array {
  const numbers = Array.isArray(vector) ? Float32Array.from(vector as number[], Number) : vector;
  if (!(numbers instanceof Float32Array))
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(vector)}; expected a Float32Array or an array of numbers.`);
  if (numbers.length !== dim) throw wrongDimension(where, numbers.length, dim);
  return numbers;
}

function wrongDimension(where: string, found: unknown, expected: number): RankError {
  return new RankError('DIMENSION_MISMATCH', `${where} has ${String(found)} dimensions; expected ${expected}, those of the index.`, {
    found,
    expected,
  });
}

function checkFinite(where: string, vector: Float32Array): void {
  for (let i = 0; i < vector.length; i++) {
    if (!Number.isFinite(vector[i]!))
      throw new RankError('NOT_FINITE', `${where} has ${vector[i]} at position ${i}; expected finite numbers.`, { position: i });
  }
}
