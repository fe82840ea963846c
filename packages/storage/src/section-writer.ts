import { RankError, shown } from '@rank-rank/core';
import { crc32 } from './crc32.ts';
import type { FileSystem, OutputFile } from './file-system.ts';
import {
  aligned,
  blockBytes,
  type ElementType,
  elementTypes,
  headMagic,
  kindBytes,
  layoutVersion,
  nameBytes,
  tailMagic,
  writeAscii,
} from './layout.ts';

/** What a section can be written from. */
export type SectionData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array;

interface Written {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
  readonly type: ElementType;
}

const bufferBytes = 1 << 20;

/**
 * Writes a section file from front to back; memory is one buffer, whatever the size. The file is whole only after {@link finish}.
 *
 * @example
 * await writer.write('offsets', new Uint32Array([0, 3]));
 * await writer.write('scores', chunksOfFloat32Arrays()); // any iterable, also an asynchronous one
 * await writer.finish();
 */
export class SectionWriter {
  /** The file's name within its folder. */
  readonly name: string;
  readonly #path: string;
  readonly #file: OutputFile;
  #buffer = new Uint8Array(bufferBytes);
  readonly #sections: Written[] = [];
  #filled = 0;
  #offset = 0;
  #state: 'open' | 'writing' | 'finished' | 'abandoned' = 'open';

  readonly #onEnd: (() => void) | undefined;

  private constructor(path: string, name: string, file: OutputFile, onEnd: (() => void) | undefined) {
    this.#onEnd = onEnd;
    this.#path = path;
    this.name = name;
    this.#file = file;
  }

  /** `onEnd` is told when the file is finished or given up. */
  static async create(
    path: string,
    name: string,
    kind: string,
    version: number,
    fileSystem: FileSystem,
    onEnd?: (writer: SectionWriter) => void,
  ): Promise<SectionWriter> {
    if (!/^[\x21-\x7e]{1,16}$/.test(kind))
      throw new RankError('INVALID_ARGUMENT', `The kind of ${name} is ${shown(kind)}; expected 1 to ${kindBytes} ASCII characters.`);
    const writer: SectionWriter = new SectionWriter(path, name, await fileSystem.create(path), () => onEnd?.(writer));
    const head = new Uint8Array(blockBytes);
    const view = new DataView(head.buffer);
    writeAscii(head, 0, headMagic);
    view.setUint32(8, layoutVersion, true);
    view.setUint32(12, version, true);
    writeAscii(head, 16, kind);
    view.setUint32(60, crc32(head.subarray(0, 60)), true);
    await writer.#append(head);
    return writer;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** Writes one section whole, from one array or from any number of chunks of one type. An iterable without chunks needs `type`. */
  async write(name: string, data: SectionData | Iterable<SectionData> | AsyncIterable<SectionData>, type?: ElementType): Promise<void> {
    if (this.#state !== 'open')
      throw new RankError(
        'CLOSED',
        `${this.#path}: section ${shown(name)} was written while the file was ${this.#state}; write one section after the other, before finish().`,
      );
    if (!/^[\x21-\x7e]{1,32}$/.test(name))
      throw new RankError('INVALID_ARGUMENT', `Section name ${shown(name)}; expected 1 to ${nameBytes} ASCII characters.`);
    if (this.#sections.some((section) => section.name === name))
      throw new RankError('ALREADY_EXISTS', `${this.#path} has a section ${shown(name)} already.`);
    this.#state = 'writing';
    await this.#pad();
    const offset = this.#offset;
    let crc = 0;
    let elementType = type;
    for await (const chunk of ArrayBuffer.isView(data) ? [data as SectionData] : data) {
      elementType ??= typeOf(chunk);
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      crc = crc32(bytes, crc);
      await this.#append(bytes);
    }
    this.#sections.push({ name, offset, length: this.#offset - offset, crc, type: elementType ?? 'u8' });
    this.#state = 'open';
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, new TextEncoder().encode(JSON.stringify(value)), 'json');
  }

  async writeText(name: string, text: string): Promise<void> {
    await this.write(name, new TextEncoder().encode(text), 'text');
  }

  /** Completes the file and makes it durable. */
  async finish(): Promise<void> {
    if (this.#state !== 'open') throw new RankError('CLOSED', `${this.#path} was finished while it was ${this.#state}.`);
    await this.#pad();
    const tableOffset = this.#offset;
    const table = new Uint8Array(blockBytes * this.#sections.length);
    const entries = new DataView(table.buffer);
    this.#sections.forEach(({ name, offset, length, crc, type }, i) => {
      const at = i * blockBytes;
      writeAscii(table, at, name);
      entries.setBigUint64(at + 32, BigInt(offset), true);
      entries.setBigUint64(at + 40, BigInt(length), true);
      entries.setUint32(at + 48, crc, true);
      entries.setUint8(at + 52, elementTypes.indexOf(type));
    });
    await this.#append(table);
    const tail = new Uint8Array(blockBytes);
    const view = new DataView(tail.buffer);
    writeAscii(tail, 0, tailMagic);
    view.setBigUint64(8, BigInt(tableOffset), true);
    view.setBigUint64(16, BigInt(this.#offset + blockBytes), true);
    view.setUint32(24, this.#sections.length, true);
    view.setUint32(28, crc32(table), true);
    view.setUint32(60, crc32(tail.subarray(0, 60)), true);
    await this.#append(tail);
    await this.#flush();
    await this.#file.sync();
    await this.#end('finished');
  }

  /** Gives the file up; what was written is left for the store to remove. */
  async abandon(): Promise<void> {
    if (this.#state === 'finished' || this.#state === 'abandoned') return;
    await this.#end('abandoned');
  }

  async #end(state: 'finished' | 'abandoned'): Promise<void> {
    this.#state = state;
    // Writers are kept until their commit, their buffers need not be.
    this.#buffer = new Uint8Array(0);
    this.#onEnd?.();
    await this.#file.close();
  }

  async #pad(): Promise<void> {
    await this.#append(new Uint8Array(aligned(this.#offset) - this.#offset));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    if (this.#filled + bytes.length > bufferBytes) await this.#flush();
    if (bytes.length >= bufferBytes) {
      await this.#file.write(bytes);
    } else {
      this.#buffer.set(bytes, this.#filled);
      this.#filled += bytes.length;
    }
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#file.write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

function typeOf(data: SectionData): ElementType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Uint32Array) return 'u32';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Uint16Array) return 'u16';
  if (data instanceof Int16Array) return 'i16';
  if (data instanceof Int8Array) return 'i8';
  if (data instanceof Float64Array) return 'f64';
  if (data instanceof BigUint64Array) return 'u64';
  return 'u8';
}
