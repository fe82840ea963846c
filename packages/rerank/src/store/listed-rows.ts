import { RankError, throwIfCancelled, type WorkOptions } from '@rank-rank/core';
import { decodeScaledResiduals, type ResidualLists, residualMaxSim, residualMaxSimAsync, type ScaledResiduals } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { encodeRows } from '../codec/encode-rows.ts';
import type { ResidualCodec } from '../codec/residual-codec.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { CodedRows, RowSource } from './row-source.ts';
import type { StoredRows } from './stored-rows.ts';

/**
 * Writes rows as residual codes in lists, one a centroid, each in the order of the documents.
 *
 * | section | holds |
 * |---|---|
 * | `list-offsets` | u32, where each centroid's rows begin, and the end |
 * | `codes`, `scale-codes` | as in {@link writeResidualRows}, in the order of the lists |
 * | `list-documents` | u32, each row's document |
 * | `places` | u32, for each row in the order of the documents where it stands in the lists |
 */
export async function writeListedRows(
  writer: SectionWriter,
  source: RowSource,
  codec: ResidualCodec,
  centroidIds: Uint16Array,
  { threads, signal, onProgress }: WorkOptions & { readonly threads: number },
): Promise<void> {
  const { offsets } = source;
  const documents = offsets.length - 1;
  const total = centroidIds.length;
  const bytes = Math.ceil((source.dim * codec.bits) / 8);
  const lists = new Uint32Array(codec.centroids.scales.length + 1);
  for (let row = 0; row < total; row++) lists[centroidIds[row]! + 1]!++;
  for (let c = 1; c < lists.length; c++) lists[c]! += lists[c - 1]!;
  const next = lists.slice();
  const places = new Uint32Array(total);
  const owners = new Uint32Array(total);
  for (let d = 0; d < documents; d++) {
    for (let row = offsets[d]!; row < offsets[d + 1]!; row++) {
      const place = next[centroidIds[row]!]!++;
      places[row] = place;
      owners[place] = d;
    }
  }
  const codes = new Uint8Array(total * bytes);
  const scaleCodes = new Uint8Array(total);
  for await (const batch of encodeRows(source, codec, centroidIds, threads)) {
    throwIfCancelled(signal, 'Writing tokens');
    for (let i = 0; i < batch.rows; i++) {
      const place = places[batch.firstRow + i]!;
      codes.set(batch.codes.subarray(i * bytes, (i + 1) * bytes), place * bytes);
      scaleCodes[place] = batch.scaleCodes[i]!;
    }
    onProgress?.({ stage: 'writing', done: batch.toDocument, total: documents, unit: 'documents' });
  }
  await writer.write('list-offsets', lists);
  await writer.write('codes', codes);
  await writer.write('scale-codes', scaleCodes);
  await writer.write('list-documents', owners);
  await writer.write('places', places);
}

/** Rows as residual codes in lists, in place. */
export class ListedRows implements StoredRows {
  readonly storage = 'lists';
  readonly listOffsets: Uint32Array;
  readonly #codes: Uint8Array;
  readonly #scaleCodes: Uint8Array;
  readonly #documents: Uint32Array;
  readonly #places: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #codec: () => ResidualCodec;

  constructor(file: SectionFile, offsets: Uint32Array, codec: () => ResidualCodec) {
    this.#offsets = offsets;
    this.#codec = codec;
    this.listOffsets = file.u32('list-offsets');
    this.#codes = file.u8('codes');
    this.#scaleCodes = file.u8('scale-codes');
    this.#documents = file.u32('list-documents');
    this.#places = file.u32('places');
    const { bits, dim } = codec();
    const rows = offsets.at(-1)!;
    const lengths = [this.#scaleCodes.length, this.#documents.length, this.#places.length, this.listOffsets.at(-1)];
    if (lengths.some((length) => length !== rows) || this.#codes.length !== rows * Math.ceil((dim * bits) / 8)) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its codes do not fill their sections. Rebuild the index.`, {
        file: file.path,
      });
    }
  }

  /** The lists as the kernels read them. Centroids that came after the segment have empty lists. */
  lists(codec: ResidualCodec): ResidualLists {
    const { bits, dim, centroids, levels, scales } = codec;
    const rows = {
      bits,
      dim,
      centroids,
      levels,
      scales,
      codes: this.#codes,
      centroidIds: new Uint16Array(0),
      scaleCodes: this.#scaleCodes,
    };
    const wanted = centroids.scales.length + 1;
    let offsets = this.listOffsets;
    if (offsets.length < wanted) {
      offsets = new Uint32Array(wanted).fill(this.listOffsets.at(-1)!);
      offsets.set(this.listOffsets);
    }
    return { rows, offsets, documents: this.#documents, count: this.#offsets.length - 1 };
  }

  read(document: number, into: Float32Array, at: number): void {
    const { rows } = this.#gathered([document]);
    decodeScaledResiduals(rows, { out: into.subarray(at, at + rows.scaleCodes.length * rows.dim) });
  }

  coded(document: number): CodedRows {
    const { rows } = this.#gathered([document]);
    const { centroidIds, codes, scaleCodes } = rows;
    return { lineage: this.#codec().lineage, centroidIds: centroidIds as Uint16Array, codes, scaleCodes };
  }

  scores(query: PreparedQuery, only: Uint32Array | undefined): Float32Array {
    return residualMaxSim(query.table(this.#codec()), this.#gathered(only));
  }

  scoresAsync(query: PreparedQuery, only: Uint32Array | undefined, _quantised: boolean, threads: number): Promise<Float32Array> {
    return residualMaxSimAsync(query.table(this.#codec()), this.#gathered(only), { threads });
  }

  /** The rows of some documents (or all) brought together. */
  #gathered(documents: ArrayLike<number> = Uint32Array.from({ length: this.#offsets.length - 1 }, (_, d) => d)): {
    rows: ScaledResiduals;
    offsets: Uint32Array;
  } {
    const { bits, dim, centroids, levels, scales } = this.#codec();
    const bytes = Math.ceil((dim * bits) / 8);
    const offsets = new Uint32Array(documents.length + 1);
    for (let i = 0; i < documents.length; i++)
      offsets[i + 1] = offsets[i]! + this.#offsets[documents[i]! + 1]! - this.#offsets[documents[i]!]!;
    const count = offsets[documents.length]!;
    const codes = new Uint8Array(count * bytes);
    const centroidIds = new Uint16Array(count);
    const scaleCodes = new Uint8Array(count);
    for (let i = 0; i < documents.length; i++) {
      const first = this.#offsets[documents[i]!]!;
      for (let at = offsets[i]!; at < offsets[i + 1]!; at++) {
        const place = this.#places[first + at - offsets[i]!]!;
        codes.set(this.#codes.subarray(place * bytes, (place + 1) * bytes), at * bytes);
        scaleCodes[at] = this.#scaleCodes[place]!;
        centroidIds[at] = listOf(this.listOffsets, place);
      }
    }
    return { rows: { bits, dim, centroids, levels, scales, codes, centroidIds, scaleCodes }, offsets };
  }
}

/** The list that a place lies in. */
function listOf(offsets: Uint32Array, place: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! <= place) low = middle;
    else high = middle;
  }
  return low;
}
