import type { Worker } from 'node:worker_threads';
import { type Document, RankError, workerFlags } from '@rank-rank/core';
import type { GatheredSection } from './gathered-sections.ts';
import type { BuilderAnswer, BuilderRequest, BuilderSettings } from './protocol.ts';

/** Documents that are handed over together. */
const batchSize = 256;
/** Batches that a thread may have waiting: one to work on, one to go on with. */
const ahead = 2;

/** The compiled entry: tests run from the sources, which a worker cannot load. */
const entry: URL = import.meta.url.endsWith('.ts')
  ? new URL('../../../dist/lexical/parallel/builder.worker.js', import.meta.url)
  : new URL('./builder.worker.js', import.meta.url);

/**
 * Threads that each make segments of their share of the documents. Documents go to whichever has least to do, so which segment
 * holds a document differs from run to run; what is found does not.
 */
export class ParallelBuilder {
  readonly #builders: readonly Builder[];
  #batch: Document[] = [];

  private constructor(builders: readonly Builder[]) {
    this.#builders = builders;
  }

  static async start(threads: number, settings: BuilderSettings): Promise<ParallelBuilder> {
    const { Worker: Thread } = await import('node:worker_threads');
    return new ParallelBuilder(
      Array.from({ length: threads }, () => new Builder(new Thread(entry, { ...workerFlags(), workerData: settings }))),
    );
  }

  /** About how much memory documents take in all threads. */
  get bytes(): number {
    return this.#builders.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether a thread can take no more documents before it writes. */
  get full(): boolean {
    return this.#builders.some(({ full }) => full);
  }

  /** Takes a checked document; waits where all threads have enough to do. */
  async add({ id, text, title, metadata }: Document): Promise<void> {
    this.#batch.push({ id, text, ...(title !== undefined && { title }), ...(metadata !== undefined && { metadata }) });
    if (this.#batch.length >= batchSize) await this.#send();
  }

  /** Makes a segment of what each thread has: its sections. */
  async write(): Promise<(readonly GatheredSection[])[]> {
    await this.#send();
    const written = await Promise.all(this.#builders.map((builder) => builder.ask({ kind: 'write' })));
    return written.flatMap((said) => (said.kind === 'written' && said.sections !== undefined ? [said.sections] : []));
  }

  async close(): Promise<void> {
    await Promise.all(this.#builders.map((builder) => builder.end()));
  }

  async #send(): Promise<void> {
    if (this.#batch.length === 0) return;
    const documents = this.#batch;
    this.#batch = [];
    const free = this.#builders.reduce((least, builder) => (builder.waiting < least.waiting ? builder : least));
    const asked = free.ask({ kind: 'add', documents });
    // Its failure is told by the next call that waits.
    asked.catch(() => {});
    if (this.#builders.every(({ waiting }) => waiting >= ahead)) await Promise.race(this.#builders.map((builder) => builder.next()));
  }
}

interface Asked {
  readonly answered: Promise<BuilderAnswer>;
  readonly resolve: (answer: BuilderAnswer) => void;
  readonly reject: (error: RankError) => void;
}

/** One thread. It answers in the order in which it is asked. */
class Builder {
  bytes = 0;
  full = false;
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  #failure: RankError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: BuilderAnswer) => {
      if (answer.kind === 'failed') {
        this.#fail(answer.message);
        return;
      }
      this.bytes = answer.kind === 'added' ? answer.bytes : 0;
      this.full = answer.kind === 'added' && answer.full;
      this.#asked.shift()!.resolve(answer);
    });
    worker.on('error', (error) => this.#fail(error.message));
    worker.on('exit', () => this.#fail('it ended'));
  }

  /** Requests that are not answered yet. */
  get waiting(): number {
    return this.#asked.length;
  }

  ask(request: BuilderRequest): Promise<BuilderAnswer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    let settle!: Omit<Asked, 'answered'>;
    const answered = new Promise<BuilderAnswer>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#asked.push({ answered, ...settle });
    this.#worker.postMessage(request);
    return answered;
  }

  /** The answer that comes next. */
  next(): Promise<unknown> {
    return this.#failure === undefined ? (this.#asked[0]?.answered ?? Promise.resolve()) : Promise.reject(this.#failure);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(why: string): void {
    this.#failure ??= new RankError(
      'IO',
      `A thread that builds the index failed: ${why}. What was added since the last commit is not whole: roll back, and add it again with fewer threads.`,
    );
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }
}
