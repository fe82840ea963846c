import { type SparseVector, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { leftOut } from '../metadata/builder.ts';
import { offsetsOf } from '../metadata/bytes.ts';
import type { MergePart, Segment, SegmentFormat } from '../segments/segment.ts';
import { type ForwardRow, writeForwardIndex } from './forward-index.ts';
import { leastImportant } from './important-weights.ts';
import { blockCount, blockMaxima, blockRows, writePostingBlocks } from './posting-blocks.ts';
import { type SparseAbout, SparseSegment } from './sparse-segment.ts';
import { encodeWeights, scaleFor, type WeightArray } from './weights.ts';

/** The postings of one term, or of its important or other weights: documents ascending, and the term's weight in each. */
interface PostingList {
  readonly documents: Uint32Array;
  readonly weights: Float32Array;
}

/** How sparse segments are stored: the sections of {@link SparseSegment}. */
export function sparseFormat(settings: SparseAbout): SegmentFormat<SparseSegment, SparseVector> {
  return {
    kind: 'sparse',
    version: 1,
    bytesOf: ({ indices }) => 8 * indices.length + 128,
    arrange: async (vectors, work) => ({ write: (writer) => writeSegment(writer, gathered(vectors, settings), settings, work) }),
    arrangeMerge: async (parts, size, work) => ({ write: (writer) => writeSegment(writer, merged(parts, size, settings), settings, work) }),
    read: (file: SectionFile, base: Segment) => new SparseSegment(file, base),
  };
}

/** What a segment is written from: terms in ascending order, with one list each, or two where search may be approximate. */
interface SparseSource {
  readonly documents: number;
  readonly terms: Uint32Array;
  /** Postings of each list. */
  readonly counts: Uint32Array;
  /** The lists of the term at a place. */
  lists(ordinal: number): readonly PostingList[];
  /** The documents' vectors in their order. */
  rows(): Iterable<ForwardRow>;
}

async function writeSegment(writer: SectionWriter, source: SparseSource, about: SparseAbout, { signal }: WorkOptions): Promise<void> {
  const { terms, counts } = source;
  const type = about.weights;
  const scales = new Float32Array(terms.length).fill(1);
  function* lists(): Generator<{ readonly ordinal: number; readonly lists: readonly PostingList[] }> {
    for (let ordinal = 0; ordinal < terms.length; ordinal++) {
      if ((ordinal & 255) === 0) throwIfCancelled(signal, 'Writing postings');
      yield { ordinal, lists: source.lists(ordinal) };
    }
  }
  function* documents(): Generator<Uint32Array> {
    for (const { lists: ofTerm } of lists()) for (const list of ofTerm) yield list.documents;
  }
  function* weights(): Generator<WeightArray> {
    for (const { ordinal, lists: ofTerm } of lists()) {
      const scale = scaleFor(Math.max(...ofTerm.map((list) => largestOf(list.weights))), type);
      scales[ordinal] = scale;
      for (const list of ofTerm) yield encodeWeights(list.weights, scale, type);
    }
  }
  await writer.writeJson('about', about);
  await writer.write('terms', terms);
  await writer.write('offsets', offsetsOf(counts));
  await writer.write('documents', documents(), 'u32');
  await writer.write('weights', weights(), type);
  if (type !== 'f32') await writer.write('scales', scales);
  const blocks = blockCount(source.documents);
  if (blocks > 0) {
    const rows = blockRows(counts, blocks);
    const largest: number[] = [];
    function* maxima(): Generator<Uint8Array> {
      let list = 0;
      for (const { ordinal, lists: ofTerm } of lists()) {
        for (const { documents: of, weights: unscaled } of ofTerm) {
          if (counts[list++]! < blocks) continue;
          const row = blockMaxima(of, encodeWeights(unscaled, scales[ordinal]!, type), blocks);
          largest.push(row.largest);
          yield row.maxima;
        }
      }
    }
    await writePostingBlocks(writer, rows, maxima(), () => Float32Array.from(largest));
  }
  if (about.approximate) {
    const lengths = new Uint32Array(source.documents);
    let row = 0;
    for (const { ordinals } of source.rows()) lengths[row++] = ordinals.length;
    await writeForwardIndex(writer, lengths, source.rows, scales, terms.length, type);
  }
}

function largestOf(weights: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! > largest) largest = weights[i]!;
  return largest;
}

/** Vectors turned round: from documents with terms to terms with documents. */
function gathered(vectors: readonly SparseVector[], { approximate }: SparseAbout): SparseSource {
  const terms = termsOf(vectors);
  const ordinalOf = placesOf(terms);
  const starts = offsetsOf(vectors.map(({ indices }) => indices.length));
  const total = starts[vectors.length]!;
  // The ordinals of all entries, document after document; and the list that each belongs to.
  const ordinals = new Uint32Array(total);
  const lists = approximate ? new Uint32Array(total) : ordinals;
  const width = approximate ? 2 : 1;
  const counts = new Uint32Array(width * terms.length);
  for (let document = 0, at = 0; document < vectors.length; document++) {
    const { indices, values } = vectors[document]!;
    const least = approximate ? leastImportant(values) : 0;
    for (let i = 0; i < indices.length; i++, at++) {
      ordinals[at] = ordinalOf(indices[i]!);
      if (approximate) lists[at] = 2 * ordinals[at]! + (values[i]! < least ? 1 : 0);
      counts[lists[at]!]!++;
    }
  }
  const offsets = offsetsOf(counts);
  const next = offsets.slice();
  const documents = new Uint32Array(total);
  const weights = new Float32Array(total);
  for (let document = 0, at = 0; document < vectors.length; document++) {
    const { values } = vectors[document]!;
    for (let i = 0; i < values.length; i++, at++) {
      const place = next[lists[at]!]!++;
      documents[place] = document;
      weights[place] = values[i]!;
    }
  }
  const list = (l: number): PostingList => ({
    documents: documents.subarray(offsets[l], offsets[l + 1]),
    weights: weights.subarray(offsets[l], offsets[l + 1]),
  });
  return {
    documents: vectors.length,
    terms,
    counts,
    lists: (t) => (approximate ? [list(2 * t), list(2 * t + 1)] : [list(t)]),
    *rows() {
      for (let i = 0; i < vectors.length; i++) yield { ordinals: ordinals.subarray(starts[i], starts[i + 1]), weights: vectors[i]!.values };
    },
  };
}

/** The indices that occur, ascending. */
function termsOf(vectors: readonly SparseVector[]): Uint32Array {
  let largest = -1;
  for (const { indices } of vectors) if (indices.length > 0 && indices.at(-1)! > largest) largest = indices.at(-1)!;
  if (largest >= largestTable) {
    const all = new Set<number>();
    for (const { indices } of vectors) for (let i = 0; i < indices.length; i++) all.add(indices[i]!);
    return Uint32Array.from(all).sort();
  }
  const seen = new Uint8Array(largest + 1);
  for (const { indices } of vectors) for (let i = 0; i < indices.length; i++) seen[indices[i]!] = 1;
  const terms: number[] = [];
  for (let index = 0; index <= largest; index++) if (seen[index]) terms.push(index);
  return Uint32Array.from(terms);
}

/** Vocabularies up to this size are looked up in a table. */
const largestTable = 1 << 22;

/** The place of each term among the terms. */
function placesOf(terms: Uint32Array): (term: number) => number {
  const largest = terms.at(-1) ?? 0;
  if (largest >= largestTable) {
    const places = new Map(Array.from(terms, (term, t) => [term, t]));
    return (term) => places.get(term)!;
  }
  const places = new Uint32Array(largest + 1);
  for (let t = 0; t < terms.length; t++) places[terms[t]!] = t;
  return (term) => places[term]!;
}

/** Several segments under the new numbers of their documents, put together term by term. What is important of a document stays so. */
function merged(parts: readonly MergePart<SparseSegment>[], size: number, { approximate }: SparseAbout): SparseSource {
  const width = approximate ? 2 : 1;
  const all = new Set<number>();
  for (const { segment } of parts) for (const term of segment.terms) all.add(term);
  const sorted = Uint32Array.from(all).sort();
  const places = parts.map(({ segment }) => new Map(Array.from(segment.terms, (term, ordinal) => [term, ordinal])));
  const list = (term: number, i: number): PostingList =>
    parts.map(({ segment, numbers }, p) => kept(segment, places[p]!.get(term), i, width, numbers)).reduce(united);
  const allCounts = new Uint32Array(width * sorted.length);
  sorted.forEach((term, t) => {
    for (let i = 0; i < width; i++) allCounts[width * t + i] = countKept(parts, places, term, i, width);
  });
  // A term that only deleted documents had is gone.
  const remains = (t: number): boolean => allCounts[width * t]! + (width > 1 ? allCounts[width * t + 1]! : 0) > 0;
  const terms = sorted.filter((_, t) => remains(t));
  return {
    documents: size,
    terms,
    counts: allCounts.filter((_, l) => remains(Math.floor(l / width))),
    lists: (t) => Array.from({ length: width }, (_, i) => list(terms[t]!, i)),
    *rows() {
      const ordinals = new Map(Array.from(terms, (term, t) => [term, t]));
      const renumbered = parts.map(({ segment }) => Uint32Array.from(segment.terms, (term) => ordinals.get(term) ?? leftOut));
      for (const { part, row } of inNewOrder(parts, size)) {
        const { segment } = parts[part]!;
        const { offsets, indices } = segment.forward!;
        const old = indices.subarray(offsets[row], offsets[row + 1]);
        yield {
          ordinals: Array.from(old, (ordinal) => renumbered[part]![ordinal]!),
          weights: Float32Array.from(old, (ordinal, i) => segment.forward!.values[offsets[row]! + i]! * (segment.scales?.[ordinal] ?? 1)),
        };
      }
    },
  };
}

/** Where each document of a merged segment comes from, in its order. */
function* inNewOrder(parts: readonly MergePart<SparseSegment>[], size: number): Generator<{ part: number; row: number }> {
  const partOf = new Uint16Array(size);
  const rowOf = new Uint32Array(size);
  parts.forEach(({ numbers }, part) => {
    for (let row = 0; row < numbers.length; row++) {
      if (numbers[row] === leftOut) continue;
      partOf[numbers[row]!] = part;
      rowOf[numbers[row]!] = row;
    }
  });
  for (let i = 0; i < size; i++) yield { part: partOf[i]!, row: rowOf[i]! };
}

function countKept(
  parts: readonly MergePart<SparseSegment>[],
  places: readonly Map<number, number>[],
  term: number,
  i: number,
  width: number,
): number {
  let count = 0;
  parts.forEach(({ segment: { offsets, documents }, numbers }, p) => {
    const ordinal = places[p]!.get(term);
    if (ordinal === undefined) return;
    const list = width * ordinal + i;
    for (let at = offsets[list]!; at < offsets[list + 1]!; at++) if (numbers[documents[at]!] !== leftOut) count++;
  });
  return count;
}

function kept(segment: SparseSegment, ordinal: number | undefined, i: number, width: number, numbers: Uint32Array): PostingList {
  if (ordinal === undefined) return { documents: new Uint32Array(0), weights: new Float32Array(0) };
  const list = width * ordinal + i;
  const start = segment.offsets[list]!;
  const length = segment.offsets[list + 1]! - start;
  const documents = new Uint32Array(length);
  const weights = new Float32Array(length);
  let count = 0;
  for (let at = start; at < start + length; at++) {
    const number = numbers[segment.documents[at]!]!;
    if (number === leftOut) continue;
    documents[count] = number;
    weights[count++] = segment.weightAt(ordinal, at);
  }
  return { documents: documents.subarray(0, count), weights: weights.subarray(0, count) };
}

/** Two ascending lists as one. */
function united(a: PostingList, b: PostingList): PostingList {
  if (a.documents.length === 0) return b;
  if (b.documents.length === 0) return a;
  const length = a.documents.length + b.documents.length;
  const documents = new Uint32Array(length);
  const weights = new Float32Array(length);
  for (let i = 0, x = 0, y = 0; i < length; i++) {
    const first = y >= b.documents.length || (x < a.documents.length && a.documents[x]! < b.documents[y]!);
    documents[i] = first ? a.documents[x]! : b.documents[y]!;
    weights[i] = first ? a.weights[x++]! : b.weights[y++]!;
  }
  return { documents, weights };
}
