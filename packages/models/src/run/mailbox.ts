import { availableParallelism } from 'node:os';
import type { Answer, Request } from './protocol.ts';
import type { Reduced } from './reduction.ts';

export type RunRequest = Extract<Request, { kind: 'run' }>;
export type RunAnswer = Extract<Answer, { results: unknown }>;

/**
 * Memory that a thread shares with its worker, with room for one small batch on its way there and one result on its way back. A message
 * of `postMessage` is written out, read in and dispatched as an event: up to a tenth of a millisecond each way once a model has emptied the
 * caches. What does not fit, or comes while the room is taken, goes as a message.
 */
export interface Mailbox {
  readonly memory: SharedArrayBuffer;
  readonly requests: Letters<RunRequest>;
  readonly answers: Letters<RunAnswer>;
}

/** One way of a mailbox: one side puts letters in and rings, the other takes them out. */
export interface Letters<Letter> {
  /** How often it rang; asked for before looking for letters, it makes waiting end at once if one came in between. */
  readonly rings: number;
  /**
   * Rings because a letter is about to come. A core that sleeps takes about as long to wake as a short text to be tokenised; who was woken stays
   * awake for a moment.
   */
  announce(): void;
  /** False where nobody takes letters, the last has not been taken yet, or this one is too long: it was not put in. */
  put(letter: Letter): boolean;
  /** How many messages were posted beside the letters. */
  readonly messages: number;
  /** Counts a message that was posted, and rings. */
  posted(): void;
  /** The next letter is likely to come soon: who waits for it stays awake for a moment as after an announcement. */
  expect(): void;
  /** From now on this side takes what is put in. */
  open(): void;
  /** The letter that is there, if any. */
  take(): Letter | undefined;
  /** Blocks this thread until it has rung more often than `rings`. */
  wait(rings: number): void;
  /** Waits without blocking; false when this side was closed. */
  rang(rings: number): Promise<boolean>;
  close(): void;
}

const bytesEachWay = 65_536;

/** Milliseconds that who was woken by an announcement stays awake: short texts are tokenised, and states pooled, in less. */
const moment = 0.3;

/** On one core who stays awake keeps the other from what was announced. */
const announcing = availableParallelism() > 1;

/** A mailbox, or the other side of one by its memory; undefined where the runtime cannot wait for memory without blocking. */
export function openMailbox(memory?: SharedArrayBuffer): Mailbox | undefined {
  if (waitAsync === undefined) return undefined;
  const shared = memory ?? new SharedArrayBuffer(2 * bytesEachWay);
  return {
    memory: shared,
    requests: new Slot(shared, 0, writeRequest, readRequest),
    answers: new Slot(shared, bytesEachWay, writeAnswer, readAnswer),
  };
}

/** Opens this side and calls `takeMail` whenever it rang, until it is closed. */
export async function untilClosed(letters: Letters<unknown>, takeMail: () => void): Promise<void> {
  letters.open();
  for (let open = true; open; ) {
    const { rings } = letters;
    takeMail();
    // Whoever waits for what was taken goes on first.
    await new Promise((resolve) => setImmediate(resolve));
    open = await letters.rang(rings);
  }
}

function writeRequest(words: Words, { id, batch, wanted }: RunRequest): void {
  words.putNumber(id);
  words.putNumber(batch.rows);
  words.putNumber(batch.width);
  words.putNumber(batch.padId);
  words.putNumber(batch.padsLeft ? 1 : 0);
  words.putArray(batch.ids);
  words.putArray(batch.lengths);
  words.putArray(batch.typeIds);
  words.putArray(batch.attended);
  words.putArray(batch.keep);
  words.putArray(wanted);
}

function readRequest(words: Words): RunRequest {
  const id = words.number();
  const rows = words.number();
  const width = words.number();
  const padId = words.number();
  const padsLeft = words.number() === 1;
  const ids = words.integers()!;
  const lengths = words.integers()!;
  const typeIds = words.integers();
  const attended = words.integers();
  const keep = words.integers();
  const batch = {
    rows,
    width,
    padId,
    padsLeft,
    ids,
    lengths,
    ...(typeIds && { typeIds: Uint8Array.from(typeIds) }),
    ...(attended && { attended }),
    ...(keep && { keep: Uint8Array.from(keep) }),
  };
  return { id, kind: 'run', batch, wanted: [...words.integers()!] };
}

function writeAnswer(words: Words, { id, results }: RunAnswer): void {
  words.putNumber(id);
  words.putNumber(results.length);
  for (const { size, data, counts, indices } of results) {
    words.putNumber(size);
    words.putArray(data);
    words.putArray(counts);
    words.putArray(indices);
  }
}

function readAnswer(words: Words): RunAnswer {
  const id = words.number();
  const length = words.number();
  const results: Reduced[] = [];
  while (results.length < length) {
    const size = words.number();
    const data = words.floats();
    const counts = words.integers();
    const indices = words.integers();
    results.push({
      size,
      data,
      ...(counts && { counts: new Uint32Array(counts.buffer) }),
      ...(indices && { indices: new Uint32Array(indices.buffer) }),
    });
  }
  return { id, results };
}

/** What the first word of a slot says; the second counts how often it rang, the third messages. */
const closed = 0;
const empty = 1;
const announced = 2;
const full = 3;
const header = 3;

class Slot<Letter> implements Letters<Letter> {
  readonly #state: Int32Array;
  readonly #bell: Int32Array;
  readonly #messages: Int32Array;
  readonly #words: Words;
  readonly #write: (words: Words, letter: Letter) => void;
  readonly #read: (words: Words) => Letter;

  constructor(memory: SharedArrayBuffer, at: number, write: (words: Words, letter: Letter) => void, read: (words: Words) => Letter) {
    this.#state = new Int32Array(memory, at, 1);
    this.#bell = new Int32Array(memory, at + 4, 1);
    this.#messages = new Int32Array(memory, at + 8, 1);
    this.#words = new Words(memory, at + 4 * header, bytesEachWay / 4 - header);
    this.#write = write;
    this.#read = read;
  }

  get rings(): number {
    return Atomics.load(this.#bell, 0);
  }

  announce(): void {
    if (announcing && this.#became(announced, empty)) this.#notify();
  }

  put(letter: Letter): boolean {
    const state = Atomics.load(this.#state, 0);
    if (state !== empty && state !== announced) return false;
    this.#write(this.#words.rewound(), letter);
    if (this.#words.overflowed) return false;
    // An announcement may have been forgotten meanwhile, and the slot closed, which it stays.
    if (!this.#became(full, announced) && !this.#became(full, empty)) return false;
    this.#notify();
    return true;
  }

  get messages(): number {
    return Atomics.load(this.#messages, 0);
  }

  posted(): void {
    this.#became(empty, announced);
    Atomics.add(this.#messages, 0, 1);
    this.#notify();
  }

  open(): void {
    Atomics.store(this.#state, 0, empty);
  }

  take(): Letter | undefined {
    if (Atomics.load(this.#state, 0) !== full) return undefined;
    const letter = this.#read(this.#words.rewound());
    Atomics.store(this.#state, 0, empty);
    return letter;
  }

  expect(): void {
    if (announcing) this.#became(announced, empty);
  }

  wait(rings: number): void {
    this.#stayAwake();
    Atomics.wait(this.#bell, 0, rings);
    this.#stayAwake();
  }

  async rang(rings: number): Promise<boolean> {
    const waiting = waitAsync!(this.#bell, 0, rings);
    if (waiting.async) await waiting.value;
    this.#stayAwake();
    return Atomics.load(this.#state, 0) !== closed;
  }

  close(): void {
    Atomics.store(this.#state, 0, closed);
    this.#notify();
  }

  #became(state: number, from: number): boolean {
    return Atomics.compareExchange(this.#state, 0, from, state) === from;
  }

  #notify(): void {
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  /** Until what was announced is there, or has not come for a moment and is forgotten. */
  #stayAwake(): void {
    const until = performance.now() + moment;
    while (Atomics.load(this.#state, 0) === announced) if (performance.now() > until) this.#became(empty, announced);
  }
}

/** Numbers and arrays one after the other, an array after its length; -1 stands for one that is not there. */
class Words {
  readonly #integers: Int32Array;
  readonly #floats: Float32Array;
  #at = 0;

  constructor(memory: SharedArrayBuffer, from: number, length: number) {
    this.#integers = new Int32Array(memory, from, length);
    this.#floats = new Float32Array(memory, from, length);
  }

  /** Whether more was put than there is room for; it is lost then. */
  get overflowed(): boolean {
    return this.#at > this.#integers.length;
  }

  putNumber(value: number): void {
    this.#integers[this.#at++] = value;
  }

  putArray(values: Float32Array | Int32Array | Uint32Array | Uint8Array | readonly number[] | undefined): void {
    this.putNumber(values === undefined ? -1 : values.length);
    if (values === undefined) return;
    const from = this.#at;
    this.#at += values.length;
    if (!this.overflowed) (values instanceof Float32Array ? this.#floats : this.#integers).set(values, from);
  }

  rewound(): this {
    this.#at = 0;
    return this;
  }

  number(): number {
    return this.#integers[this.#at++]!;
  }

  integers(): Int32Array<ArrayBuffer> | undefined {
    const length = this.number();
    if (length < 0) return undefined;
    const from = this.#at;
    this.#at += length;
    return this.#integers.slice(from, this.#at) as Int32Array<ArrayBuffer>;
  }

  floats(): Float32Array {
    const length = this.number();
    const from = this.#at;
    this.#at += length;
    return this.#floats.slice(from, this.#at);
  }
}

/** Newer than the library of types that the packages are checked with (ES2023), older than Node 20. */
const waitAsync = (
  Atomics as unknown as {
    readonly waitAsync?: (
      words: Int32Array,
      index: number,
      value: number,
    ) => { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
  }
).waitAsync;
