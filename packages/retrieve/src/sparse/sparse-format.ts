import { type SparseVector, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { leftOut } from '../metadata/builder.ts';
import { offsetsOf } from '../metadata/bytes.ts';
import type { MergePart, Segment, SegmentFormat } from '../segments/segment.ts';
import { type SparseAbout, SparseSegment } from './sparse-segment.ts';
import { encodeWeights, type WeightArray, type WeightType } from './weights.ts';

/** The postings of one term: documents ascending, and the term's weight in each. */
interface TermPostings {
  readonly documents: Uint32Array;
  readonly weights: Float32Array;
}

/** How sparse segments are stored: the sections of {@link SparseSegment}. */
export function sparseFormat(settings: { readonly weights: WeightType }): SegmentFormat<SparseSegment, SparseVector> {
  return {
    kind: 'sparse',
    version: 1,
    bytesOf: ({ indices }) => 8 * indices.length + 128,
    arrange: async (vectors, work) => ({ write: (writer) => writePostings(writer, gathered(vectors), settings.weights, work) }),
    arrangeMerge: async (parts, _size, work) => ({ write: (writer) => writePostings(writer, merged(parts), settings.weights, work) }),
    read: (file: SectionFile, base: Segment) => new SparseSegment(file, base),
  };
}

/** Terms in ascending order, and each one's postings whenever it is asked for. */
interface PostingsSource {
  readonly terms: Uint32Array;
  readonly counts: Uint32Array;
  postings(ordinal: number): TermPostings;
}

async function writePostings(writer: SectionWriter, source: PostingsSource, weights: WeightType, { signal }: WorkOptions): Promise<void> {
  const { terms, counts } = source;
  const scales = new Float32Array(weights === 'f32' ? 0 : terms.length);
  function* documents(): Generator<Uint32Array> {
    for (let t = 0; t < terms.length; t++) {
      if ((t & 255) === 0) throwIfCancelled(signal, 'Writing postings');
      yield source.postings(t).documents;
    }
  }
  function* stored(): Generator<WeightArray> {
    for (let t = 0; t < terms.length; t++) {
      if ((t & 255) === 0) throwIfCancelled(signal, 'Writing postings');
      const { stored: encoded, scale } = encodeWeights(source.postings(t).weights, weights);
      if (weights !== 'f32') scales[t] = scale;
      yield encoded;
    }
  }
  const about: SparseAbout = { weights };
  await writer.writeJson('about', about);
  await writer.write('terms', terms);
  await writer.write('offsets', offsetsOf(counts));
  await writer.write('documents', documents(), 'u32');
  await writer.write('weights', stored(), weights);
  if (weights !== 'f32') await writer.write('scales', scales);
}

/** Vectors turned round: from documents with terms to terms with documents. */
function gathered(vectors: readonly SparseVector[]): PostingsSource {
  const ordinals = new Map<number, number>();
  for (const { indices } of vectors) for (const index of indices) if (!ordinals.has(index)) ordinals.set(index, 0);
  const terms = Uint32Array.from(ordinals.keys()).sort();
  for (let t = 0; t < terms.length; t++) ordinals.set(terms[t]!, t);
  const counts = new Uint32Array(terms.length);
  for (const { indices } of vectors) for (const index of indices) counts[ordinals.get(index)!]!++;
  const offsets = offsetsOf(counts);
  const next = offsets.slice();
  const documents = new Uint32Array(offsets[terms.length]!);
  const weights = new Float32Array(documents.length);
  vectors.forEach(({ indices, values }, document) => {
    for (let i = 0; i < indices.length; i++) {
      const at = next[ordinals.get(indices[i]!)!]!++;
      documents[at] = document;
      weights[at] = values[i]!;
    }
  });
  return {
    terms,
    counts,
    postings: (t) => ({ documents: documents.subarray(offsets[t], offsets[t + 1]), weights: weights.subarray(offsets[t], offsets[t + 1]) }),
  };
}

/** The postings of several segments under the new numbers of their documents, put together term by term. */
function merged(parts: readonly MergePart<SparseSegment>[]): PostingsSource {
  const all = new Set<number>();
  for (const { segment } of parts) for (const term of segment.terms) all.add(term);
  const sorted = Uint32Array.from(all).sort();
  const places = parts.map(({ segment }) => new Map(Array.from(segment.terms, (term, ordinal) => [term, ordinal])));
  const postings = (term: number): TermPostings => {
    const lists = parts.map(({ segment, numbers }, p) => kept(segment, places[p]!.get(term), numbers));
    return lists.reduce(united);
  };
  const counts = Uint32Array.from(sorted, (term) => countKept(parts, places, term));
  // A term that only deleted documents had is gone.
  const terms = sorted.filter((_, t) => counts[t]! > 0);
  return { terms, counts: counts.filter((count) => count > 0), postings: (t) => postings(terms[t]!) };
}

function countKept(parts: readonly MergePart<SparseSegment>[], places: readonly Map<number, number>[], term: number): number {
  let count = 0;
  parts.forEach(({ segment: { offsets, documents }, numbers }, p) => {
    const ordinal = places[p]!.get(term);
    if (ordinal === undefined) return;
    for (let at = offsets[ordinal]!; at < offsets[ordinal + 1]!; at++) if (numbers[documents[at]!] !== leftOut) count++;
  });
  return count;
}

function kept(segment: SparseSegment, ordinal: number | undefined, numbers: Uint32Array): TermPostings {
  if (ordinal === undefined) return { documents: new Uint32Array(0), weights: new Float32Array(0) };
  const start = segment.offsets[ordinal]!;
  const length = segment.offsets[ordinal + 1]! - start;
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
function united(a: TermPostings, b: TermPostings): TermPostings {
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
