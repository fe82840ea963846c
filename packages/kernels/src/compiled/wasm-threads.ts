import { cancelled, RankError } from '@rank-rank/core';
import type { StagedCall } from './wasm-call.ts';
import type { WasmMemory } from './wasm-memory.ts';

/** A thread as the runtime has it: a worker of Node or of a browser. */
export interface WasmWorker {
  post(message: unknown): void;
  /** Called for each message that the worker posts, and when it dies. */
  listen(onMessage: (message: { readonly job: number; readonly trouble?: string }) => void, onDeath: (trouble: string) => void): void;
  /** Whether the process waits for this worker. */
  hold(held: boolean): void;
}

/** Where a job's entries stand, in words of four bytes; rr_job of native/wasm.c has the same. */
const job = { numbers: 0, buffers: 1, bufferCount: 2, cancelled: 3, next: 4, fault: 5 } as const;
const stackBytes = 262_144;
/** The size of rr_scratch, with room. */
const scratchBytes = 64;

interface Thread {
  readonly worker: WasmWorker;
  readonly jobs: Map<number, (trouble: string | undefined) => void>;
}

/** Threads that work at calls together: each takes the next units until none are left. */
export class WasmThreads {
  readonly #memory: WasmMemory;
  readonly #start: () => WasmWorker;
  readonly #most: number;
  readonly #threads: Thread[] = [];

  constructor(memory: WasmMemory, start: () => WasmWorker, most: number) {
    this.#memory = memory;
    this.#start = start;
    this.#most = Math.max(1, most);
  }

  /** Works a staged call off on up to so many threads. Its fault, if any, stands in its numbers. */
  async run(call: StagedCall, threads: number, operation: string, signal: AbortSignal | undefined): Promise<void> {
    const { words } = this.#memory;
    const at = call.job / 4;
    words.fill(0, at, at + 8);
    words[at + job.numbers] = call.pointer;
    words[at + job.buffers] = call.table;
    words[at + job.bufferCount] = call.buffers;
    const stop = new Int32Array(words.buffer, call.job, 8);
    const onAbort = (): void => {
      Atomics.store(stop, job.cancelled, 1);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      const troubles = await Promise.all(this.#least(threads).map((thread) => this.#send(thread, call.job)));
      const trouble = troubles.find((text) => text !== undefined);
      if (trouble !== undefined)
        throw new RankError('CORRUPT', `${operation}: a thread of the WebAssembly kernels failed: ${trouble}`, { operation });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    if (signal?.aborted) throw cancelled(signal, operation);
  }

  #send(thread: Thread, pointer: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (thread.jobs.size === 0) thread.worker.hold(true);
      thread.jobs.set(pointer, resolve);
      thread.worker.post({ job: pointer });
    });
  }

  /** The least busy threads; new ones while there are too few. */
  #least(count: number): Thread[] {
    const wanted = Math.min(count, this.#most);
    const idle = this.#threads.filter(({ jobs }) => jobs.size === 0).length;
    for (let missing = wanted - idle; missing > 0 && this.#threads.length < this.#most; missing--) this.#threads.push(this.#open());
    return this.#threads.toSorted((a, b) => a.jobs.size - b.jobs.size).slice(0, wanted);
  }

  #open(): Thread {
    const memory = this.#memory;
    const area = memory.reserve(stackBytes + scratchBytes, true);
    if (area === 0) throw new RankError('OUT_OF_RANGE', "WebAssembly's memory has no room for another thread. Use fewer threads.");
    const thread: Thread = { worker: this.#start(), jobs: new Map() };
    const settle = (pointer: number, trouble: string | undefined): void => {
      const resolve = thread.jobs.get(pointer);
      thread.jobs.delete(pointer);
      if (thread.jobs.size === 0) thread.worker.hold(false);
      resolve?.(trouble);
    };
    thread.worker.listen(
      (message) => settle(message.job, message.trouble),
      (trouble) => {
        const place = this.#threads.indexOf(thread);
        if (place >= 0) this.#threads.splice(place, 1);
        for (const pointer of [...thread.jobs.keys()]) settle(pointer, trouble);
      },
    );
    thread.worker.hold(false);
    thread.worker.post({ module: memory.module, memory: memory.memory, scratch: area, stack: area + scratchBytes + stackBytes });
    return thread;
  }
}
