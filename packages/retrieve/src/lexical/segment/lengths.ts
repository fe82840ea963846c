import { RankError } from '@rank-rank/core';
import { noDocument } from '../postings/postings-writer.ts';

export interface PackedLengths {
  /** Each document's length as its place in `values`. */
  readonly codes: Uint16Array;
  /** The distinct lengths, ascending. */
  readonly values: Uint32Array<ArrayBuffer>;
  /** Each document's bucket, for block information. */
  readonly buckets: Uint8Array;
}

/** A collection has few distinct lengths, so a document needs one or two bytes for an exact one. */
export function packLengths(lengths: Uint32Array): PackedLengths {
  const values = Uint32Array.from(new Set(lengths)).sort();
  if (values.length > 0x10000) {
    throw new RankError(
      'OUT_OF_RANGE',
      `A segment has ${values.length} distinct document lengths; at most 65,536 can be stored. Commit more often.`,
    );
  }
  const places = new Map<number, number>();
  values.forEach((value, place) => {
    places.set(value, place);
  });
  const codes = new Uint16Array(lengths.length);
  const buckets = new Uint8Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) {
    const code = places.get(lengths[i]!)!;
    codes[i] = code;
    buckets[i] = bucketOf(code, values.length);
  }
  return { codes, values, buckets };
}

/** The codes of all fields, field after field: a byte each where that is enough for all, else two. */
export function joinCodes(fields: readonly PackedLengths[]): Uint8Array | Uint16Array {
  const narrow = fields.every(({ values }) => values.length <= 256);
  const total = fields.reduce((sum, { codes }) => sum + codes.length, 0);
  const joined = narrow ? new Uint8Array(total) : new Uint16Array(total);
  let at = 0;
  for (const { codes } of fields) {
    joined.set(codes, at);
    at += codes.length;
  }
  return joined;
}

/** Codes of lengths, in at most 255 buckets that keep the order. */
export function bucketOf(code: number, distinct: number): number {
  return distinct <= noDocument ? code : Math.floor((code * noDocument) / distinct);
}

/** The shortest length of each bucket. */
export function bucketLengths(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const shortest = new Uint32Array(Math.min(values.length, noDocument));
  for (let code = values.length - 1; code >= 0; code--) shortest[bucketOf(code, values.length)] = values[code]!;
  return shortest;
}
