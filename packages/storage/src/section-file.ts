import { RankError, shown } from '@rank-rank/core';
import { crc32 } from './crc32.ts';
import {
  blockBytes,
  type ElementType,
  elementBytes,
  elementTypes,
  headMagic,
  kindBytes,
  layoutVersion,
  nameBytes,
  readAscii,
  tailMagic,
} from './layout.ts';

/** One named part of a file. */
export interface Section {
  readonly name: string;
  readonly type: ElementType;
  readonly offset: number;
  readonly length: number;
}

interface CheckedSection extends Section {
  readonly crc: number;
  checked: boolean;
}

/** Files up to this size are checked whole when they are opened (a few milliseconds); larger ones section by section, or by {@link SectionFile.verify}. */
const wholeCheckBytes = 32 << 20;
/** In larger files, sections up to this size are checked when first used. */
const lazyCheckBytes = 4 << 20;

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * A section file, open for reading: its sections are views of the bytes as they lie in the (mapped) file, never copies.
 *
 * A file that is cut, altered in its head or tail, of another kind, or written by a newer version is refused here with an
 * error that names it and the reason.
 */
export class SectionFile {
  readonly path: string;
  readonly kind: string;
  readonly version: number;
  readonly bytes: number;
  readonly #data: Uint8Array;
  readonly #sections = new Map<string, CheckedSection>();

  /** `kind` (any, if undefined) and `newestVersion` are what the caller can read. */
  constructor(path: string, data: Uint8Array, kind: string | undefined, newestVersion: number) {
    this.path = path;
    this.#data = data;
    this.bytes = data.length;
    if (!littleEndian) throw new RankError('UNSUPPORTED', `${path} cannot be used in place: this machine is big-endian.`, { file: path });
    if (data.length < 2 * blockBytes)
      throw this.#corrupt(`it has ${data.length} bytes, and the shortest has ${2 * blockBytes}; it was cut or never completed`);
    if (readAscii(data, 0, 8) !== headMagic)
      throw this.#corrupt(
        `it starts with ${shown(readAscii(data, 0, 8))} and not with ${headMagic}; it is some other file, or its head was overwritten`,
      );
    const head = new DataView(data.buffer, data.byteOffset, blockBytes);
    if (crc32(data.subarray(0, 60)) !== head.getUint32(60, true)) throw this.#corrupt('the checksum of its head does not match');
    this.kind = readAscii(data, 16, kindBytes);
    this.version = head.getUint32(12, true);
    const layout = head.getUint32(8, true);
    if (layout > layoutVersion || (this.kind === kind && this.version > newestVersion)) {
      const [found, known] =
        layout > layoutVersion ? [`layout ${layout}`, layoutVersion] : [`${kind} version ${this.version}`, newestVersion];
      throw new RankError(
        'UNSUPPORTED_VERSION',
        `${path} was written by a newer version of rank-rank: it has ${found}, this one reads up to ${known}. Update rank-rank, or rebuild the index.`,
        { file: path, version: this.version },
      );
    }
    if (kind !== undefined && this.kind !== kind)
      throw new RankError('CORRUPT', `${path} holds ${shown(this.kind)}; expected ${shown(kind)}.`, {
        file: path,
        found: this.kind,
        expected: kind,
      });
    this.#readTable();
    if (data.length <= wholeCheckBytes) for (const section of this.#sections.values()) this.#check(section);
  }

  /** Opens a file of whatever kind and version, to look at it or to verify it. */
  static inspect(path: string, data: Uint8Array): SectionFile {
    return new SectionFile(path, data, undefined, Number.POSITIVE_INFINITY);
  }

  get sections(): readonly Section[] {
    return [...this.#sections.values()];
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  u8(name: string): Uint8Array {
    return this.#bytesOf(name, 'u8');
  }
  i8(name: string): Int8Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'i8');
    return new Int8Array(buffer, byteOffset, byteLength);
  }
  u16(name: string): Uint16Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'u16');
    return new Uint16Array(buffer, byteOffset, byteLength / 2);
  }
  i16(name: string): Int16Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'i16');
    return new Int16Array(buffer, byteOffset, byteLength / 2);
  }
  u32(name: string): Uint32Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'u32');
    return new Uint32Array(buffer, byteOffset, byteLength / 4);
  }
  i32(name: string): Int32Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'i32');
    return new Int32Array(buffer, byteOffset, byteLength / 4);
  }
  f32(name: string): Float32Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'f32');
    return new Float32Array(buffer, byteOffset, byteLength / 4);
  }
  f64(name: string): Float64Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'f64');
    return new Float64Array(buffer, byteOffset, byteLength / 8);
  }
  u64(name: string): BigUint64Array {
    const { buffer, byteOffset, byteLength } = this.#bytesOf(name, 'u64');
    return new BigUint64Array(buffer, byteOffset, byteLength / 8);
  }
  text(name: string): string {
    return new TextDecoder().decode(this.#bytesOf(name, 'text'));
  }
  json(name: string): unknown {
    const text = new TextDecoder().decode(this.#bytesOf(name, 'json'));
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#corrupt(`its section ${shown(name)} is no JSON (${(error as Error).message})`);
    }
  }

  /** Reads every byte and compares every checksum. */
  verify(onSection?: (section: Section) => void): void {
    for (const section of this.#sections.values()) {
      section.checked = false;
      this.#check(section);
      onSection?.(section);
    }
  }

  #readTable(): void {
    const data = this.#data;
    const at = data.length - blockBytes;
    const tail = new DataView(data.buffer, data.byteOffset + at, blockBytes);
    if (readAscii(data, at, 8) !== tailMagic) throw this.#corrupt('its tail is missing: it was cut, or never completed');
    if (crc32(data.subarray(at, at + 60)) !== tail.getUint32(60, true)) throw this.#corrupt('the checksum of its tail does not match');
    const tableOffset = Number(tail.getBigUint64(8, true));
    const length = Number(tail.getBigUint64(16, true));
    const count = tail.getUint32(24, true);
    if (length !== data.length) throw this.#corrupt(`it has ${data.length} bytes and was written with ${length}`);
    if (tableOffset + count * blockBytes !== at) throw this.#corrupt('its table does not lie where its tail says');
    const table = data.subarray(tableOffset, at);
    if (crc32(table) !== tail.getUint32(28, true)) throw this.#corrupt('the checksum of its table does not match');
    const entries = new DataView(table.buffer, table.byteOffset, table.length);
    for (let i = 0; i < count; i++) {
      const entry = i * blockBytes;
      const name = readAscii(table, entry, nameBytes);
      const offset = Number(entries.getBigUint64(entry + 32, true));
      const bytes = Number(entries.getBigUint64(entry + 40, true));
      const type = elementTypes[entries.getUint8(entry + 52)];
      if (type === undefined || offset % blockBytes !== 0 || offset + bytes > tableOffset || bytes % elementBytes[type] !== 0) {
        throw this.#corrupt(`its section ${shown(name)} does not lie within it`);
      }
      this.#sections.set(name, { name, offset, length: bytes, crc: entries.getUint32(entry + 48, true), type, checked: false });
    }
  }

  #bytesOf(name: string, type: ElementType): Uint8Array {
    const section = this.#sections.get(name);
    if (section === undefined) throw this.#corrupt(`it has no section ${shown(name)}`);
    if (section.type !== type) throw this.#corrupt(`its section ${shown(name)} holds ${section.type}; expected ${type}`);
    if (!section.checked && section.length <= lazyCheckBytes) this.#check(section);
    return this.#data.subarray(section.offset, section.offset + section.length);
  }

  #check(section: CheckedSection): void {
    if (section.checked) return;
    if (crc32(this.#data.subarray(section.offset, section.offset + section.length)) !== section.crc) {
      throw this.#corrupt(`the checksum of its section ${shown(section.name)} does not match: bytes were altered after it was written`);
    }
    section.checked = true;
  }

  #corrupt(reason: string): RankError {
    return new RankError('CORRUPT', `${this.path} is damaged: ${reason}. Restore it from a copy, or rebuild the index.`, {
      file: this.path,
      reason,
    });
  }
}
