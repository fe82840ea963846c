import { checkId, type Matrix, type Metadata, RankError, shown } from '@rank-rank/core';
import { normalise } from '@rank-rank/kernels';
import { wellFormed } from '../metadata/bytes.ts';
import { checkMetadata } from '../metadata/check-metadata.ts';
import type { NewDocument } from '../segments/segmented-index.ts';
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

/**
 * Documents as the index takes them in: checked, the vectors copied (and scaled to length 1 for cosine). A duplicate id, a wrong dimension, NaN and
 * infinities are refused by name before anything is taken. A vector of zeros has no direction: its cosine with everything is 0.
 */
export function checkDocuments(
  input: DenseBatch | readonly DenseDocument[],
  dim: number,
  metric: DenseMetric,
): NewDocument<Float32Array>[] {
  const { ids, vectors, metadata } = isBatch(input) ? checkBatch(input, dim) : gather(input, dim);
  const seen = new Set<string>();
  const documents = ids.map((given, i) => {
    const id = wellFormed(checkId(`add: the id of document ${i}`, given));
    if (seen.has(id)) throw new RankError('DUPLICATE_ID', `add: document ${shown(id)} is there twice. Keep the better of the two.`, { id });
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

function isBatch(input: DenseBatch | readonly DenseDocument[]): input is DenseBatch {
  return !Array.isArray(input);
}

interface Gathered {
  readonly ids: readonly string[];
  readonly vectors: Float32Array;
  readonly metadata: readonly (Metadata | undefined)[] | undefined;
}

function checkBatch(batch: DenseBatch, dim: number): Gathered {
  const { ids, vectors, metadata } = (batch ?? {}) as Partial<DenseBatch>;
  if (!Array.isArray(ids) || typeof vectors !== 'object' || vectors === null) {
    throw new RankError('INVALID_ARGUMENT', `add: documents are ${shown(batch)}; expected { ids, vectors } or an array of { id, vector }.`);
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
