import { GrowingBytes } from '../growing-bytes.ts';
import { bitsFor, blockSize, packBlock, packedBlockBytes, packedRunBytes, packRun } from './bit-packing.ts';

/**
 * The documents of a term, how often each has it, and what a whole block can score at most.
 *
 * Document numbers are stored as gaps (difference to the one before, less one; the first is counted from -1), frequencies less one.
 *
 * One document: nothing here, the dictionary has its number and frequency.
 * 2 to 127 documents:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | bits of a gap (low 6), bits of a frequency (high 2; 3 says that the next byte has them) |
 * | … | gaps, then frequencies, packed one after the other |
 *
 * 128 and more, n blocks of 128 of which the last may be shorter; starts at a multiple of 4:
 *
 * | bytes | what |
 * |---|---|
 * | 4 n | last document of each block |
 * | 4 n | where each block ends, counted from the end of this table |
 * | 8 n + 8 | each block's {@link BlockInfo}, and the whole list's |
 * | … | the blocks: gaps, then frequencies; whole ones in four lanes, the last one after the other |
 *
 * A block's information is what a monotone scorer needs for an upper bound: for frequencies 1, 2, 3–4 and 5 up, the shortest document
 * that has it, as a bucket of lengths (255: no such document), and the highest frequency.
 */
export const blockInfoBytes = 8;
export const BlockInfo = { gapBits: 0, frequencyBits: 1, maxFrequency: 2, shortest: 3 } as const;
/** The highest frequency that block information tells exactly. */
export const highestToldFrequency = 255;
export const noDocument = 255;

/** Which of the four classes of block information a frequency belongs to. */
export function frequencyClass(frequency: number): 0 | 1 | 2 | 3 {
  return frequency <= 2 ? ((frequency - 1) as 0 | 1) : frequency <= 4 ? 2 : 3;
}

/** Bytes of the table that a list of so many blocks starts with. */
export function tableBytes(blocks: number): number {
  return blocks * (8 + blockInfoBytes) + blockInfoBytes;
}

/** Packs the postings of term after term. */
export class PostingsWriter {
  readonly out: GrowingBytes = new GrowingBytes(1 << 16);
  #gaps = new Uint32Array(1024);
  #less = new Uint32Array(1024);

  /**
   * Writes a term's postings (two and more), documents ascending; `buckets[document]` is the bucket of its length, at most 254.
   * Gives where they start.
   */
  write(documents: Uint32Array, frequencies: Uint32Array, from: number, count: number, buckets: Uint8Array): number {
    if (this.#gaps.length < count) {
      this.#gaps = new Uint32Array(count * 2);
      this.#less = new Uint32Array(count * 2);
    }
    const gaps = this.#gaps;
    const less = this.#less;
    let before = -1;
    for (let i = 0; i < count; i++) {
      const document = documents[from + i]!;
      gaps[i] = document - before - 1;
      before = document;
      less[i] = frequencies[from + i]! - 1;
    }
    return count < blockSize ? this.#short(count) : this.#long(documents, from, count, buckets);
  }

  #short(count: number): number {
    const { out } = this;
    const start = out.length;
    const gapBits = widest(this.#gaps, 0, count);
    const frequencyBits = widest(this.#less, 0, count);
    out.byte(gapBits | (Math.min(frequencyBits, 3) << 6));
    if (frequencyBits >= 3) out.byte(frequencyBits);
    this.#run(0, count, gapBits, frequencyBits);
    return start;
  }

  #run(from: number, count: number, gapBits: number, frequencyBits: number): void {
    const { out } = this;
    const gapBytes = packedRunBytes(count, gapBits);
    const frequencyBytes = packedRunBytes(count, frequencyBits);
    out.reserve(gapBytes + frequencyBytes);
    packRun(this.#gaps, from, count, gapBits, out.bytes, out.length);
    packRun(this.#less, from, count, frequencyBits, out.bytes, out.length + gapBytes);
    out.length += gapBytes + frequencyBytes;
  }

  #long(documents: Uint32Array, from: number, count: number, buckets: Uint8Array): number {
    const { out } = this;
    while (out.length % 4 !== 0) out.byte(0);
    const start = out.length;
    const blocks = Math.ceil(count / blockSize);
    const table = tableBytes(blocks);
    out.reserve(table);
    out.bytes.fill(0, start, start + table);
    out.length += table;
    for (let block = 0; block < blocks; block++) {
      const first = block * blockSize;
      const size = Math.min(blockSize, count - first);
      const gapBits = widest(this.#gaps, first, size);
      const frequencyBits = widest(this.#less, first, size);
      if (size < blockSize) this.#run(first, size, gapBits, frequencyBits);
      else {
        const gapBytes = packedBlockBytes(gapBits);
        const frequencyBytes = packedBlockBytes(frequencyBits);
        out.reserve(gapBytes + frequencyBytes);
        packBlock(this.#gaps, first, gapBits, out.bytes, out.length);
        packBlock(this.#less, first, frequencyBits, out.bytes, out.length + gapBytes);
        out.length += gapBytes + frequencyBytes;
      }
      putU32(out.bytes, start + block * 4, documents[from + first + size - 1]!);
      putU32(out.bytes, start + (blocks + block) * 4, out.length - start - table);
      const info = start + blocks * 8 + block * blockInfoBytes;
      out.bytes[info + BlockInfo.gapBits] = gapBits;
      out.bytes[info + BlockInfo.frequencyBits] = frequencyBits;
      out.bytes.fill(noDocument, info + BlockInfo.shortest, info + BlockInfo.shortest + 4);
      let highest = 0;
      const whole = start + blocks * 8 + blocks * blockInfoBytes;
      if (block === 0) out.bytes.fill(noDocument, whole + BlockInfo.shortest, whole + BlockInfo.shortest + 4);
      for (let i = first; i < first + size; i++) {
        const frequency = this.#less[i]! + 1;
        if (frequency > highest) highest = frequency;
        const place = info + BlockInfo.shortest + frequencyClass(frequency);
        const bucket = buckets[documents[from + i]!]!;
        if (bucket < out.bytes[place]!) out.bytes[place] = bucket;
      }
      out.bytes[info + BlockInfo.maxFrequency] = Math.min(highest, highestToldFrequency);
      for (let i = 0; i < 4; i++) {
        const place = BlockInfo.shortest + i;
        out.bytes[whole + place] = Math.min(out.bytes[whole + place]!, out.bytes[info + place]!);
      }
      out.bytes[whole + BlockInfo.maxFrequency] = Math.max(
        out.bytes[whole + BlockInfo.maxFrequency]!,
        out.bytes[info + BlockInfo.maxFrequency]!,
      );
    }
    return start;
  }
}

/** Bits of the largest of some values. */
function widest(values: Uint32Array, from: number, count: number): number {
  let all = 0;
  for (let i = from; i < from + count; i++) all |= values[i]!;
  return bitsFor(all);
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
