import { NONE, type PostingBlocks } from '@rank-rank/kernels';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import type { WeightArray } from './weights.ts';

/** Documents of a block: few enough that a block without a query's rare terms is passed over, and enough that looking at bounds costs little. */
const blockSize = 256;
/** Segments below this are gone through as quickly as their blocks' bounds. */
const smallestBlocked = 4096;

/** How many blocks a segment has; 0 if it is too small for them. */
export function blockCount(documents: number): number {
  return documents < smallestBlocked ? 0 : Math.ceil(documents / blockSize);
}

/** The largest weight of a list in each block, in 255ths of the list's largest, rounded up: no document scores more than its block's sum. */
export function blockMaxima(documents: Uint32Array, weights: WeightArray, blocks: number): { maxima: Uint8Array; largest: number } {
  const exact = new Float32Array(blocks);
  let largest = 0;
  for (let i = 0; i < documents.length; i++) {
    const weight = weights[i]!;
    const block = documents[i]! >>> 8;
    if (weight > exact[block]!) exact[block] = weight;
    if (weight > largest) largest = weight;
  }
  const maxima = new Uint8Array(blocks);
  for (let block = 0; block < blocks; block++) maxima[block] = largest === 0 ? 0 : Math.ceil((exact[block]! * 255) / largest);
  return { maxima, largest };
}

/** The row of each list, or {@link NONE}: a list shorter than there are blocks is looked through itself. */
export function blockRows(counts: Uint32Array, blocks: number): Uint32Array {
  let rows = 0;
  return counts.map((count) => (count >= blocks ? rows++ : NONE));
}

/**
 * | section | holds |
 * |---|---|
 * | `blocks.rows` | u32, one a list: its row in the maxima, or 2³² − 1 |
 * | `blocks.maxima` | u8, {@link blockMaxima} row after row |
 * | `blocks.largest` | f32, one a row: the list's largest weight, as it is stored |
 */
export async function writePostingBlocks(
  writer: SectionWriter,
  rows: Uint32Array,
  maxima: Iterable<Uint8Array>,
  largest: () => Float32Array,
): Promise<void> {
  await writer.write('blocks.rows', rows);
  await writer.write('blocks.maxima', maxima, 'u8');
  await writer.write('blocks.largest', largest());
}

export function readPostingBlocks(file: SectionFile): PostingBlocks {
  return { size: blockSize, rows: file.u32('blocks.rows'), maxima: file.u8('blocks.maxima'), largest: file.f32('blocks.largest') };
}
