import { RankError } from '@rank-rank/core';
import { type WasmMemoryObject, type WasmModule, webAssembly } from './web-assembly.ts';

/** What native/wasm.c exports. Pointers come as signed numbers. */
interface WasmExports {
  reserve(bytes: number, zeroed: number): number;
  release(pointer: number): void;
  instructionSet(): number;
  operation(index: number): number;
  run(scratch: number, numbers: number, buffers: number, bufferCount: number): void;
  work(scratch: number, job: number): void;
}

const initialPages = 64;
/** Tried one after the other: some systems let a process reserve only so much. */
const largestPages = [65_536, 16_384, 4096];

/** Where a flag of the module says that its memory is shared: the limits of the only import, `env.memory`. */
function withoutSharing(module: Uint8Array): Uint8Array {
  const name = 'memory';
  const copy = module.slice();
  for (let at = 8; at < copy.length - name.length - 2; at++) {
    if (
      [...name].every((letter, i) => copy[at + i] === letter.charCodeAt(0)) &&
      copy[at + name.length] === 2 &&
      copy[at + name.length + 1] === 3
    ) {
      // Limits 3 have a largest size and are shared; 1 is the same unshared, which atomic instructions run on too.
      copy[at + name.length + 1] = 1;
      return copy;
    }
  }
  throw new RankError(
    'CORRUPT',
    'The WebAssembly kernels import no shared memory. Build them again: npm run build:wasm -w @rank-rank/kernels.',
  );
}

/**
 * The memory of the WebAssembly kernels: what is handed out by {@link reserve}, and which arrays lie in it.
 *
 * Shared memory grows in place, and arrays on it stay good. Where there is none (a page that is not cross-origin isolated), growing moves
 * the memory and detaches what was there, so nothing of it is handed out and there is one thread.
 */
export class WasmMemory {
  readonly module: WasmModule;
  readonly memory: WasmMemoryObject;
  readonly exports: WasmExports;
  readonly shared: boolean;
  bytes: Uint8Array = new Uint8Array(0);
  words: Uint32Array = new Uint32Array(0);
  doubles: Float64Array = new Float64Array(0);
  /** Each growth of shared memory gives another buffer; the earlier ones go on showing the start of the same memory. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #buffer: ArrayBufferLike | undefined;
  /** Buffers that are read from files and never written: their copies stay. */
  readonly #files = new WeakMap<ArrayBufferLike, { pointer: number }>();
  readonly #forgotten = new FinalizationRegistry<{ pointer: number }>((copy) => this.exports.release(copy.pointer));

  constructor(code: Uint8Array, sharing: boolean) {
    const memory = sharing ? sharedMemory() : undefined;
    this.shared = memory !== undefined;
    this.memory = memory ?? new webAssembly!.Memory({ initial: initialPages, maximum: largestPages[0]! });
    this.module = new webAssembly!.Module(this.shared ? code : withoutSharing(code));
    this.exports = new webAssembly!.Instance(this.module, { env: { memory: this.memory } }).exports as unknown as WasmExports;
    this.renew();
  }

  /** Makes the views anew if the memory has grown. */
  renew(): void {
    const { buffer } = this.memory;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer;
    this.#buffers.add(buffer);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  /** The place of so many bytes, aligned to 64, or 0 where there is no room. The views cover it. */
  reserve(bytes: number, zeroed = false): number {
    const pointer = bytes > 0xffff_ff00 ? 0 : this.exports.reserve(bytes, Number(zeroed)) >>> 0;
    this.renew();
    if (pointer + bytes > this.bytes.length) {
      // Another thread has grown the memory; growing by nothing fetches a buffer of the whole.
      this.memory.grow(0);
      this.renew();
    }
    return pointer;
  }

  release(pointer: number): void {
    this.exports.release(pointer);
  }

  /** Whether an array lies in this memory. */
  holds(array: ArrayBufferView): boolean {
    const { buffer } = array;
    return this.shared && (buffer === this.#buffer || this.#buffers.has(buffer));
  }

  /** Says that a buffer is a file's, which nobody writes to: one copy of it is kept here from its first use until the buffer is garbage. */
  keep(buffer: ArrayBufferLike): void {
    this.#files.set(buffer, { pointer: 0 });
  }

  /** A file's buffer that is written to after all is treated as any other from now on. */
  forget(buffer: ArrayBufferLike): void {
    const copy = this.#files.get(buffer);
    if (copy === undefined) return;
    this.#files.delete(buffer);
    this.#forgotten.unregister(copy);
    this.release(copy.pointer);
  }

  /** Where an array lies, or −1 where it lies outside. */
  place(array: ArrayBufferView): number {
    if (this.holds(array)) return array.byteOffset;
    const { buffer } = array;
    const copy = this.#files.get(buffer);
    if (copy === undefined) return -1;
    if (copy.pointer === 0) {
      copy.pointer = this.reserve(buffer.byteLength);
      if (copy.pointer === 0) {
        this.#files.delete(buffer);
        return -1;
      }
      this.bytes.set(new Uint8Array(buffer), copy.pointer);
      this.#forgotten.register(buffer, copy, copy);
    }
    return copy.pointer + array.byteOffset;
  }

  /** A string of the module, which ends with a zero. */
  text(pointer: number): string | undefined {
    if (pointer === 0) return undefined;
    const end = this.bytes.indexOf(0, pointer);
    return String.fromCharCode(...this.bytes.subarray(pointer, end));
  }
}

function sharedMemory(): WasmMemoryObject | undefined {
  if (typeof SharedArrayBuffer === 'undefined') return undefined;
  for (const maximum of largestPages) {
    try {
      return new webAssembly!.Memory({ initial: initialPages, maximum, shared: true });
    } catch {
      // Too much for this system: less is tried.
    }
  }
  return undefined;
}
