import type { Bitmap } from '../../metadata/bitmap.ts';
import { leftOut, MetadataBuilder } from '../../metadata/builder.ts';
import { compareBytes } from '../../metadata/bytes.ts';
import type { TermWalk } from '../dictionary/term-dictionary.ts';
import { PositionsReader } from '../postings/positions.ts';
import { noMore, PostingsCursor } from '../postings/postings-cursor.ts';
import type { Segment } from './segment.ts';
import type { FieldInput, SegmentInput, TermPostings } from './segment-writer.ts';
import type { StoredText } from './stored-texts.ts';

/** A segment to be merged, and the documents that are left out. */
export interface MergeSource {
  readonly segment: Segment;
  readonly deleted: Bitmap | undefined;
}

export interface Merge {
  readonly input: SegmentInput;
  /** For each source the new number of each of its documents; {@link leftOut} of those that are deleted. */
  readonly numbers: readonly Uint32Array[];
}

/** Several segments as one, without what is deleted. Ids differ from segment to segment where they are not deleted. */
export function merge(sources: readonly MergeSource[]): Merge {
  const numbers = sources.map(({ segment }) => new Uint32Array(segment.size).fill(leftOut));
  let size = 0;
  for (const { source, document } of idsInOrder(sources)) numbers[source]![document] = size++;
  const metadata = new MetadataBuilder();
  for (const [i, { segment }] of sources.entries()) metadata.addColumns(segment.metadata, numbers[i]!, size);
  return {
    numbers,
    input: {
      size,
      ids: (function* () {
        for (const { id } of idsInOrder(sources)) yield id;
      })(),
      fields: sources[0]!.segment.fields.map((_, field) => mergedField(sources, numbers, field, size)),
      metadata: metadata.build(),
      ...(sources[0]!.segment.texts !== undefined && { texts: textsInOrder(sources) }),
    },
  };
}

/** The ids that stay, in order, each with where it comes from. */
function* idsInOrder(sources: readonly MergeSource[]): Generator<{ id: Uint8Array; source: number; document: number }> {
  const walks = sources.map(({ segment, deleted }) => {
    const ids = segment.ids.all();
    let document = -1;
    const walk = { id: undefined as Uint8Array | undefined, document, next };
    function next(): void {
      for (;;) {
        const { value, done } = ids.next();
        document++;
        if (done) {
          walk.id = undefined;
          return;
        }
        if (deleted?.has(document)) continue;
        walk.id = value;
        walk.document = document;
        return;
      }
    }
    next();
    return walk;
  });
  for (;;) {
    let first = -1;
    for (let i = 0; i < walks.length; i++) {
      const { id } = walks[i]!;
      if (id !== undefined && (first < 0 || compareBytes(id, walks[first]!.id!) < 0)) first = i;
    }
    if (first < 0) return;
    const walk = walks[first]!;
    yield { id: walk.id!, source: first, document: walk.document };
    walk.next();
  }
}

function* textsInOrder(sources: readonly MergeSource[]): Generator<StoredText> {
  for (const { source, document } of idsInOrder(sources)) yield sources[source]!.segment.texts!.textOf(document);
}

function mergedField(sources: readonly MergeSource[], numbers: readonly Uint32Array[], field: number, size: number): FieldInput {
  const lengths = new Uint32Array(size);
  for (const [i, { segment }] of sources.entries()) {
    const { lengthCodes, lengths: values } = segment.fields[field]!;
    for (let document = 0; document < segment.size; document++) {
      const number = numbers[i]![document]!;
      if (number !== leftOut) lengths[number] = values[lengthCodes[document]!]!;
    }
  }
  return {
    positions: sources[0]!.segment.fields[field]!.positions,
    lengths,
    terms: (withPositions) => mergedTerms(sources, numbers, field, withPositions),
  };
}

function* mergedTerms(
  sources: readonly MergeSource[],
  numbers: readonly Uint32Array[],
  field: number,
  withPositions: boolean,
): Generator<TermPostings> {
  const walks: (TermWalk | undefined)[] = sources.map(({ segment }) => {
    const walk = segment.fields[field]!.terms.walk();
    return walk.next() ? walk : undefined;
  });
  const run = new PostingsRun();
  for (;;) {
    let first: TermWalk | undefined;
    for (const walk of walks) if (walk !== undefined && (first === undefined || compareBytes(walk.term(), first.term()) < 0)) first = walk;
    if (first === undefined) return;
    const term = first.term().slice();
    run.clear();
    for (let i = 0; i < walks.length; i++) {
      const walk = walks[i];
      if (walk === undefined || compareBytes(walk.term(), term) !== 0) continue;
      run.add(sources[i]!.segment, walk, numbers[i]!, withPositions);
      if (!walk.next()) walks[i] = undefined;
    }
    if (run.count > 0) yield { term, ...run.sorted(withPositions) };
  }
}

/** The postings of one term from several segments, brought into the order of their new numbers. */
class PostingsRun {
  count = 0;
  #documents = new Uint32Array(256);
  #frequencies = new Uint32Array(256);
  /** Where a posting's positions start. */
  #starts = new Uint32Array(256);
  #positions = new Uint32Array(1024);
  #positionCount = 0;
  #ascending = true;

  clear(): void {
    this.count = 0;
    this.#positionCount = 0;
    this.#ascending = true;
  }

  add(segment: Segment, walk: TermWalk, numbers: Uint32Array, withPositions: boolean): void {
    const entry = walk.entry();
    const cursor = new PostingsCursor(segment.postings, entry);
    const reader = withPositions ? new PositionsReader(segment.positions, entry) : undefined;
    for (; cursor.document !== noMore; cursor.next()) {
      const number = numbers[cursor.document]!;
      if (number === leftOut) continue;
      if (this.count === this.#documents.length) {
        this.#documents = grown(this.#documents);
        this.#frequencies = grown(this.#frequencies);
        this.#starts = grown(this.#starts);
      }
      if (this.count > 0 && number < this.#documents[this.count - 1]!) this.#ascending = false;
      this.#documents[this.count] = number;
      this.#frequencies[this.count] = cursor.frequency;
      if (reader !== undefined) {
        const positions = reader.read(cursor);
        while (this.#positionCount + cursor.frequency > this.#positions.length) this.#positions = grown(this.#positions);
        this.#starts[this.count] = this.#positionCount;
        this.#positions.set(positions.subarray(0, cursor.frequency), this.#positionCount);
        this.#positionCount += cursor.frequency;
      }
      this.count++;
    }
  }

  sorted(withPositions: boolean): Omit<TermPostings, 'term'> {
    const { count } = this;
    if (this.#ascending) {
      const positions = withPositions ? { positions: this.#positions } : {};
      return { documents: this.#documents, frequencies: this.#frequencies, from: 0, count, ...positions };
    }
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    const numbers = this.#documents;
    order.sort((a, b) => numbers[a]! - numbers[b]!);
    const documents = order.map((i) => numbers[i]!);
    const frequencies = order.map((i) => this.#frequencies[i]!);
    if (!withPositions) return { documents, frequencies, from: 0, count };
    const positions = new Uint32Array(this.#positionCount);
    let at = 0;
    for (const i of order) {
      const start = this.#starts[i]!;
      positions.set(this.#positions.subarray(start, start + this.#frequencies[i]!), at);
      at += this.#frequencies[i]!;
    }
    return { documents, frequencies, from: 0, count, positions };
  }
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
