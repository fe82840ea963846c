import { RankError } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { compareBytes, offsetsOf } from '../metadata/bytes.ts';

const encoder = new TextEncoder();

/**
 * The ids of a segment's documents, ascending by code point: document number r has the r-th id. So the smaller number is the smaller id,
 * equal scores come out in the order that rankings want, and an id is found by halving.
 *
 * | section | holds |
 * |---|---|
 * | `ids` | the ids in UTF-8, one after another |
 * | `id-offsets` | u32, where each begins, and where the last ends |
 */
export class IdTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly #text: Buffer;

  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** `ids` ascending by code point, each once. */
  static from(ids: readonly string[]): IdTable {
    const bytes = encoder.encode(ids.join(''));
    if (bytes.length === ids.reduce((sum, id) => sum + id.length, 0)) return new IdTable(bytes, offsetsOf(ids.map((id) => id.length)));
    return new IdTable(bytes, offsetsOf(ids.map((id) => Buffer.byteLength(id))));
  }

  static read(file: SectionFile): IdTable {
    const table = new IdTable(file.u8('ids'), file.u32('id-offsets'));
    const { offsets, bytes } = table;
    if (offsets.length === 0 || offsets[0] !== 0 || offsets[offsets.length - 1] !== bytes.length) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its ids do not fill their section. Rebuild the index.`, { file: file.path });
    }
    return table;
  }

  async write(writer: SectionWriter): Promise<void> {
    await writer.write('ids', this.bytes);
    await writer.write('id-offsets', this.offsets);
  }

  get size(): number {
    return this.offsets.length - 1;
  }

  id(row: number): string {
    return this.#text.toString('utf8', this.offsets[row]!, this.offsets[row + 1]!);
  }

  idBytes(row: number): Uint8Array {
    return this.bytes.subarray(this.offsets[row]!, this.offsets[row + 1]!);
  }

  /** The document with this id, or -1. */
  row(id: string): number {
    const wanted = encoder.encode(id);
    const { bytes, offsets } = this;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWithin(bytes, offsets[middle]!, offsets[middle + 1]!, wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.size && compareWithin(bytes, offsets[low]!, offsets[low + 1]!, wanted) === 0 ? low : -1;
  }
}

/** Order of `bytes[start … end)` and `other`, without a view of the former. */
function compareWithin(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = Math.min(end - start, other.length);
  for (let i = 0; i < length; i++) {
    const difference = bytes[start + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}

/**
 * Tables as one, without the documents that `keeps` refuses. Gives for each table the new number of each of its documents
 * (`leftOut` for one left out). An id stands in at most one table after that.
 */
export function mergeIdTables(
  tables: readonly IdTable[],
  keeps: (table: number, row: number) => boolean,
  leftOut: number,
): { ids: IdTable; numbers: Uint32Array[] } {
  const numbers = tables.map((table) => new Uint32Array(table.size).fill(leftOut));
  const next = tables.map((_, t) => firstKept(t, 0));
  const total = tables.reduce((sum, table) => sum + table.size, 0);
  const fromTable = new Uint16Array(total);
  const fromRow = new Uint32Array(total);
  let count = 0;
  // A handful of tables: looking at each head is as quick as a heap.
  for (;;) {
    let best = -1;
    let bestId: Uint8Array | undefined;
    for (let t = 0; t < tables.length; t++) {
      if (next[t]! >= tables[t]!.size) continue;
      const id = tables[t]!.idBytes(next[t]!);
      if (bestId !== undefined && compareBytes(id, bestId) >= 0) continue;
      best = t;
      bestId = id;
    }
    if (best < 0) break;
    const row = next[best]!;
    numbers[best]![row] = count;
    fromTable[count] = best;
    fromRow[count++] = row;
    next[best] = firstKept(best, row + 1);
  }
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const from = tables[fromTable[i]!]!.offsets;
    offsets[i + 1] = offsets[i]! + from[fromRow[i]! + 1]! - from[fromRow[i]!]!;
  }
  const bytes = new Uint8Array(offsets[count]!);
  for (let i = 0; i < count; i++) bytes.set(tables[fromTable[i]!]!.idBytes(fromRow[i]!), offsets[i]);
  return { ids: new IdTable(bytes, offsets), numbers };

  function firstKept(t: number, row: number): number {
    while (row < tables[t]!.size && !keeps(t, row)) row++;
    return row;
  }
}
