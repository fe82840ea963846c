import { checkId, type Metadata, RankError, type SparseVector, shown } from '@rank-rank/core';
import { checkMetadata } from '../metadata/check-metadata.ts';
import { duplicate, type NewDocument } from '../segments/segmented-index.ts';

/** A vector of few weights: indices of terms and their weights, in arrays side by side. */
export interface SparseInput {
  readonly indices: Uint32Array | readonly number[];
  readonly values: Float32Array | readonly number[];
}

/** A document of a sparse index. */
export interface SparseDocument {
  readonly id: string;
  readonly vector: SparseInput;
  readonly metadata?: Metadata | undefined;
}

/** What `add` takes: one document, or any number. */
export type SparseDocuments = SparseDocument | Iterable<SparseDocument> | AsyncIterable<SparseDocument>;

/** Documents that are checked at a time. */
const chunkDocuments = 1024;

/** What was given to `add` as chunks of checked documents. An array is checked whole before anything of it is taken. */
export function sparseChunks(input: SparseDocuments): {
  chunks: Iterable<NewDocument<SparseVector>[]> | AsyncIterable<NewDocument<SparseVector>[]>;
  total?: number;
} {
  if (typeof input !== 'object' || input === null)
    throw new RankError('INVALID_ARGUMENT', `add: documents are ${shown(input)}; expected an array (or any iterable) of { id, vector }.`);
  if (Symbol.asyncIterator in input || (Symbol.iterator in input && !Array.isArray(input))) return { chunks: chunked(input) };
  const documents = checkDocuments(Array.isArray(input) ? (input as SparseDocument[]) : [input as SparseDocument], 0);
  return { chunks: [documents], total: documents.length };
}

async function* chunked(input: Iterable<SparseDocument> | AsyncIterable<SparseDocument>): AsyncGenerator<NewDocument<SparseVector>[]> {
  let waiting: SparseDocument[] = [];
  let before = 0;
  for await (const document of input) {
    waiting.push(document);
    if (waiting.length < chunkDocuments) continue;
    yield checkDocuments(waiting, before);
    before += waiting.length;
    waiting = [];
  }
  yield checkDocuments(waiting, before);
}

function checkDocuments(documents: readonly SparseDocument[], before: number): NewDocument<SparseVector>[] {
  const seen = new Set<string>();
  return documents.map((document, i) => {
    const where = `documents[${before + i}]`;
    if (typeof document !== 'object' || document === null)
      throw new RankError('INVALID_ARGUMENT', `add: ${where} is ${shown(document)}; expected { id, vector }.`);
    const id = checkId(`add: ${where}.id`, document.id).toWellFormed();
    if (seen.has(id)) throw duplicate(id);
    seen.add(id);
    if (document.metadata !== undefined) checkMetadata(`add: the metadata of document ${shown(id)}`, document.metadata);
    return { id, payload: checkSparse(`add: the vector of document ${shown(id)}`, document.vector), metadata: document.metadata };
  });
}

/** A copy with ascending indices and without zeros. Weights below 0, NaN, infinities and an index twice are refused. */
export function checkSparse(where: string, vector: unknown): SparseVector {
  const { indices, values } = (typeof vector === 'object' && vector !== null ? vector : {}) as Partial<SparseInput>;
  if (!isNumbers(indices) || !isNumbers(values))
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(vector)}; expected { indices, values }, two arrays of numbers.`);
  if (indices.length !== values.length)
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where} has ${indices.length} indices and ${values.length} values; expected a value for each index.`,
    );
  if (indices instanceof Uint32Array && values instanceof Float32Array && isTidy(indices, values))
    return { indices: indices.slice(), values: values.slice() };
  const order: number[] = [];
  let ascending = true;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const value = values[i]!;
    if (!Number.isInteger(index) || index < 0 || index > 0xfffffffe)
      throw new RankError('OUT_OF_RANGE', `${where} has the index ${shown(index)}; expected a whole number from 0 to 4294967294.`, {
        index,
      });
    if (!Number.isFinite(value) || !Number.isFinite(Math.fround(value)))
      throw new RankError('NOT_FINITE', `${where} has the weight ${shown(value)} at index ${index}; expected a finite number.`, { index });
    if (value < 0)
      throw new RankError('OUT_OF_RANGE', `${where} has the weight ${value} at index ${index}; weights are at least 0.`, { index, value });
    if (Math.fround(value) === 0) continue;
    if (order.length > 0 && index <= indices[order.at(-1)!]!) ascending = false;
    order.push(i);
  }
  if (!ascending) {
    order.sort((a, b) => indices[a]! - indices[b]!);
    for (let i = 1; i < order.length; i++) {
      if (indices[order[i]!] === indices[order[i - 1]!])
        throw new RankError('DUPLICATE_ID', `${where} has the index ${indices[order[i]!]} twice. Add the weights up.`, {
          index: indices[order[i]!],
        });
    }
  }
  return { indices: Uint32Array.from(order, (i) => indices[i]!), values: Float32Array.from(order, (i) => values[i]!) };
}

/** Whether a vector is as encoders make them: then it need only be copied. */
function isTidy(indices: Uint32Array, values: Float32Array): boolean {
  for (let i = 0; i < indices.length; i++) {
    const value = values[i]!;
    if (!(value > 0 && value < Number.POSITIVE_INFINITY) || (i > 0 && indices[i]! <= indices[i - 1]!)) return false;
  }
  return indices.length === 0 || indices.at(-1)! < 0xffffffff;
}

function isNumbers(value: unknown): value is Uint32Array | Float32Array | readonly number[] {
  return Array.isArray(value) || value instanceof Uint32Array || value instanceof Float32Array || value instanceof Uint16Array;
}
