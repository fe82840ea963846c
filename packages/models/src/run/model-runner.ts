import { availableParallelism } from 'node:os';
import { cancelled, checkInteger, checkOneOf, type OnProgress, RankError, throttleProgress } from '@rank-rank/core';
import { type TokenBatch, type TokenRow, toBatch } from './batch.ts';
import { IsolatedSession } from './isolated-session.ts';
import { openOnnxSession } from './onnx-session.ts';
import type { Reduced, Reduction } from './reduction.ts';
import { executionProviders, type GraphSource, type Session, type SessionOptions, type TensorInfo } from './session.ts';
import type { Isolation } from './worker-link.ts';

/** How a model is run. */
export interface RunOptions extends SessionOptions {
  /** How many sessions share the work, each with its own copy of the weights and its own threads; 1 by default. */
  readonly sessions?: number;
  /** `thread` (the default) keeps the event loop free, `process` also survives a crash of native code, `none` runs where it is called. */
  readonly isolation?: Isolation | 'none';
  /** The most tokens of a batch, padding included: 512 a thread on the CPU, where small batches are fastest, else 16384. */
  readonly maxBatchTokens?: number;
  /** How many texts may wait before more are refused with `OVERLOADED`; any number by default. */
  readonly maxWaiting?: number;
}

export const runOptions: readonly string[] = ['runtime', 'providers', 'threads', 'sessions', 'isolation', 'maxBatchTokens', 'maxWaiting'];

/** What one text's reduction gave. */
export interface RowResult {
  readonly data: Float32Array;
  readonly size: number;
  readonly indices?: Uint32Array;
}

/** Takes the results of one row of a call, in the order of the reductions asked for. Rows come in any order. */
export type TakeRow = (row: number, results: readonly RowResult[]) => void;

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface RunnerStatistics {
  readonly texts: number;
  readonly tokens: number;
  /** Tokens of padding that were computed for nothing. */
  readonly padding: number;
  readonly batches: number;
  /** Texts of which tokens were cut off. */
  readonly truncated: number;
  /** Milliseconds that sessions were busy, all of them together. */
  readonly busy: number;
  readonly waiting: number;
  readonly restarts: number;
}

/** How rows are filled up to one length. */
type Padding = Pick<TokenBatch, 'padId' | 'padsLeft'>;

/** A batch ends before a row shorter than this share of its longest: padding costs as much as text. */
const evenness = 0.7;

/**
 * Runs texts of any number of concurrent calls on a few sessions: batches by token budget, of texts alike in length, calls served
 * in turn, so that one query is not kept waiting by a hundred thousand documents.
 */
export class ModelRunner {
  readonly padId: number;
  readonly padsLeft: boolean;
  readonly maxBatchTokens: number;
  readonly #sessions: readonly Session[];
  readonly #maxWaiting: number;
  readonly #depth: number;
  readonly #running: number[];
  #calls: Call[] = [];
  #waiting = 0;
  #closed = false;
  #texts = 0;
  #tokens = 0;
  #padding = 0;
  #batches = 0;
  #truncated = 0;
  #busy = 0;

  private constructor(sessions: readonly Session[], options: RunOptions, tokenizer: Padding, batchTokens: number) {
    this.#sessions = sessions;
    this.#running = sessions.map(() => 0);
    this.padId = tokenizer.padId;
    this.padsLeft = tokenizer.padsLeft;
    this.maxBatchTokens = batchTokens;
    this.#maxWaiting = options.maxWaiting ?? Number.POSITIVE_INFINITY;
    // One batch on its way while another runs: the worker never waits for the main thread.
    this.#depth = options.isolation === 'none' ? 1 : 2;
  }

  static async open(source: GraphSource, options: RunOptions, tokenizer: Padding | Promise<Padding>): Promise<ModelRunner> {
    const sessions = checkInteger('sessions', options.sessions ?? 1, { min: 1, max: 64 });
    const isolation = checkOneOf('isolation', options.isolation ?? 'thread', ['thread', 'process', 'none']);
    for (const provider of options.providers ?? []) checkOneOf('providers', provider, executionProviders);
    const onCpu = (options.providers?.[0] ?? 'cpu') === 'cpu' || options.providers?.[0] === 'wasm';
    const threads = checkInteger('threads', options.threads ?? Math.max(1, Math.floor(Math.min(8, availableParallelism()) / sessions)), {
      min: 1,
    });
    const batchTokens = checkInteger('maxBatchTokens', options.maxBatchTokens ?? (onCpu ? 512 * threads : 16_384), { min: 1 });
    const sessionOptions: SessionOptions = {
      threads,
      ...(options.runtime && { runtime: checkOneOf('runtime', options.runtime, ['onnxruntime-node', 'onnxruntime-web']) }),
      ...(options.providers && { providers: options.providers }),
    };
    const opening = Array.from({ length: sessions }, () =>
      isolation === 'none' ? openOnnxSession(source, sessionOptions) : IsolatedSession.open(source, sessionOptions, isolation),
    );
    const [padding, ...opened] = await Promise.allSettled([tokenizer, ...opening]);
    const failed = [padding, ...opened].find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
      throw failed.reason;
    }
    return ModelRunner.over(
      opened.map((result) => (result as PromiseFulfilledResult<Session>).value),
      { ...options, maxBatchTokens: batchTokens },
      (padding as PromiseFulfilledResult<Padding>).value,
    );
  }

  /** Runs on sessions that are open already. */
  static over(
    sessions: readonly Session[],
    options: Pick<RunOptions, 'isolation' | 'maxWaiting'> & { readonly maxBatchTokens: number },
    tokenizer: Padding,
  ): ModelRunner {
    return new ModelRunner(sessions, options, tokenizer, options.maxBatchTokens);
  }

  get inputs(): readonly TensorInfo[] {
    return this.#sessions[0]!.inputs;
  }

  get outputs(): readonly TensorInfo[] {
    return this.#sessions[0]!.outputs;
  }

  get statistics(): RunnerStatistics {
    const restarts = this.#sessions.reduce((sum, session) => sum + (session instanceof IsolatedSession ? session.restarts : 0), 0);
    return {
      texts: this.#texts,
      tokens: this.#tokens,
      padding: this.#padding,
      batches: this.#batches,
      truncated: this.#truncated,
      busy: this.#busy,
      waiting: this.#waiting,
      restarts,
    };
  }

  /** Says what is wanted of the outputs; `run` names reductions by their place in this list. */
  async prepare(reductions: readonly Reduction[]): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.prepare(reductions)));
  }

  /** Runs one short text through every session, so that the first real one does not pay for memory and kernels being set up. */
  async warmUp(tokens: readonly number[], wanted: readonly number[]): Promise<void> {
    const batch = toBatch([{ ids: Int32Array.from(tokens.length > 0 ? tokens : [this.padId]) }], this.padId, this.padsLeft);
    await Promise.all(this.#sessions.map((session) => session.run(batch, wanted)));
  }

  /** Says that a few texts will come as soon as they are tokenised, so that a session that sleeps is awake by then. */
  announce(): void {
    if (this.#running[0] === 0 && this.#calls.length === 0) this.#sessions[0]!.announce?.();
  }

  /** Runs rows and gives each to `take` as it is done. */
  run(rows: readonly TokenRow[], wanted: readonly number[], take: TakeRow, options: CallOptions = {}): Promise<void> {
    if (this.#closed) return Promise.reject(new RankError('CLOSED', 'The model was closed.'));
    if (rows.length === 0) return Promise.resolve();
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(cancelled(signal, 'Running the model'));
    if (this.#waiting + rows.length > this.#maxWaiting) {
      return Promise.reject(
        new RankError(
          'OVERLOADED',
          `${this.#waiting} texts wait for the model, and ${rows.length} more would exceed maxWaiting (${this.#maxWaiting}). Try again later, or run more sessions.`,
          { waiting: this.#waiting, maxWaiting: this.#maxWaiting },
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const progress = throttleProgress(options.onProgress);
      const call = new Call(rows, wanted, take, {
        resolve,
        reject,
        progressed: (done) => progress({ stage: 'encoding', done, total: rows.length, unit: 'texts' }),
      });
      this.#waiting += rows.length;
      this.#calls.push(call);
      if (signal !== undefined) {
        const abort = (): void => this.#drop(call, cancelled(signal, 'Running the model'));
        signal.addEventListener('abort', abort, { once: true });
        call.ended = () => signal.removeEventListener('abort', abort);
      }
      this.#fill();
    });
  }

  /** Waits for what is running, refuses what waits, and lets the sessions go. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of [...this.#calls]) this.#drop(call, new RankError('CLOSED', 'The model was closed.'));
    await Promise.all(this.#sessions.map((session) => session.close()));
  }

  /** Gives batches to sessions that have room. */
  #fill(): void {
    while (this.#calls.length > 0 && !this.#closed) {
      const least = Math.min(...this.#running);
      if (least >= this.#depth) return;
      const index = this.#running.indexOf(least);
      const picks = this.#nextBatch();
      if (picks.length === 0) return;
      this.#running[index]!++;
      void this.#runBatch(index, picks);
    }
  }

  /** The next rows: the longest of the call whose turn it is, those like them, and those of other calls that are like them too. */
  #nextBatch(): Picked[] {
    const turn = this.#calls.shift()!;
    const picks: Picked[] = [];
    const width = turn.nextLength();
    const takeFrom = (call: Call): void => {
      while (call.hasNext() && (picks.length + 1) * width <= Math.max(this.maxBatchTokens, width)) {
        const length = call.nextLength();
        if (length > width || length < evenness * width) break;
        picks.push({ call, row: call.next() });
      }
    };
    takeFrom(turn);
    // Calls that failed in company are run by themselves, so that nobody pays for another's text.
    if (!turn.alone) {
      for (const call of this.#calls) {
        if (!call.alone && call.wantedKey === turn.wantedKey) takeFrom(call);
      }
    }
    this.#calls = this.#calls.filter((call) => call.hasNext());
    if (turn.hasNext()) this.#calls.push(turn);
    this.#waiting -= picks.length;
    return picks;
  }

  async #runBatch(index: number, picks: readonly Picked[]): Promise<void> {
    const rows = picks.map(({ call, row }) => call.rows[row]!);
    const batch = toBatch(rows, this.padId, this.padsLeft);
    const started = performance.now();
    try {
      const results = await this.#sessions[index]!.run(batch, picks[0]!.call.wanted);
      this.#busy += performance.now() - started;
      this.#texts += batch.rows;
      this.#tokens += batch.ids.length;
      this.#padding += batch.rows * batch.width - batch.ids.length;
      this.#batches++;
      for (const row of rows) if (row.truncated) this.#truncated++;
      const parts = results.map((result) => splitRows(result, batch.rows));
      picks.forEach(({ call, row }, i) => {
        call.done(
          row,
          parts.map((part) => part[i]!),
        );
      });
    } catch (error) {
      this.#failed(picks, error as RankError);
    } finally {
      this.#running[index]!--;
      this.#fill();
    }
  }

  #failed(picks: readonly Picked[], error: RankError): void {
    const calls = new Set(picks.map(({ call }) => call));
    if (calls.size === 1 || error.details?.['reason'] !== undefined) {
      const row = error.details?.['row'];
      for (const call of calls) {
        const pick = typeof row === 'number' && calls.size === 1 ? picks[row]?.row : undefined;
        this.#drop(call, pick === undefined ? error : new RankError(error.code, error.message, { ...error.details, row: pick }));
      }
      return;
    }
    for (const call of calls) {
      if (call.settled) continue;
      const rows = picks.filter((pick) => pick.call === call).map(({ row }) => row);
      call.alone = true;
      call.putBack(rows);
      this.#waiting += rows.length;
      if (!this.#calls.includes(call)) this.#calls.push(call);
    }
  }

  #drop(call: Call, error: RankError): void {
    const at = this.#calls.indexOf(call);
    if (at >= 0) {
      this.#calls.splice(at, 1);
      this.#waiting -= call.left();
    }
    call.fail(error);
  }
}

interface Picked {
  readonly call: Call;
  readonly row: number;
}

interface CallEvents {
  resolve(): void;
  reject(error: RankError): void;
  progressed(done: number): void;
}

/** One caller's rows, longest first. */
class Call {
  readonly rows: readonly TokenRow[];
  readonly wanted: readonly number[];
  readonly wantedKey: string;
  alone = false;
  settled = false;
  ended: () => void = () => {};
  readonly #take: TakeRow;
  readonly #events: CallEvents;
  #order: Uint32Array;
  #cursor = 0;
  #finished = 0;

  constructor(rows: readonly TokenRow[], wanted: readonly number[], take: TakeRow, events: CallEvents) {
    this.rows = rows;
    this.wanted = wanted;
    this.wantedKey = wanted.join();
    this.#take = take;
    this.#events = events;
    this.#order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => rows[b]!.ids.length - rows[a]!.ids.length || a - b);
  }

  hasNext(): boolean {
    return this.#cursor < this.#order.length;
  }

  nextLength(): number {
    return this.rows[this.#order[this.#cursor]!]!.ids.length;
  }

  next(): number {
    return this.#order[this.#cursor++]!;
  }

  left(): number {
    return this.#order.length - this.#cursor;
  }

  putBack(rows: readonly number[]): void {
    this.#order = Uint32Array.from([...rows, ...this.#order.subarray(this.#cursor)]);
    this.#cursor = 0;
  }

  done(row: number, results: readonly RowResult[]): void {
    if (this.settled) return;
    try {
      this.#take(row, results);
      this.#finished++;
      this.#events.progressed(this.#finished);
    } catch (error) {
      this.fail(error as RankError);
      return;
    }
    if (this.#finished === this.rows.length) {
      this.settled = true;
      this.ended();
      this.#events.resolve();
    }
  }

  fail(error: RankError): void {
    if (this.settled) return;
    this.settled = true;
    this.ended();
    this.#events.reject(error);
  }
}

function splitRows({ data, size, counts, indices }: Reduced, rows: number): RowResult[] {
  const parts: RowResult[] = [];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const count = counts === undefined ? 1 : counts[row]!;
    const part = { data: data.subarray(at * size, (at + count) * size), size };
    parts.push(indices === undefined ? part : { ...part, indices: indices.subarray(at, at + count) });
    at += count;
  }
  return parts;
}
