import { RankError } from '@rank-rank/core';
import type { SectionFile, SectionWriter } from '@rank-rank/storage';
import { compareBytes, offsetsOf } from '../metadata/bytes.ts';

const encoder = new TextEncoder();

/**
 * The ids of a segment's documents, by document number (row) and the other way.
 *
 * | section | holds |
 * |---|---|
 * | `ids` | the ids in UTF-8, row after row |
 * | `id-offsets` | u32, where each begins, and where the last ends |
 * | `id-order` | u32, the rows in the order of their ids by code point; empty where that is the order of the rows |
 */
export class IdTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  /** The rows in the order of their ids; empty if that is their own order. */
  readonly order: Uint32Array;
  readonly #text: Buffer;

  constructor(bytes: Uint8Array, offsets: Uint32Array, order: Uint32Array = new Uint32Array(0)) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.order = order;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** `ids` ascending by code point, each once. */
  static from(ids: readonly string[]): IdTable {
    const bytes = encoder.encode(ids.join(''));
    if (bytes.length === ids.reduce((sum, id) => sum + id.length, 0)) return new IdTable(bytes, offsetsOf(ids.map((id) => id.length)));
    return new IdTable(bytes, offsetsOf(ids.map((id) => Buffer.byteLength(id))));
  }

  static read(file: SectionFile): IdTable {
    const table = new IdTable(file.u8('ids'), file.u32('id-offsets'), file.u32('id-order'));
    const { offsets, bytes, order, size } = table;
    if (offsets.length === 0 || offsets[0] !== 0 || offsets[size] !== bytes.length || (order.length !== 0 && order.length !== size)) {
      throw new RankError('CORRUPT', `${file.path} is damaged: its ids do not fill their section. Rebuild the index.`, { file: file.path });
    }
    return table;
  }

  async write(writer: SectionWriter): Promise<void> {
    await writer.write('ids', this.bytes);
    await writer.write('id-offsets', this.offsets);
    await writer.write('id-order', this.order);
  }

  get size(): number {
    return this.offsets.length - 1;
  }

  /** Whether a smaller row has a smaller id. */
  get isSorted(): boolean {
    return this.order.length === 0;
  }

  id(row: number): string {
    return this.#text.toString('utf8', this.offsets[row]!, this.offsets[row + 1]!);
  }

  idBytes(row: number): Uint8Array {
    return this.bytes.subarray(this.offsets[row]!, this.offsets[row + 1]!);
  }

  /** The row whose id is the n-th. */
  rowAt(n: number): number {
    return this.isSorted ? n : this.order[n]!;
  }

  /** The row with this id, or -1. */
  row(id: string): number {
    const wanted = encoder.encode(id);
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.rowAt(middle), wanted) < 0) low = middle + 1;
      else high = middle;
    }
    if (low === this.size) return -1;
    const row = this.rowAt(low);
    return this.#compare(row, wanted) === 0 ? row : -1;
  }

  /** The same documents with row i being what row `order[i]` was. */
  reordered(order: Uint32Array): IdTable {
    const offsets = new Uint32Array(order.length + 1);
    for (let i = 0; i < order.length; i++) offsets[i + 1] = offsets[i]! + this.offsets[order[i]! + 1]! - this.offsets[order[i]!]!;
    const bytes = new Uint8Array(offsets[order.length]!);
    const rows = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) {
      bytes.set(this.idBytes(order[i]!), offsets[i]);
      rows[order[i]!] = i;
    }
    return new IdTable(bytes, offsets, this.isSorted ? rows : this.order.map((row) => rows[row]!));
  }

  /** The order of a row's id and another. */
  #compare(row: number, id: Uint8Array): number {
    return compareWithin(this.bytes, this.offsets[row]!, this.offsets[row + 1]!, id);
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
 * Tables as one in the order of the ids, without the documents that `keeps` refuses. Gives for each table the new number of each of its documents
 * (`leftOut` for one left out). An id stands in at most one table after that.
 */
export function mergeIdTables(
  tables: readonly IdTable[],
  keeps: (table: number, row: number) => boolean,
  leftOut: number,
): { ids: IdTable; numbers: Uint32Array[] } {
  const numbers = tables.map((table) => new Uint32Array(table.size).fill(leftOut));
  const next = tables.map((_, t) => nextKept(t, 0));
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
      const id = tables[t]!.idBytes(tables[t]!.rowAt(next[t]!));
      if (bestId !== undefined && compareBytes(id, bestId) >= 0) continue;
      best = t;
      bestId = id;
    }
    if (best < 0) break;
    const row = tables[best]!.rowAt(next[best]!);
    numbers[best]![row] = count;
    fromTable[count] = best;
    fromRow[count++] = row;
    next[best] = nextKept(best, next[best]! + 1);
  }
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const from = tables[fromTable[i]!]!.offsets;
    offsets[i + 1] = offsets[i]! + from[fromRow[i]! + 1]! - from[fromRow[i]!]!;
  }
  const bytes = new Uint8Array(offsets[count]!);
  for (let i = 0; i < count; i++) bytes.set(tables[fromTable[i]!]!.idBytes(fromRow[i]!), offsets[i]);
  return { ids: new IdTable(bytes, offsets), numbers };

  function nextKept(t: number, n: number): number {
    while (n < tables[t]!.size && !keeps(t, tables[t]!.rowAt(n))) n++;
    return n;
  }
}
