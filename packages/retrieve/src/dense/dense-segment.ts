import { RankError } from '@rank-rank/core';
import { type Best, dequantise, scores as scoresOf, topK } from '@rank-rank/kernels';
import type { SectionFile } from '@rank-rank/storage';
import type { Allowed } from '../segments/allowed.ts';
import type { Segment } from '../segments/segment.ts';
import type { CandidateSearch, SegmentSearch } from './candidates.ts';
import type { ChosenPlan } from './choose-structure.ts';
import { type Codes, checkCount, readCodes, type StoredCodes, VectorCodes } from './codes.ts';
import { readGraph, type SegmentGraph } from './graph.ts';
import { GraphSearch } from './graph-search.ts';
import { InvertedLists } from './inverted-lists.ts';
import { ResidualProductCodes } from './list-codes.ts';
import { type DenseMetric, kernelMetric } from './metric.ts';
import type { DenseCodes } from './plan.ts';
import { ProductCodes } from './product-codes.ts';
import type { VectorSource } from './vector-source.ts';

/** What a segment's `about` section says. */
export interface SegmentAbout {
  readonly plan: ChosenPlan;
  readonly metric: DenseMetric;
  readonly dim: number;
  /** Dimensions that candidates are looked for by. */
  readonly codeDim: number;
}

/** Candidates that make the best ten nearly certain to be among them, for each hit wanted: the coarser the codes the more. */
const usualRescore: Readonly<Record<DenseCodes['type'], number>> = { f32: 1, f16: 1, i8: 2, pq: 10, bits: 10 };

/** An immutable part of a dense index. */
export class DenseSegment implements Segment {
  readonly file: string;
  readonly ids: Segment['ids'];
  readonly metadata: Segment['metadata'];
  readonly about: SegmentAbout;
  readonly bytes: number;
  /** Whole vectors; absent where only codes are kept. */
  readonly kept: VectorCodes | undefined;
  readonly graph: SegmentGraph | undefined;
  readonly lists: InvertedLists | undefined;
  /** Codes; absent where a graph or lists have them, or where they are the kept vectors. */
  readonly codes: StoredCodes | undefined;
  readonly candidates: CandidateSearch;

  constructor(file: SectionFile, base: Segment) {
    this.file = base.file;
    this.ids = base.ids;
    this.metadata = base.metadata;
    this.bytes = file.bytes;
    this.about = file.json('about') as SegmentAbout;
    const { plan, metric, dim, codeDim } = this.about;
    const { structure, codes, keep } = plan;
    if (keep !== 'none') this.kept = VectorCodes.read(file, 'vectors', keep, dim, metric);
    const shared = codesAreKept(this.about) ? this.kept : undefined;
    if (structure.kind === 'hnsw') {
      if (codes.type === 'bits' || codes.type === 'pq')
        throw new RankError('CORRUPT', `${file.path} is damaged: a graph over ${codes.type}.`);
      this.graph = readGraph(file, shared ?? VectorCodes.read(file, 'codes', codes.type, codeDim, metric));
      this.candidates = new GraphSearch(this.graph, metric);
    } else if (structure.kind === 'ivf') {
      this.lists = InvertedLists.read(file, codes, codeDim, metric, shared);
      this.candidates = this.lists;
    } else {
      if (shared === undefined) this.codes = readCodes(file, 'codes', codes, codeDim, metric);
      this.candidates = new FlatSearch((this.codes ?? shared)!);
    }
    for (const stored of [this.kept, this.codes, this.graph?.codes, this.lists?.codes]) if (stored) checkCount(file, stored, base.ids.size);
  }

  get size(): number {
    return this.ids.size;
  }

  /** The k best rows, best first, equal scores by row, with the metric's scores as the kernels have them. `allowed` absent: among all. */
  async search(query: Float32Array, cut: Float32Array, k: number, allowed: Allowed | undefined, settings: SegmentSearch): Promise<Best> {
    if (this.size === 0 || allowed?.count === 0) return { indices: new Uint32Array(0), scores: new Float32Array(0) };
    const { kept, candidates } = this;
    // Codes that are the kept vectors, or all there is, have the last word.
    if (kept === undefined || (codesAreKept(this.about) && !settings.exact)) return candidates.search(cut, k, allowed, settings);
    if (settings.exact) return kept.search(query, k, allowed === undefined ? {} : { allow: allowed.bitmap.words });
    const wanted = Math.max(k + 10, Math.ceil(k * (settings.rescore ?? usualRescore[this.about.plan.codes.type])));
    const found = await candidates.search(cut, wanted, allowed, settings);
    return this.score(query, found.indices, k);
  }

  /** The k best of some rows by the kept vectors. The rows are sorted. */
  score(query: Float32Array, rows: Uint32Array, k: number): Best {
    const kept = this.kept!;
    // Ascending, so that equal scores come out by row, and memory is read forwards.
    rows.sort();
    const metric = kernelMetric(this.about.metric);
    const all = scoresOf(kept.query(query), kept.rows, { metric, only: rows });
    const best = topK(all, k, { order: metric === 'l2' ? 'smallest' : 'largest' });
    for (let i = 0; i < best.indices.length; i++) best.indices[i] = rows[best.indices[i]!]!;
    return best;
  }

  /** The vectors as far as they are known, by row. */
  source(): VectorSource {
    const { kept, codes, graph, lists } = this;
    if (kept === undefined && codes instanceof ProductCodes) return codes.decode();
    const listed = lists?.codes;
    if (kept === undefined && listed instanceof ResidualProductCodes) return listed.decode((row) => lists!.listOf(row));
    const stored = kept ?? codes ?? graph?.codes ?? listed?.vectors;
    if (!(stored instanceof VectorCodes)) throw new RankError('UNSUPPORTED', 'Vectors of which only bits were kept cannot be read back.');
    const { rows, count } = stored;
    const { dim } = rows;
    return {
      rows: count,
      dim,
      read(from, to, into) {
        const only = Uint32Array.from({ length: to - from }, (_, i) => from + i);
        dequantise(rows, { only, out: into.subarray(0, (to - from) * dim) });
      },
    };
  }
}

/** Whether the kept vectors are searched themselves, so that there are no other codes. */
export function codesAreKept({ plan: { codes, keep }, dim, codeDim }: SegmentAbout): boolean {
  return codes.type === keep && dim === codeDim;
}

/** Compares with every code. */
class FlatSearch implements CandidateSearch {
  readonly description: Readonly<Record<string, unknown>> = {};
  readonly #codes: Codes;

  constructor(codes: Codes) {
    this.#codes = codes;
  }

  search(query: Float32Array, k: number, allowed: Allowed | undefined): Best | Promise<Best> {
    return this.#codes.search(query, k, allowed === undefined ? {} : { allow: allowed.bitmap.words });
  }
}
