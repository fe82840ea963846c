import { encodeScaledResidualsAsync } from '@rank-rank/kernels';
import { batchEnd, type RowSource } from '../store/row-source.ts';
import type { ResidualCodec } from './residual-codec.ts';

/** Rows coded at a time. */
const batchRows = 16_384;

/** Codes of some documents, in their order. */
export interface CodedBatch {
  readonly firstRow: number;
  readonly rows: number;
  readonly toDocument: number;
  readonly codes: Uint8Array;
  readonly scaleCodes: Uint8Array;
}

/** The codes of a source's rows, batch after batch. Codes of the same lineage are copied, others made. */
export async function* encodeRows(
  source: RowSource,
  codec: ResidualCodec,
  centroidIds: Uint16Array,
  threads: number,
): AsyncGenerator<CodedBatch> {
  const { offsets, dim } = source;
  const bytes = Math.ceil((dim * codec.bits) / 8);
  const documents = offsets.length - 1;
  const { bits, centroids, levels, cutoffs, scales } = codec;
  for (let from = 0; from < documents; ) {
    const to = batchEnd(offsets, from, batchRows);
    const firstRow = offsets[from]!;
    const rows = offsets[to]! - firstRow;
    const codes = new Uint8Array(rows * bytes);
    const scaleCodes = new Uint8Array(rows);
    const fresh: number[] = [];
    for (let d = from; d < to; d++) {
      const coded = source.coded(d);
      if (coded?.lineage !== codec.lineage) fresh.push(d);
      else {
        codes.set(coded.codes, (offsets[d]! - firstRow) * bytes);
        scaleCodes.set(coded.scaleCodes, offsets[d]! - firstRow);
      }
    }
    const count = fresh.reduce((sum, d) => sum + offsets[d + 1]! - offsets[d]!, 0);
    if (count > 0) {
      const data = new Float32Array(count * dim);
      const ids = new Uint16Array(count);
      let at = 0;
      for (const d of fresh) {
        source.read(d, data, at * dim);
        ids.set(centroidIds.subarray(offsets[d], offsets[d + 1]), at);
        at += offsets[d + 1]! - offsets[d]!;
      }
      const made = await encodeScaledResidualsAsync(
        { type: 'f32', data, dim },
        ids,
        { bits, centroids, levels, cutoffs, scales },
        { threads },
      );
      at = 0;
      for (const d of fresh) {
        const length = offsets[d + 1]! - offsets[d]!;
        codes.set(made.codes.subarray(at * bytes, (at + length) * bytes), (offsets[d]! - firstRow) * bytes);
        scaleCodes.set(made.scaleCodes.subarray(at, at + length), offsets[d]! - firstRow);
        at += length;
      }
    }
    yield { firstRow, rows, toDocument: to, codes, scaleCodes };
    from = to;
  }
}
