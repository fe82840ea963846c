import { RankError, throwIfCancelled } from '@rank-rank/core';
import { type Best, type PqCodebooks, type PqRows, pqEncodeAsync, pqSearch, pqSearchAsync, pqTables } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { Among, Codes } from './codes.ts';
import { kMeans } from './k-means.ts';
import { type DenseMetric, kernelMetric } from './metric.ts';
import { sampleOf, type VectorSource } from './vector-source.ts';

/** Vectors that codebooks are learnt from: as many as 256 for each of their entries. */
const trainingRows = 65_536;

/** Refuses to cut vectors into parts that do not come out even. */
export function checkParts(dim: number, parts: number): void {
  if (dim % parts === 0) return;
  const fitting = Array.from({ length: dim }, (_, i) => i + 1).filter((n) => dim % n === 0);
  const nearest = fitting.reduce((best, n) => (Math.abs(n - parts) < Math.abs(best - parts) ? n : best));
  throw new RankError('DIMENSION_MISMATCH', `PQ${parts}: ${dim} dimensions cannot be cut into ${parts} equal parts. Use PQ${nearest}.`, {
    dim,
    parts,
    nearest,
  });
}

/** Bytes that are looked through on the spot. */
const spotBytes = 1 << 20;

/**
 * Product quantisation (Jégou, Douze, Schmid 2011): a vector is cut into parts, and each part is replaced by the nearest entry of that part's
 * codebook. A query is compared with all entries once, and a row's score is the sum of what its codes say.
 */
export class ProductCodes implements Codes {
  readonly codebooks: PqCodebooks;
  readonly rows: PqRows;
  readonly rowBytes: number;
  readonly scored = true;
  readonly #metric: 'dot' | 'l2';

  constructor(codebooks: PqCodebooks, rows: PqRows, metric: DenseMetric) {
    this.codebooks = codebooks;
    this.rows = rows;
    this.rowBytes = (rows.parts * rows.bits) / 8;
    this.#metric = kernelMetric(metric);
  }

  get count(): number {
    return this.rows.rows;
  }

  static async train(
    source: VectorSource,
    { parts, bits }: { readonly parts: number; readonly bits: 4 | 8 },
    metric: DenseMetric,
    signal?: AbortSignal,
  ): Promise<ProductCodes> {
    const { dim } = source;
    const codes = bits === 4 ? 16 : 256;
    const width = dim / parts;
    const sample = sampleOf(source, trainingRows);
    const sampled = sample.length / dim;
    const data = new Float32Array(parts * codes * width);
    const part = new Float32Array(sampled * width);
    for (let p = 0; p < parts; p++) {
      for (let row = 0; row < sampled; row++) part.set(sample.subarray(row * dim + p * width, row * dim + (p + 1) * width), row * width);
      const centroids = await kMeans(part, width, codes, { seed: p, signal });
      data.set(centroids, p * codes * width);
      // Fewer vectors than entries: the rest repeat the first, which is then always chosen.
      for (let c = centroids.length / width; c < codes && centroids.length > 0; c++)
        data.set(centroids.subarray(0, width), (p * codes + c) * width);
    }
    return ProductCodes.encode(source, { data, dim, parts, codes }, metric, signal);
  }

  /** Encodes with codebooks that are there already. */
  static async encode(source: VectorSource, codebooks: PqCodebooks, metric: DenseMetric, signal?: AbortSignal): Promise<ProductCodes> {
    const { parts } = codebooks;
    const bits = codebooks.codes === 16 ? 4 : 8;
    const blockRows = bits === 4 ? 32 : 1;
    const bytes = bits === 4 ? Math.ceil(source.rows / 32) * 16 * parts : source.rows * parts;
    const codes = new Uint8Array(bytes);
    // Runs of whole blocks, so that each can be put where it belongs.
    const step = Math.max(blockRows, Math.floor(262_144 / source.dim / blockRows) * blockRows);
    const buffer = new Float32Array(Math.min(step, source.rows) * source.dim);
    for (let from = 0; from < source.rows; from += step) {
      throwIfCancelled(signal, 'Encoding');
      const to = Math.min(source.rows, from + step);
      const data = buffer.subarray(0, (to - from) * source.dim);
      source.read(from, to, data);
      const run = await pqEncodeAsync({ type: 'f32', data, dim: source.dim }, codebooks);
      codes.set(run.codes, bits === 4 ? (from / 32) * 16 * parts : from * parts);
    }
    return new ProductCodes(codebooks, { codes, rows: source.rows, parts, bits }, metric);
  }

  async write(writer: SectionWriter, name: string): Promise<void> {
    await writer.write(name, this.rows.codes);
    await writer.write(`${name}.codebooks`, this.codebooks.data);
    await writer.writeJson(`${name}.rows`, this.rows.rows);
  }

  static read(file: SectionFile, name: string, dim: number, plan: { parts: number; bits: 4 | 8 }, metric: DenseMetric): ProductCodes {
    const { parts, bits } = plan;
    const codebooks: PqCodebooks = { data: file.f32(`${name}.codebooks`), dim, parts, codes: bits === 4 ? 16 : 256 };
    return new ProductCodes(codebooks, { codes: file.u8(name), rows: file.json(`${name}.rows`) as number, parts, bits }, metric);
  }

  search(query: Float32Array, k: number, among: Among): Best | Promise<Best> {
    const tables = pqTables({ type: 'f32', data: query, dim: this.codebooks.dim }, this.codebooks, { metric: this.#metric });
    const trim = ({ indices, scores, counts }: ReturnType<typeof pqSearch>): Best => ({
      indices: indices.subarray(0, counts[0]),
      scores: scores.subarray(0, counts[0]),
    });
    if (this.rowBytes * (among.only?.length ?? this.count) <= spotBytes) return trim(pqSearch(tables, this.rows, k, among));
    return pqSearchAsync(tables, this.rows, k, among).then(trim);
  }

  /** The vectors that the codes stand for: what merges read where no others were kept. */
  decode(): VectorSource {
    const { rows, parts, bits, codes } = this.rows;
    const { data, dim, codes: entries } = this.codebooks;
    const width = dim / parts;
    return {
      rows,
      dim,
      read(from, to, into) {
        for (let row = from; row < to; row++) {
          for (let p = 0; p < parts; p++) {
            const byte = bits === 8 ? codes[row * parts + p]! : codes[((row >> 5) * parts + p) * 16 + (row & 15)]!;
            const code = bits === 8 ? byte : row & 16 ? byte >> 4 : byte & 15;
            const at = (p * entries + code) * width;
            into.set(data.subarray(at, at + width), (row - from) * dim + p * width);
          }
        }
      },
    };
  }
}
