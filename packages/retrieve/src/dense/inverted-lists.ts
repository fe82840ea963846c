import { RankError, throttleProgress, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import { assignAsync, type Best, scores as scoresOf, topK } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { offsetsOf } from '../metadata/bytes.ts';
import type { Allowed } from '../segments/allowed.ts';
import type { CandidateSearch, SegmentSearch } from './candidates.ts';
import { VectorCodes } from './codes.ts';
import { kMeans } from './k-means.ts';
import { type GatheredRows, type ListCodes, plainListCodes, ResidualBits, ResidualProductCodes, residualVectors } from './list-codes.ts';
import { type DenseMetric, kernelMetric } from './metric.ts';
import type { DenseCodes } from './plan.ts';
import { orderedVectors, runsOf, sampleOf, type VectorSource } from './vector-source.ts';

/** Vectors that a centroid is learnt from, about, and the most of all. */
const sampledPerList = 64;
const mostSampled = 262_144;

/**
 * Inverted lists (Sivic & Zisserman 2003; Jégou et al. 2011): vectors stand with the centroid they are nearest to, and a query looks only into the lists
 * of the centroids nearest to it. Rows are stored list after list.
 *
 * | section | holds |
 * |---|---|
 * | `lists.centroids` | f32 |
 * | `lists.starts` | u32, the first row of each list, and the number of rows |
 * | `codes` … | codes of the vectors: themselves in some type, or product codes or bits of what they are beyond their centroid |
 */
export class InvertedLists implements CandidateSearch {
  readonly centroids: Float32Array;
  readonly starts: Uint32Array;
  readonly codes: ListCodes;
  readonly #dim: number;
  readonly #metric: 'dot' | 'l2';

  constructor(centroids: Float32Array, starts: Uint32Array, codes: ListCodes, dim: number, metric: DenseMetric) {
    this.centroids = centroids;
    this.starts = starts;
    this.codes = codes;
    this.#dim = dim;
    this.#metric = kernelMetric(metric);
  }

  /** Makes the lists, and the order that the rows are to have: row i is what stood at `order[i]`. */
  static async build(
    source: VectorSource,
    plan: { readonly lists: number; readonly codes: DenseCodes; readonly metric: DenseMetric; readonly threads: number },
    work: WorkOptions,
  ): Promise<{ lists: InvertedLists; order: Uint32Array }> {
    const { dim, rows } = source;
    const { metric, codes, threads } = plan;
    const report = throttleProgress(work.onProgress);
    report({ stage: 'clustering', done: 0 });
    const sample = sampleOf(source, Math.min(mostSampled, plan.lists * sampledPerList));
    const centroids = await kMeans(sample, dim, plan.lists, { threads, signal: work.signal });
    const count = centroids.length / dim;
    const listOf = new Uint32Array(rows);
    for (const { from, to, data } of runsOf(source)) {
      throwIfCancelled(work.signal, 'Assigning vectors to lists');
      const { ids } = await assignAsync({ type: 'f32', data, dim }, { type: 'f32', data: centroids, dim }, { metric: 'l2', threads });
      listOf.set(ids, from);
      report({ stage: 'assigning', done: to, total: rows, unit: 'vectors' });
    }
    const counts = new Uint32Array(count);
    for (const list of listOf) counts[list]!++;
    const starts = offsetsOf(counts);
    const next = starts.slice();
    const order = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) order[next[listOf[row]!]!++] = row;
    const ordered = orderedVectors(source, order);
    const sorted = listOf.sort();
    report({ stage: 'encoding', done: 0, total: rows, unit: 'vectors' });
    const encoded = await encode(ordered, codes, centroids, sorted, metric, work.signal);
    return { lists: new InvertedLists(centroids, starts, encoded, dim, metric), order };
  }

  /** `codes` tells whether the codes are written too: not where they are the kept vectors. */
  async write(writer: SectionWriter, codes: boolean): Promise<void> {
    await writer.write('lists.centroids', this.centroids);
    await writer.write('lists.starts', this.starts);
    if (codes) await this.codes.write(writer);
  }

  /** `kept` are the vectors, where they are the codes as well. */
  static read(file: SectionFile, codes: DenseCodes, dim: number, metric: DenseMetric, kept: VectorCodes | undefined): InvertedLists {
    const centroids = file.f32('lists.centroids');
    const starts = file.u32('lists.starts');
    if (starts.length !== centroids.length / dim + 1) {
      throw new RankError('CORRUPT', `${file.path} is damaged: ${starts.length - 1} lists for ${centroids.length / dim} centroids.`, {
        file: file.path,
      });
    }
    const read =
      codes.type === 'pq'
        ? ResidualProductCodes.read(file, dim, codes, centroids, metric)
        : codes.type === 'bits'
          ? ResidualBits.read(file, dim, centroids, metric)
          : plainListCodes(kept ?? VectorCodes.read(file, 'codes', codes.type, dim, metric), metric);
    return new InvertedLists(centroids, starts, read, dim, metric);
  }

  get description(): Readonly<Record<string, unknown>> {
    return { lists: this.starts.length - 1 };
  }

  search(query: Float32Array, k: number, allowed: Allowed | undefined, settings: SegmentSearch): Best {
    const gathered = this.#gather(query, k, allowed, settings);
    const scores = this.codes.scores(query, gathered);
    const best = topK(scores, k, { order: this.#metric === 'l2' ? 'smallest' : 'largest' });
    for (let i = 0; i < best.indices.length; i++) best.indices[i] = gathered.rows[best.indices[i]!]!;
    return best;
  }

  /**
   * The rows of the nearest lists. With a filter more lists are looked into, until as many rows have come together as a quarter of
   * what the search would look at without one, or all that are allowed.
   */
  #gather(query: Float32Array, k: number, allowed: Allowed | undefined, { probes, exact }: SegmentSearch): GatheredRows {
    const { starts } = this;
    const count = starts.length - 1;
    const total = starts[count]!;
    const usual = Math.ceil((Math.min(probes, count) * total) / Math.max(1, count));
    const enough = allowed === undefined ? k : Math.min(allowed.count, Math.max(k, usual >> 2));
    const lists: number[] = [];
    const rows: Uint32Array[] = [];
    let gathered = 0;
    for (const list of this.#nearest(query, exact || allowed !== undefined ? count : Math.min(count, 4 * probes))) {
      if (!exact && lists.length >= probes && gathered >= enough) break;
      const [from, to] = [starts[list]!, starts[list + 1]!];
      const found = allowed === undefined ? range(from, to) : allowed.bitmap.membersBetween(from, to);
      lists.push(list);
      rows.push(found);
      gathered += found.length;
    }
    const all = new Uint32Array(gathered);
    const offsets = offsetsOf(rows.map(({ length }) => length));
    rows.forEach((found, i) => {
      all.set(found, offsets[i]);
    });
    return { rows: all, lists: Uint32Array.from(lists), starts: offsets };
  }

  #nearest(query: Float32Array, count: number): Uint32Array {
    const dim = this.#dim;
    const scores = scoresOf({ type: 'f32', data: query, dim }, { type: 'f32', data: this.centroids, dim }, { metric: this.#metric });
    return topK(scores, count, { order: this.#metric === 'l2' ? 'smallest' : 'largest' }).indices;
  }

  /** The list of a row. */
  listOf(row: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= row) low = middle;
      else high = middle;
    }
    // Empty lists begin where the next one does.
    return low;
  }
}

async function encode(
  ordered: VectorSource,
  codes: DenseCodes,
  centroids: Float32Array,
  listOf: Uint32Array,
  metric: DenseMetric,
  signal: AbortSignal | undefined,
): Promise<ListCodes> {
  if (codes.type === 'pq')
    return ResidualProductCodes.train(residualVectors(ordered, centroids, listOf), codes, centroids, listOf, metric, signal);
  if (codes.type === 'bits') return ResidualBits.encode(residualVectors(ordered, centroids, listOf), centroids, listOf, metric);
  return plainListCodes(VectorCodes.encode(ordered, codes.type, metric), metric);
}

function range(from: number, to: number): Uint32Array {
  const rows = new Uint32Array(to - from);
  for (let i = 0; i < rows.length; i++) rows[i] = from + i;
  return rows;
}
