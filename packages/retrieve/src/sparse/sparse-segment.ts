import { RankError, type SparseVector } from '@rank-rank/core';
import { type Best, type PostingBlocks, type SparseRows, searchPostings, sparseScores, topK } from '@rank-rank/kernels';
import type { SectionFile } from '@rank-rank/storage';
import type { Allowed } from '../segments/allowed.ts';
import type { Segment } from '../segments/segment.ts';
import { readForwardIndex } from './forward-index.ts';
import { blockCount, readPostingBlocks } from './posting-blocks.ts';
import type { WeightArray, WeightType } from './weights.ts';

/** What a segment's `about` section says. */
export interface SparseAbout {
  readonly weights: WeightType;
  /** Whether documents can be found by their important weights and scored by their own vectors. */
  readonly approximate: boolean;
}

/** How a search goes about it. */
export interface SparseSearch {
  readonly exact: boolean;
  /** Documents that are scored in full, for each hit wanted. */
  readonly candidates: number;
}

/**
 * An immutable part of a sparse index: for each term the documents that have it, and its weight in them.
 *
 * | section | holds |
 * |---|---|
 * | `about` | JSON: {@link SparseAbout} |
 * | `terms` | u32, the indices that occur, ascending |
 * | `scales` | f32, for whole numbers: what a term's weights are to be multiplied by |
 * | `offsets` | u32, where each list begins, and where the last ends: one list a term, or two, its important weights and the others |
 * | `documents` | u32, ascending within a list |
 * | `weights` | f32, u16 or u8, one a posting |
 * | `blocks` … | what each list has at most in each block of documents: see {@link readPostingBlocks}; not in small segments |
 * | `forward` … | the documents' own vectors: see {@link readForwardIndex}; where search may be approximate |
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
  readonly blocks: PostingBlocks | undefined;
  readonly forward: SparseRows | undefined;
  readonly #width: 1 | 2;
  /** A query's weights by ordinal; all 0 between searches. */
  #spread: Float32Array | undefined;

  constructor(file: SectionFile, base: Segment) {
    this.file = base.file;
    this.ids = base.ids;
    this.metadata = base.metadata;
    this.about = file.json('about') as SparseAbout;
    this.terms = file.u32('terms');
    const { weights, approximate } = this.about;
    this.scales = weights === 'f32' ? undefined : file.f32('scales');
    this.offsets = file.u32('offsets');
    this.documents = file.u32('documents');
    this.weights = weights === 'f32' ? file.f32('weights') : weights === 'u16' ? file.u16('weights') : file.u8('weights');
    this.#width = approximate ? 2 : 1;
    const lists = this.#width * this.terms.length;
    const { offsets, documents, scales, ids } = this;
    if (blockCount(ids.size) > 0) this.blocks = readPostingBlocks(file);
    if (approximate) this.forward = readForwardIndex(file, this.terms.length, weights);
    if (
      offsets.length !== lists + 1 ||
      offsets[lists] !== documents.length ||
      documents.length !== this.weights.length ||
      (scales !== undefined && scales.length !== this.terms.length) ||
      (this.forward !== undefined &&
        (this.forward.offsets.length !== ids.size + 1 || this.forward.indices.length !== this.forward.values.length))
    ) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its postings do not fit together. Rebuild the index.`, { file: file.path });
    }
  }

  /** The k documents with the largest dot products above 0; all but certain to be them where search is approximate. */
  search(query: SparseVector, k: number, allowed: Allowed | undefined, { exact, candidates }: SparseSearch): Best {
    const { ordinals, weights } = this.#queryTerms(query);
    if (exact || this.forward === undefined)
      return this.#searchLists(everyList(ordinals, this.#width), spreadOver(weights, this.#width), k, allowed);
    const wanted = Math.ceil(k * candidates);
    if (allowed !== undefined && allowed.count <= wanted) return this.#score(ordinals, weights, allowed.bitmap.members(), k);
    const found = this.#searchLists(
      ordinals.map((ordinal) => 2 * ordinal),
      weights,
      wanted,
      allowed,
    ).indices;
    // So few that documents without an important weight in common with the query may be missing.
    if (found.length < wanted) return this.search(query, k, allowed, { exact: true, candidates });
    return this.#score(ordinals, weights, found.sort(), k);
  }

  #searchLists(lists: Uint32Array, weights: Float32Array, k: number, allowed: Allowed | undefined): Best {
    const postings = { offsets: this.offsets, documents: this.documents, values: this.weights };
    return searchPostings(postings, lists, weights, k, {
      documents: this.ids.size,
      ...(allowed && { allow: allowed.bitmap.words }),
      ...(this.blocks && { blocks: this.blocks }),
    });
  }

  /** The k best of some documents, ascending, by their own vectors. */
  #score(ordinals: Uint32Array, weights: Float32Array, rows: Uint32Array, k: number): Best {
    const spread = (this.#spread ??= new Float32Array(this.terms.length));
    for (let i = 0; i < ordinals.length; i++) spread[ordinals[i]!] = weights[i]!;
    let scores: Float32Array;
    try {
      scores = sparseScores(spread, this.forward!, { only: rows });
    } finally {
      for (let i = 0; i < ordinals.length; i++) spread[ordinals[i]!] = 0;
    }
    const best = topK(scores, k);
    let count = best.indices.length;
    while (count > 0 && !(best.scores[count - 1]! > 0)) count--;
    return { indices: best.indices.subarray(0, count).map((i) => rows[i]!), scores: best.scores.subarray(0, count) };
  }

  /** What each term of a query adds to a document's score, the largest first. */
  parts(query: SparseVector, row: number): { index: number; queryWeight: number; weight: number }[] {
    const parts: { index: number; queryWeight: number; weight: number }[] = [];
    query.indices.forEach((index, i) => {
      const ordinal = find(this.terms, 0, this.terms.length, index);
      if (ordinal < 0) return;
      for (let list = this.#width * ordinal; list < this.#width * (ordinal + 1); list++) {
        const at = find(this.documents, this.offsets[list]!, this.offsets[list + 1]!, row);
        if (at >= 0) parts.push({ index, queryWeight: query.values[i]!, weight: this.weightAt(ordinal, at) });
      }
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

/** All lists of some terms, term after term. */
function everyList(ordinals: Uint32Array, width: 1 | 2): Uint32Array {
  if (width === 1) return ordinals;
  const lists = new Uint32Array(2 * ordinals.length);
  for (let i = 0; i < lists.length; i++) lists[i] = 2 * ordinals[i >> 1]! + (i & 1);
  return lists;
}

function spreadOver(weights: Float32Array, width: 1 | 2): Float32Array {
  if (width === 1) return weights;
  const spread = new Float32Array(2 * weights.length);
  for (let i = 0; i < spread.length; i++) spread[i] = weights[i >> 1]!;
  return spread;
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
