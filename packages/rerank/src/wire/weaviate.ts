import { checkString, type Tokens } from '@rank-rank/core';
import type { IndexDocument } from '../index/token-index.ts';
import { checkTokens } from '../tokens/check-tokens.ts';
import { uuidOf } from './qdrant.ts';
import { rowsOf } from './rows.ts';

/** An object as `POST /v1/batch/objects` takes it (Weaviate 1.29 and later). */
export interface WeaviateObject {
  readonly class: string;
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly vectors: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** The named vector of a class that holds token matrices which the caller brings: an entry of `vectorConfig`. */
export function weaviateVector(): Readonly<Record<string, unknown>> {
  return {
    vectorizer: { none: {} },
    vectorIndexType: 'hnsw',
    vectorIndexConfig: { distance: 'dot', multivector: { enabled: true, aggregation: 'maxSim' } },
  };
}

/** A document as an object; its id, which need be no UUID, is the property `documentId` (`id` is Weaviate's own). */
export function weaviateObject({ id, tokens, text, title, metadata }: IndexDocument, collection: string, vector: string): WeaviateObject {
  checkString('weaviateObject: collection', collection);
  checkString('weaviateObject: vector', vector);
  return {
    class: collection,
    id: uuidOf(id),
    properties: { ...metadata, ...(title !== undefined && { title }), ...(text !== undefined && { text }), documentId: id },
    vectors: { [vector]: rowsOf('weaviateObject', tokens) },
  };
}

/** The bytes of a matrix in Weaviate's gRPC (`VECTOR_TYPE_MULTI_FP32`): the dimension as u16, then the rows as f32, little-endian. */
export function weaviateBytes(tokens: Tokens): Uint8Array {
  const { data, dim } = checkTokens('weaviateBytes', tokens);
  const bytes = new Uint8Array(2 + data.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, dim, true);
  data.forEach((value, i) => {
    view.setFloat32(2 + 4 * i, value, true);
  });
  return bytes;
}
