import { type BitRows, pqScores, pqTables, quantise, scores } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { VectorCodes } from './codes.ts';
import type { DenseMetric } from './metric.ts';
import { ProductCodes } from './product-codes.ts';
import { randomRotation, rotated } from './rotation.ts';
import { runsOf, type VectorSource } from './vector-source.ts';

/** Rows gathered from lists: those of `lists[i]` stand from `starts[i]` up to `starts[i + 1]`. */
export interface GatheredRows {
  readonly rows: Uint32Array;
  readonly lists: Uint32Array;
  readonly starts: Uint32Array;
}

/** What stands for the vectors in the lists: it scores gathered rows, in the kernels' sense of the metric. */
export interface ListCodes {
  readonly count: number;
  /** The vectors themselves, where they are what is scored. */
  readonly vectors?: VectorCodes;
  scores(query: Float32Array, gathered: GatheredRows): Float32Array;
  write(writer: SectionWriter): Promise<void>;
}

/** The vectors less the centroids of their lists. */
export function residualVectors(source: VectorSource, centroids: Float32Array, listOf: Uint32Array): VectorSource {
  const { rows, dim } = source;
  return {
    rows,
    dim,
    read(from, to, into) {
      source.read(from, to, into);
      for (let row = from; row < to; row++) {
        const at = (row - from) * dim;
        const centroid = listOf[row]! * dim;
        for (let i = 0; i < dim; i++) into[at + i]! -= centroids[centroid + i]!;
      }
    },
  };
}

/** Whole vectors in whatever type. */
export function plainListCodes(codes: VectorCodes, metric: DenseMetric): ListCodes {
  return {
    vectors: codes,
    count: codes.count,
    scores: (query, { rows }) => scores(codes.query(query), codes.rows, { only: rows, metric: metric === 'l2' ? 'l2' : 'dot' }),
    write: (writer) => codes.write(writer, 'codes'),
  };
}

function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[aAt + i]! * b[bAt + i]!;
  return sum;
}

/** What a list adds to all of its scores: the query's dot product with its centroid, or their squared distance. */
function listScore(query: Float32Array, centroids: Float32Array, list: number, metric: DenseMetric): number {
  const dim = query.length;
  if (metric !== 'l2') return dot(query, 0, centroids, list * dim, dim);
  let distance = 0;
  for (let i = 0; i < dim; i++) distance += (query[i]! - centroids[list * dim + i]!) ** 2;
  return distance;
}

/**
 * Product codes of residuals (Jégou et al. 2011). With residual r of centroid c: `q·x = q·c + q·r`, and
 * `‖q − x‖² = ‖q − c‖² − 2 q·r + (‖r‖² + 2 c·r)`, whose last term is kept with the row.
 */
export class ResidualProductCodes implements ListCodes {
  readonly #codes: ProductCodes;
  readonly #centroids: Float32Array;
  readonly #terms: Float32Array;
  readonly #metric: DenseMetric;

  private constructor(codes: ProductCodes, centroids: Float32Array, terms: Float32Array, metric: DenseMetric) {
    this.#codes = codes;
    this.#centroids = centroids;
    this.#terms = terms;
    this.#metric = metric;
  }

  get count(): number {
    return this.#codes.count;
  }

  static async train(
    residuals: VectorSource,
    plan: { readonly parts: number; readonly bits: 4 | 8 },
    centroids: Float32Array,
    listOf: Uint32Array,
    metric: DenseMetric,
    signal?: AbortSignal,
  ): Promise<ResidualProductCodes> {
    const codes = await ProductCodes.train(residuals, plan, 'dot', signal);
    const terms = new Float32Array(metric === 'l2' ? residuals.rows : 0);
    if (metric === 'l2') {
      const { dim } = residuals;
      for (const { from, to, data } of runsOf(codes.decode())) {
        for (let row = from; row < to; row++) {
          const at = (row - from) * dim;
          terms[row] = dot(data, at, data, at, dim) + 2 * dot(data, at, centroids, listOf[row]! * dim, dim);
        }
      }
    }
    return new ResidualProductCodes(codes, centroids, terms, metric);
  }

  async write(writer: SectionWriter): Promise<void> {
    await this.#codes.write(writer, 'codes');
    await writer.write('codes.terms', this.#terms);
  }

  static read(
    file: SectionFile,
    dim: number,
    plan: { readonly parts: number; readonly bits: 4 | 8 },
    centroids: Float32Array,
    metric: DenseMetric,
  ): ResidualProductCodes {
    return new ResidualProductCodes(ProductCodes.read(file, 'codes', dim, plan, 'dot'), centroids, file.f32('codes.terms'), metric);
  }

  scores(query: Float32Array, { rows, lists, starts }: GatheredRows): Float32Array {
    const { codebooks, rows: codes } = this.#codes;
    const out = pqScores(pqTables({ type: 'f32', data: query, dim: query.length }, codebooks), codes, { only: rows });
    const terms = this.#terms;
    for (let l = 0; l < lists.length; l++) {
      const base = listScore(query, this.#centroids, lists[l]!, this.#metric);
      for (let i = starts[l]!; i < starts[l + 1]!; i++)
        out[i] = this.#metric === 'l2' ? base - 2 * out[i]! + terms[rows[i]!]! : base + out[i]!;
    }
    return out;
  }

  /** The vectors that the codes stand for. */
  decode(listOf: (row: number) => number): VectorSource {
    const residuals = this.#codes.decode();
    const { rows, dim } = residuals;
    const centroids = this.#centroids;
    return {
      rows,
      dim,
      read(from, to, into) {
        residuals.read(from, to, into);
        for (let row = from; row < to; row++) {
          const centroid = listOf(row) * dim;
          for (let i = 0; i < dim; i++) into[(row - from) * dim + i]! += centroids[centroid + i]!;
        }
      },
    };
  }
}

/**
 * One bit a dimension of a rotated residual, with the estimator of RaBitQ (Gao & Long 2024): for residual r with signs b, and any vector v,
 * `v·r ≈ (v·b) ‖r‖² / Σ|r_i|`, right on the average. It is used with v = q − c, as that is short where it matters:
 * `‖q − x‖² = ‖q − c‖² + ‖r‖² − 2 v·r` and `q·x = q·c + v·r + c·r`.
 */
export class ResidualBits implements ListCodes {
  readonly #bits: BitRows;
  /** For each row `‖r‖² / Σ|r_i|`, and `c·r` (or `‖r‖²` for squared distances). */
  readonly #factors: Float32Array;
  readonly #terms: Float32Array;
  readonly #centroids: Float32Array;
  readonly #turnedCentroids: Float32Array;
  readonly #rotation: Float32Array;
  readonly #metric: DenseMetric;

  private constructor(
    bits: BitRows,
    factors: Float32Array,
    terms: Float32Array,
    centroids: Float32Array,
    rotation: Float32Array,
    metric: DenseMetric,
  ) {
    this.#bits = bits;
    this.#factors = factors;
    this.#terms = terms;
    this.#centroids = centroids;
    this.#rotation = rotation;
    this.#turnedCentroids = rotated(centroids, rotation, bits.dim);
    this.#metric = metric;
  }

  get count(): number {
    return this.#factors.length;
  }

  static encode(residuals: VectorSource, centroids: Float32Array, listOf: Uint32Array, metric: DenseMetric): ResidualBits {
    const { rows, dim } = residuals;
    const rotation = randomRotation(dim);
    const rowBytes = Math.ceil(dim / 8);
    const bits = new Uint8Array(rows * rowBytes);
    const factors = new Float32Array(rows);
    const terms = new Float32Array(rows);
    for (const { from, to, data } of runsOf(residuals)) {
      const turned = rotated(data, rotation, dim);
      bits.set(quantise({ type: 'f32', data: turned, dim }, 'bits').data, from * rowBytes);
      for (let row = from; row < to; row++) {
        const at = (row - from) * dim;
        const square = dot(data, at, data, at, dim);
        let magnitudes = 0;
        for (let i = at; i < at + dim; i++) magnitudes += Math.abs(turned[i]!);
        factors[row] = magnitudes === 0 ? 0 : square / magnitudes;
        terms[row] = metric === 'l2' ? square : dot(data, at, centroids, listOf[row]! * dim, dim);
      }
    }
    return new ResidualBits({ type: 'bits', data: bits, dim }, factors, terms, centroids, rotation, metric);
  }

  async write(writer: SectionWriter): Promise<void> {
    await writer.write('codes', this.#bits.data);
    await writer.write('codes.factors', this.#factors);
    await writer.write('codes.terms', this.#terms);
    await writer.write('codes.rotation', this.#rotation);
  }

  static read(file: SectionFile, dim: number, centroids: Float32Array, metric: DenseMetric): ResidualBits {
    const bits: BitRows = { type: 'bits', data: file.u8('codes'), dim };
    return new ResidualBits(bits, file.f32('codes.factors'), file.f32('codes.terms'), centroids, file.f32('codes.rotation'), metric);
  }

  scores(query: Float32Array, { rows, lists, starts }: GatheredRows): Float32Array {
    const dim = query.length;
    const turned = rotated(query, this.#rotation, dim);
    const out = new Float32Array(rows.length);
    const offset = new Float32Array(dim);
    for (let l = 0; l < lists.length; l++) {
      const list = lists[l]!;
      const [from, to] = [starts[l]!, starts[l + 1]!];
      for (let i = 0; i < dim; i++) offset[i] = turned[i]! - this.#turnedCentroids[list * dim + i]!;
      scores({ type: 'f32', data: offset, dim }, this.#bits, { only: rows.subarray(from, to), out: out.subarray(from, to) });
      const base = listScore(query, this.#centroids, list, this.#metric);
      for (let i = from; i < to; i++) {
        const estimate = out[i]! * this.#factors[rows[i]!]!;
        const term = this.#terms[rows[i]!]!;
        out[i] = this.#metric === 'l2' ? base + term - 2 * estimate : base + term + estimate;
      }
    }
    return out;
  }
}
