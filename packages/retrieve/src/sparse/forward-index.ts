import type { SparseRows } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { encodeWeight, newWeights, type WeightArray, type WeightType } from './weights.ts';

/** A document's weights by the ordinals of its terms, ascending. */
export interface ForwardRow {
  readonly ordinals: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

/** Documents that are written at a time. */
const batch = 1024;

/**
 * The documents' own vectors, by which candidates are scored.
 *
 * | section | holds |
 * |---|---|
 * | `forward.offsets` | u32, where each document's entries begin, and where the last ends |
 * | `forward.terms` | u16, or u32 from 65,536 terms on: places in `terms`, ascending |
 * | `forward.weights` | f32, u16 or u8, as in the postings |
 */
export async function writeForwardIndex(
  writer: SectionWriter,
  lengths: Uint32Array,
  rows: () => Iterable<ForwardRow>,
  scales: Float32Array,
  terms: number,
  type: WeightType,
): Promise<void> {
  const offsets = new Uint32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i]! + lengths[i]!;
  await writer.write('forward.offsets', offsets);
  const wide = terms > 65_535;
  function* ordinals(): Generator<Uint16Array | Uint32Array> {
    for (const group of groups(rows())) {
      const length = group.reduce((sum, row) => sum + row.ordinals.length, 0);
      const out = wide ? new Uint32Array(length) : new Uint16Array(length);
      let at = 0;
      for (const row of group) for (let i = 0; i < row.ordinals.length; i++) out[at++] = row.ordinals[i]!;
      yield out;
    }
  }
  function* weights(): Generator<WeightArray> {
    for (const group of groups(rows())) {
      const out = newWeights(
        type,
        group.reduce((sum, row) => sum + row.ordinals.length, 0),
      );
      let at = 0;
      for (const row of group) {
        for (let i = 0; i < row.ordinals.length; i++) out[at++] = encodeWeight(row.weights[i]!, scales[row.ordinals[i]!] ?? 1, type);
      }
      yield out;
    }
  }
  await writer.write('forward.terms', ordinals(), wide ? 'u32' : 'u16');
  await writer.write('forward.weights', weights(), type);
}

export function readForwardIndex(file: SectionFile, terms: number, type: WeightType): SparseRows {
  return {
    offsets: file.u32('forward.offsets'),
    indices: terms > 65_535 ? file.u32('forward.terms') : file.u16('forward.terms'),
    values: type === 'f32' ? file.f32('forward.weights') : type === 'u16' ? file.u16('forward.weights') : file.u8('forward.weights'),
  };
}

function* groups(rows: Iterable<ForwardRow>): Generator<ForwardRow[]> {
  let group: ForwardRow[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length < batch) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
