import { createHash } from 'node:crypto';
import { checkInteger, checkOneOf, checkString, type Tokens } from '@rank-rank/core';
import type { IndexDocument } from '../index/token-index.ts';
import { rowsOf } from './rows.ts';

/** A point as `PUT /collections/{name}/points` takes it. */
export interface QdrantPoint {
  readonly id: string;
  readonly vector: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * The vector of a collection that holds token matrices. Without a graph (`m: 0`) it is for rescoring alone, which is what a matrix a document is
 * good for there; give `graph: true` to search by it.
 *
 * @example await client.createCollection('passages', { vectors: { colbert: qdrantVector(128) } })
 */
export function qdrantVector(
  dim: number,
  options: { readonly distance?: 'Dot' | 'Cosine'; readonly graph?: boolean } = {},
): Readonly<Record<string, unknown>> {
  checkInteger('qdrantVector: dim', dim, { min: 1 });
  const distance = checkOneOf('qdrantVector: distance', options.distance ?? 'Dot', ['Dot', 'Cosine']);
  return {
    size: dim,
    distance,
    multivector_config: { comparator: 'max_sim' },
    ...(!options.graph && { hnsw_config: { m: 0 } }),
  };
}

/** A document as a point; its id, which need be no UUID there, is in the payload as `id`. */
export function qdrantPoint({ id, tokens, text, title, metadata }: IndexDocument, vector: string): QdrantPoint {
  checkString('qdrantPoint: vector', vector);
  return {
    id: uuidOf(id),
    vector: { [vector]: rowsOf('qdrantPoint', tokens) },
    payload: { ...metadata, ...(title !== undefined && { title }), ...(text !== undefined && { text }), id },
  };
}

/** The `query` of `POST /collections/{name}/points/query`. */
export function qdrantQuery(tokens: Tokens): number[][] {
  return rowsOf('qdrantQuery', tokens);
}

const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id itself where it is a UUID, otherwise one made of it (RFC 9562, version 5, in the namespace of object identifiers): always the same. */
export function uuidOf(id: string): string {
  if (isUuid.test(id)) return id.toLowerCase();
  const namespace = Buffer.from('6ba7b8129dad11d180b400c04fd430c8', 'hex');
  const hash = createHash('sha1').update(namespace).update(id, 'utf8').digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const text = hash.toString('hex');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
