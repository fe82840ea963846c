import { RankError, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import { decodeScaledResiduals, residualMaxSim, residualMaxSimAsync, type ScaledResiduals } from '@rank-rank/kernels';
import type { SectionData, SectionFile, SectionWriter } from '@rank-rank/storage';
import { encodeRows } from '../codec/encode-rows.ts';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { CodedRows, RowSource } from './row-source.ts';
import type { StoredRows } from './stored-rows.ts';

/**
 * Writes rows as residual codes, document after document.
 *
 * | section | holds |
 * |---|---|
 * | `codes` | u8, `dim · bits / 8` bytes a row |
 * | `centroid-ids` | u16, one a row |
 * | `scale-codes` | u8, one a row |
 */
export async function writeResidualRows(
  writer: SectionWriter,
  source: RowSource,
  codec: ResidualCodec,
  centroidIds: Uint16Array,
  { threads, signal, onProgress }: WorkOptions & { readonly threads: number },
): Promise<void> {
  const scaleCodes = new Uint8Array(centroidIds.length);
  const documents = source.offsets.length - 1;
  async function* codes(): AsyncGenerator<SectionData> {
    for await (const batch of encodeRows(source, codec, centroidIds, threads)) {
      throwIfCancelled(signal, 'Writing tokens');
      scaleCodes.set(batch.scaleCodes, batch.firstRow);
      yield batch.codes;
      onProgress?.({ stage: 'writing', done: batch.toDocument, total: documents, unit: 'documents' });
    }
  }
  await writer.write('codes', codes(), 'u8');
  await writer.write('centroid-ids', centroidIds);
  await writer.write('scale-codes', scaleCodes);
}

/** Rows as residual codes in the order of the documents, in place. */
export class ResidualRows implements StoredRows {
  readonly storage = 'residual';
  readonly centroidIds: Uint16Array;
  readonly codes: Uint8Array;
  readonly scaleCodes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #codec: () => ResidualCodec;

  /** The codec may grow while the segment is open, so it is asked for each time. */
  constructor(file: SectionFile, offsets: Uint32Array, codec: () => ResidualCodec) {
    this.#offsets = offsets;
    this.#codec = codec;
    this.centroidIds = file.u16('centroid-ids');
    this.codes = file.u8('codes');
    this.scaleCodes = file.u8('scale-codes');
    const { bits, dim } = codec();
    const rows = offsets.at(-1)!;
    if (this.centroidIds.length !== rows || this.scaleCodes.length !== rows || this.codes.length !== rows * Math.ceil((dim * bits) / 8)) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its codes do not fill their sections. Rebuild the index.`, {
        file: file.path,
      });
    }
  }

  /** The rows as the kernels read them. */
  rows(codec: ResidualCodec = this.#codec()): ScaledResiduals {
    const { bits, dim, centroids, levels, scales } = codec;
    const { codes, centroidIds, scaleCodes } = this;
    return { bits, dim, centroids, levels, scales, codes, centroidIds, scaleCodes };
  }

  read(document: number, into: Float32Array, at: number): void {
    const codec = this.#codec();
    const from = this.#offsets[document]!;
    const only = Uint32Array.from({ length: this.#offsets[document + 1]! - from }, (_, i) => from + i);
    decodeScaledResiduals(this.rows(codec), { only, out: into.subarray(at, at + only.length * codec.dim) });
  }

  coded(document: number): CodedRows {
    const { bits, dim, lineage } = this.#codec();
    const bytes = Math.ceil((dim * bits) / 8);
    const [from, to] = [this.#offsets[document]!, this.#offsets[document + 1]!];
    return {
      lineage,
      centroidIds: this.centroidIds.subarray(from, to),
      codes: this.codes.subarray(from * bytes, to * bytes),
      scaleCodes: this.scaleCodes.subarray(from, to),
    };
  }

  scores(query: PreparedQuery, only: Uint32Array | undefined): Float32Array {
    const codec = this.#codec();
    return residualMaxSim(query.table(codec), { rows: this.rows(codec), offsets: this.#offsets }, only && { only });
  }

  scoresAsync(query: PreparedQuery, only: Uint32Array | undefined, _quantised: boolean, threads: number): Promise<Float32Array> {
    const codec = this.#codec();
    return residualMaxSimAsync(query.table(codec), { rows: this.rows(codec), offsets: this.#offsets }, { threads, ...(only && { only }) });
  }
}
