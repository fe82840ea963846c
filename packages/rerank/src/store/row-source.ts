import type { Tokens } from '@rank-rank/core';
import { leftOut, type MergePart } from '@rank-rank/retrieve/segments';
import type { TokenSegment } from './token-segment.ts';

/** Codes of a document's rows, as they lie in a file. */
export interface CodedRows {
  /** Of which codec: codes of another lineage have to be made anew. */
  readonly lineage: string;
  readonly centroidIds: Uint16Array;
  readonly codes: Uint8Array;
  readonly scaleCodes: Uint8Array;
}

/** The documents of a segment that is being written, in the order of their ids. */
export interface RowSource {
  readonly dim: number;
  /** Document d has rows `offsets[d]` up to, without, `offsets[d + 1]`. */
  readonly offsets: Uint32Array;
  /** Writes the rows of a document to `into` at `at`. */
  read(document: number, into: Float32Array, at: number): void;
  /** The codes that a document has already. */
  coded(document: number): CodedRows | undefined;
  /** Character offsets of a document's rows, start and end in turn. */
  spans(document: number): Uint32Array | undefined;
}

/** A document on its way into a store: rows, or the codes they have in another store. */
export type TokenPayload = Tokens | EncodedTokens;

export interface EncodedTokens {
  readonly rows: number;
  readonly dim: number;
  readonly coded: CodedRows | undefined;
  readonly spans?: Uint32Array;
  read(into: Float32Array, at: number): void;
}

/** Documents as they were handed in. */
export function payloadSource(payloads: readonly TokenPayload[], dim: number): RowSource {
  const offsets = new Uint32Array(payloads.length + 1);
  for (let d = 0; d < payloads.length; d++) offsets[d + 1] = offsets[d]! + payloads[d]!.rows;
  return {
    dim,
    offsets,
    read(document, into, at) {
      const payload = payloads[document]!;
      if ('data' in payload) into.set(payload.data, at);
      else payload.read(into, at);
    },
    coded(document) {
      const payload = payloads[document]!;
      return 'data' in payload ? undefined : payload.coded;
    },
    spans: (document) => payloads[document]!.spans,
  };
}

/** The documents of several segments that become one of `size` documents. */
export function mergedSource(parts: readonly MergePart<TokenSegment>[], size: number, dim: number): RowSource {
  const partOf = new Uint16Array(size);
  const documentOf = new Uint32Array(size);
  const offsets = new Uint32Array(size + 1);
  parts.forEach(({ segment, numbers }, p) => {
    for (let d = 0; d < numbers.length; d++) {
      const number = numbers[d]!;
      if (number === leftOut) continue;
      partOf[number] = p;
      documentOf[number] = d;
      offsets[number + 1] = segment.rowsOf(d);
    }
  });
  for (let d = 0; d < size; d++) offsets[d + 1]! += offsets[d]!;
  const segmentOf = (document: number) => parts[partOf[document]!]!.segment;
  return {
    dim,
    offsets,
    read: (document, into, at) => segmentOf(document).read(documentOf[document]!, into, at),
    coded: (document) => segmentOf(document).coded(documentOf[document]!),
    spans: (document) => segmentOf(document).spans(documentOf[document]!),
  };
}

/** Documents `from` up to the returned one, which have together at most `most` rows (one document at least). */
export function batchEnd(offsets: Uint32Array, from: number, most: number): number {
  let to = from + 1;
  while (to < offsets.length - 1 && offsets[to + 1]! - offsets[from]! <= most) to++;
  return to;
}
