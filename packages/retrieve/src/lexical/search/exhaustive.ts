import { noMore, PostingsCursor, type TermEntry } from '../postings/postings-cursor.ts';
import type { TermScore } from '../scoring/model.ts';
import type { Segment, SegmentField } from '../segment/segment.ts';
import type { Best } from './best.ts';

/** A query term as a segment has it. */
export interface SegmentTerm {
  readonly field: number;
  readonly entry: TermEntry;
  readonly score: TermScore;
}

const windowBits = 13;
const windowSize = 1 << windowBits;
const sums = new Float64Array(windowSize);
const found = new Uint8Array(windowSize);

/**
 * Scores every document that has any of the terms, a window of document numbers at a time, term after term within it.
 *
 * A term's score is of single precision and the sum of double precision: such sums are exact, so that they do not depend on the order
 * of the terms. `extra` is added once for each document.
 */
export function exhaustive(
  segment: Segment,
  terms: readonly SegmentTerm[],
  allowed: Uint32Array | undefined,
  best: Best,
  extra?: (document: number) => number,
): void {
  const cursors = terms.map(({ entry }) => new PostingsCursor(segment.postings, entry));
  const fields = terms.map(({ field }) => segment.fields[field]!);
  for (;;) {
    let first = noMore;
    for (const cursor of cursors) if (cursor.document < first) first = cursor.document;
    if (first === noMore) return;
    const base = first & ~(windowSize - 1);
    for (let i = 0; i < cursors.length; i++) addWindow(cursors[i]!, fields[i]!, terms[i]!.score, base);
    const end = Math.min(windowSize, segment.size - base);
    for (let i = 0; i < end; i++) {
      if (found[i] === 0) continue;
      found[i] = 0;
      const sum = sums[i]!;
      sums[i] = 0;
      const document = base + i;
      if (allowed !== undefined && ((allowed[document >>> 5]! >>> (document & 31)) & 1) === 0) continue;
      best.push(document, Math.fround(extra === undefined ? sum : sum + extra(document)));
    }
  }
}

function addWindow(cursor: PostingsCursor, field: SegmentField, score: TermScore, base: number): void {
  const { lengthCodes, lengths } = field;
  const end = base + windowSize;
  while (cursor.document < end) {
    const { documents, frequencies, size } = cursor;
    let i = cursor.index;
    for (; i < size; i++) {
      const document = documents[i]!;
      if (document >= end) break;
      sums[document - base]! += Math.fround(score(frequencies[i]!, lengths[lengthCodes[document]!]!));
      found[document - base] = 1;
    }
    cursor.index = i - 1;
    cursor.next();
  }
}
