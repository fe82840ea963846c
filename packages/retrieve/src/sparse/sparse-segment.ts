import { RankError, type SparseVector } from '@rank-rank/core';
import { type Best, searchPostings } from '@rank-rank/kernels';
import type { SectionFile } from '@rank-rank/storage';
import type { Allowed } from '../segments/allowed.ts';
import type { Segment } from '../segments/segment.ts';
import type { WeightArray, WeightType } from './weights.ts';

/** What a segment's `about` section says. */
export interface SparseAbout {
  readonly weights: WeightType;
}

/**
 * An immutable part of a sparse index: for each term the documents that have it, and its weight in them.
 *
 * | section | holds |
 * |---|---|
 * | `about` | JSON: {@link SparseAbout} |
 * | `terms` | u32, the indices that occur, ascending |
 * | `scales` | f32, for whole numbers: what a term's weights are to be multiplied by |
 * | `offsets` | u32, where each term's postings begin, and where the last ends |
 * | `documents` | u32, ascending within a term |
 * | `weights` | f32, u16 or u8, one a posting |
 */
export class SparseSegment implements Segment {
  readonly file: string;
  readonly ids: Segment['ids'];
  readonly metadata: Segment['metadata'];
  readonly about: SparseAbout;
  readonly terms: Uint32Array;
  readonly scales: Float32Array | undefined;
  readonly offsets: Uint32Array;
  readonly documents: Uint32Array;
  readonly weights: WeightArray;

  constructor(file: SectionFile, base: Segment) {
    this.file = base.file;
    this.ids = base.ids;
    this.metadata = base.metadata;
    this.about = file.json('about') as SparseAbout;
    this.terms = file.u32('terms');
    this.scales = this.about.weights === 'f32' ? undefined : file.f32('scales');
    this.offsets = file.u32('offsets');
    this.documents = file.u32('documents');
    const { weights } = this.about;
    this.weights = weights === 'f32' ? file.f32('weights') : weights === 'u16' ? file.u16('weights') : file.u8('weights');
    const { terms, offsets, documents } = this;
    if (offsets.length !== terms.length + 1 || offsets[terms.length] !== documents.length || documents.length !== this.weights.length) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its postings do not fit together. Rebuild the index.`, { file: file.path });
    }
  }

  /** The k documents with the largest dot products above 0. */
  search(query: SparseVector, k: number, allowed: Allowed | undefined): Best {
    const { ordinals, weights } = this.#queryTerms(query);
    const postings = { offsets: this.offsets, documents: this.documents, values: this.weights };
    return searchPostings(postings, ordinals, weights, k, { documents: this.ids.size, ...(allowed && { allow: allowed.bitmap.words }) });
  }

  /** What each term of a query adds to a document's score, the largest first. */
  parts(query: SparseVector, row: number): { index: number; queryWeight: number; weight: number }[] {
    const parts: { index: number; queryWeight: number; weight: number }[] = [];
    query.indices.forEach((index, i) => {
      const ordinal = find(this.terms, 0, this.terms.length, index);
      if (ordinal < 0) return;
      const at = find(this.documents, this.offsets[ordinal]!, this.offsets[ordinal + 1]!, row);
      if (at >= 0) parts.push({ index, queryWeight: query.values[i]!, weight: this.weightAt(ordinal, at) });
    });
    return parts.sort((a, b) => b.queryWeight * b.weight - a.queryWeight * a.weight || a.index - b.index);
  }

  weightAt(ordinal: number, at: number): number {
    return this.weights[at]! * (this.scales?.[ordinal] ?? 1);
  }

  #queryTerms({ indices, values }: SparseVector): { ordinals: Uint32Array; weights: Float32Array } {
    const ordinals = new Uint32Array(indices.length);
    const weights = new Float32Array(indices.length);
    let count = 0;
    for (let i = 0; i < indices.length; i++) {
      const ordinal = find(this.terms, 0, this.terms.length, indices[i]!);
      if (ordinal < 0) continue;
      ordinals[count] = ordinal;
      weights[count++] = values[i]! * (this.scales?.[ordinal] ?? 1);
    }
    return { ordinals: ordinals.subarray(0, count), weights: weights.subarray(0, count) };
  }
}

/** Where `wanted` stands in the ascending numbers from `low` up to `high`, or -1. */
function find(numbers: Uint32Array, low: number, high: number, wanted: number): number {
  const end = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low < end && numbers[low] === wanted ? low : -1;
}
