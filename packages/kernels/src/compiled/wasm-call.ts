import { RankError } from '@rank-rank/core';
import type { OperationName } from '../arguments.ts';
import { type Buffer, encoders, header, Writer } from './encode.ts';
import type { WasmMemory } from './wasm-memory.ts';
import { written } from './written.ts';

/** Room for a call's numbers, its table of buffers and a job, at the start of an area. */
const numbersBytes = 96 * 8;
const tableBytes = 40 * 8;
export const headBytes: number = numbersBytes + tableBytes + 128;
/** Areas that are larger are given back after a call. */
const keptBytes = 8 * 2 ** 20;

/** A part of WebAssembly's memory that calls are written into, with copies of the arrays that lie elsewhere. */
export class WasmArea {
  pointer = 0;
  size = 0;
  readonly #memory: WasmMemory;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  fit(bytes: number): void {
    if (bytes <= this.size) return;
    this.empty();
    this.pointer = this.#memory.reserve(bytes);
    if (this.pointer === 0) {
      throw new RankError(
        'OUT_OF_RANGE',
        `WebAssembly's memory has no room for ${bytes} bytes more; it ends at 4 GiB. Use the native kernels, or give less at a time.`,
        { bytes },
      );
    }
    this.size = bytes;
  }

  empty(): void {
    if (this.pointer !== 0) this.#memory.release(this.pointer);
    this.pointer = this.size = 0;
  }

  trim(): void {
    if (this.size > keptBytes) this.empty();
  }
}

/** Writes calls down where the kernels read them. */
export class WasmCall {
  readonly numbers: Float64Array;
  readonly buffers: Buffer[];
  readonly #memory: WasmMemory;
  readonly #operations: ReadonlyMap<string, number>;
  readonly #writer: Writer = new Writer();

  constructor(memory: WasmMemory, operations: ReadonlyMap<string, number>) {
    this.#memory = memory;
    this.#operations = operations;
    ({ numbers: this.numbers, buffers: this.buffers } = this.#writer);
  }

  write(operation: OperationName, call: unknown, begin: number, end: number): void {
    this.#writer.start(0, this.#operations.get(operation)!);
    (encoders[operation] as (writer: Writer, call: unknown) => void)(this.#writer, call);
    this.#writer.finish(begin, end);
  }

  /** How many bytes of the call lie outside of the memory. */
  foreignBytes(): number {
    let bytes = 0;
    for (const buffer of this.buffers) {
      if (buffer !== undefined && buffer.byteLength > 0 && this.#memory.place(buffer) < 0) bytes += (buffer.byteLength + 63) & ~63;
    }
    return bytes;
  }

  /** Puts the call into an area. Arrays that lie outside are copied there. */
  stage(operation: OperationName, call: unknown, area: WasmArea): StagedCall {
    const { buffers, numbers } = this;
    const memory = this.#memory;
    const outputs = (written[operation] as (call: unknown) => readonly Buffer[])(call);
    for (const output of outputs) if (output !== undefined) memory.forget(output.buffer);
    const places = buffers.map((buffer) => (buffer === undefined || buffer.byteLength === 0 ? 0 : memory.place(buffer)));
    let size = headBytes;
    for (let i = 0; i < buffers.length; i++) if (places[i]! < 0) size += Math.ceil(buffers[i]!.byteLength / 64) * 64;
    area.fit(size);
    const { pointer } = area;
    memory.doubles.set(numbers.subarray(0, header.size + numbers[header.count]!), pointer / 8);
    const table = (pointer + numbersBytes) / 4;
    let at = pointer + headBytes;
    const back: [to: Uint8Array, from: number][] = [];
    for (let i = 0; i < buffers.length; i++) {
      const buffer = buffers[i];
      const bytes = buffer === undefined ? 0 : buffer.byteLength;
      let place = places[i]!;
      if (place < 0) {
        place = at;
        at += Math.ceil(bytes / 64) * 64;
        const own = new Uint8Array(buffer!.buffer, buffer!.byteOffset, bytes);
        memory.bytes.set(own, place);
        if (outputs.includes(buffer)) back.push([own, place]);
      }
      memory.words[table + 2 * i] = place;
      memory.words[table + 2 * i + 1] = bytes;
    }
    return { pointer, table: pointer + numbersBytes, job: pointer + numbersBytes + tableBytes, buffers: buffers.length, back };
  }
}

/** A call in WebAssembly's memory: where its numbers, buffers and job stand, and what has to be copied back. */
export interface StagedCall {
  readonly pointer: number;
  readonly table: number;
  readonly job: number;
  readonly buffers: number;
  readonly back: readonly (readonly [to: Uint8Array, from: number])[];
}
