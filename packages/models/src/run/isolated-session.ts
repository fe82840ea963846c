import { RankError } from '@rank-rank/core';
import type { TokenBatch } from './batch.ts';
import { type Answer, fromPlainError, type Request } from './protocol.ts';
import type { Reduced, Reduction } from './reduction.ts';
import type { GraphSource, Session, SessionOptions, TensorInfo } from './session.ts';
import { type Isolation, startWorker, type WorkerLink } from './worker-link.ts';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: RankError): void;
}

type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/**
 * A session in a worker. If the worker dies, what it was doing fails with a `MODEL` error, and the next run starts another.
 */
export class IsolatedSession implements Session {
  inputs: readonly TensorInfo[] = [];
  outputs: readonly TensorInfo[] = [];
  /** How often a worker had to be started again. */
  restarts = 0;
  readonly #source: GraphSource;
  readonly #options: SessionOptions;
  readonly #isolation: Isolation;
  readonly #script: URL | undefined;
  readonly #shown: string;
  readonly #waiting = new Map<number, Waiting>();
  #link: WorkerLink | undefined;
  #ready: Promise<void> | undefined;
  #reductions: readonly Reduction[] | undefined;
  #number = 0;
  #closed = false;
  /** Whether the worker keeps this process alive. */
  #kept = false;
  #started = false;

  private constructor(source: GraphSource, options: SessionOptions, isolation: Isolation, script: URL | undefined) {
    this.#source = source;
    this.#options = options;
    this.#isolation = isolation;
    this.#script = script;
    this.#shown = typeof source === 'string' ? source : `a graph of ${source.length} bytes`;
  }

  static async open(source: GraphSource, options: SessionOptions, isolation: Isolation = 'thread', script?: URL): Promise<IsolatedSession> {
    const session = new IsolatedSession(source, options, isolation, script);
    try {
      await session.#start();
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  async prepare(reductions: readonly Reduction[]): Promise<void> {
    this.#reductions = reductions;
    await this.#start();
    await this.#ask({ kind: 'prepare', reductions });
  }

  announce(): void {
    this.#link?.announce();
  }

  async run(batch: TokenBatch, wanted: readonly number[]): Promise<readonly Reduced[]> {
    await this.#start();
    const answer = await this.#ask({ kind: 'run', batch, wanted });
    return (answer as Extract<Answer, { results: unknown }>).results;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const link = this.#link;
    if (link === undefined) return;
    // Asked politely first: ending a thread inside native code is not safe.
    await this.#ask({ kind: 'close' }).catch(() => undefined);
    await link.end();
  }

  /** Starts the worker if there is none; several callers wait for the same start. */
  #start(): Promise<void> {
    if (this.#closed) return Promise.reject(new RankError('CLOSED', `The session of ${this.#shown} was closed.`));
    this.#ready ??= this.#open();
    return this.#ready;
  }

  async #open(): Promise<void> {
    if (this.#started) this.restarts++;
    this.#started = true;
    this.#kept = false;
    const link = startWorker(
      this.#isolation,
      { answered: (answer) => this.#answered(answer), ended: (why) => this.#ended(link, why) },
      this.#script,
    );
    this.#link = link;
    try {
      const answer = await this.#ask({ kind: 'open', source: this.#source, options: this.#options });
      ({ inputs: this.inputs, outputs: this.outputs } = (answer as Extract<Answer, { opened: unknown }>).opened);
      if (this.#reductions !== undefined) await this.#ask({ kind: 'prepare', reductions: this.#reductions });
    } catch (error) {
      this.#ready = undefined;
      if (this.#link === link) this.#link = undefined;
      await link.end();
      throw error;
    }
  }

  #ask(question: Question): Promise<Answer> {
    const link = this.#link;
    if (link === undefined) return Promise.reject(this.#died('it is not running'));
    const id = this.#number++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (!this.#kept) link.keepAlive(true);
      this.#kept = true;
      try {
        link.post({ ...question, id });
      } catch (cause) {
        this.#waiting.delete(id);
        reject(new RankError('MODEL', `The model's worker cannot be reached: ${(cause as Error).message}`, {}, { cause }));
      }
    });
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (waiting === undefined) return;
    if ('error' in answer) waiting.reject(fromPlainError(answer.error));
    else waiting.resolve(answer);
    // Whoever waited goes on first, and often asks again.
    if (this.#waiting.size === 0) setImmediate(() => this.#letGo());
  }

  #letGo(): void {
    if (!this.#kept || this.#waiting.size > 0 || this.#closed) return;
    this.#kept = false;
    this.#link?.keepAlive(false);
  }

  #ended(link: WorkerLink, why: string): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#ready = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#died(why));
  }

  #died(why: string): RankError {
    return new RankError(
      'MODEL',
      `The worker that runs ${this.#shown} died: ${why}. What it was doing is lost; the next call starts another. If it keeps dying, lower maxBatchTokens, or use a smaller or quantised model.`,
      { file: this.#shown, reason: why },
    );
  }
}
