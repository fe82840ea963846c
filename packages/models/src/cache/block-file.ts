import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { RankError } from '@rank-rank/core';
import { crc32 } from '@rank-rank/storage';

/**
 * A file of values under keys that only ever grows, a block at a time. Little-endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 8 | `RRCACHE1`, once at the beginning |
 * | 4 | `RRB1`: a block begins |
 * | 4 | entries of the block |
 * | 4 | bytes of its values |
 * | 4 | CRC-32 of the 8 bytes before and of the table |
 * | 24 an entry | the table: key (16), length (4) and CRC-32 (4) of the value |
 * | … | the values, one after the other |
 *
 * A block that was not written to its end, or was altered, ends the file: what comes before it stays readable.
 */
const fileMagic = Buffer.from('RRCACHE1', 'latin1');
const blockMagic = Buffer.from('RRB1', 'latin1');
const headerBytes = 16;
const entryBytes = 24;
export const keyBytes = 16;

/** Where a value lies. */
export interface Place {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

export interface Entry {
  /** 16 bytes, as a string of as many characters. */
  readonly key: string;
  readonly value: Uint8Array;
}

export class BlockFile {
  readonly path: string;
  readonly #descriptor: number;
  /** Where the next block goes. */
  #end: number;

  private constructor(path: string, descriptor: number, end: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#end = end;
  }

  static create(path: string): BlockFile {
    const descriptor = openSync(path, 'wx+');
    writeSync(descriptor, fileMagic, 0, fileMagic.length, 0);
    return new BlockFile(path, descriptor, fileMagic.length);
  }

  /** Opens a file to read, with the places of all entries that are whole. */
  static open(path: string): { readonly file: BlockFile; readonly places: ReadonlyMap<string, Place> } {
    const places = new Map<string, Place>();
    const descriptor = openSync(path, 'r');
    const { size } = fstatSync(descriptor);
    const magic = Buffer.alloc(fileMagic.length);
    readSync(descriptor, magic, 0, magic.length, 0);
    if (!magic.equals(fileMagic)) {
      closeSync(descriptor);
      throw new RankError('CORRUPT', `${path} is no embedding cache, or one of another version. Remove it; it is made anew.`, {
        file: path,
      });
    }
    let at = fileMagic.length;
    const header = Buffer.alloc(headerBytes);
    while (at + headerBytes <= size) {
      readSync(descriptor, header, 0, headerBytes, at);
      const count = header.readUInt32LE(4);
      const valueBytes = header.readUInt32LE(8);
      const start = at + headerBytes + count * entryBytes;
      if (!header.subarray(0, 4).equals(blockMagic) || start + valueBytes > size) break;
      const table = Buffer.alloc(count * entryBytes);
      readSync(descriptor, table, 0, table.length, at + headerBytes);
      if (crc32(table, crc32(header.subarray(4, 12))) !== header.readUInt32LE(12)) break;
      let offset = start;
      for (let i = 0; i < table.length; i += entryBytes) {
        const length = table.readUInt32LE(i + keyBytes);
        places.set(table.toString('latin1', i, i + keyBytes), { offset, length, crc: table.readUInt32LE(i + keyBytes + 4) });
        offset += length;
      }
      at = start + valueBytes;
    }
    return { file: new BlockFile(path, descriptor, at), places };
  }

  /** A value, or undefined where its bytes are not those that were written. */
  read({ offset, length, crc }: Place): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    const got = readSync(this.#descriptor, bytes, 0, length, offset);
    return got === length && crc32(bytes) === crc ? bytes : undefined;
  }

  /** Writes a block, values before anything points at them, in one call. */
  append(entries: readonly Entry[]): Place[] {
    const valueBytes = entries.reduce((sum, { value }) => sum + value.length, 0);
    const start = headerBytes + entries.length * entryBytes;
    const block = Buffer.alloc(start + valueBytes);
    blockMagic.copy(block);
    block.writeUInt32LE(entries.length, 4);
    block.writeUInt32LE(valueBytes, 8);
    let offset = start;
    const places = entries.map(({ key, value }, i): Place => {
      const row = headerBytes + i * entryBytes;
      const crc = crc32(value);
      block.write(key, row, 'latin1');
      block.writeUInt32LE(value.length, row + keyBytes);
      block.writeUInt32LE(crc, row + keyBytes + 4);
      block.set(value, offset);
      const place = { offset: this.#end + offset, length: value.length, crc };
      offset += value.length;
      return place;
    });
    block.writeUInt32LE(crc32(block.subarray(headerBytes, start), crc32(block.subarray(4, 12))), 12);
    writeSync(this.#descriptor, block, 0, block.length, this.#end);
    this.#end += block.length;
    return places;
  }

  get bytes(): number {
    return this.#end;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
