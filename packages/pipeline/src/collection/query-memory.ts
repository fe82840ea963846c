import { cancelled, throwIfCancelled } from '@rank-rank/core';

/** What was asked last, and those who wait for it. */
interface Asked<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * The last answers and those under way: what several stages of a request ask, at once or one after another, is worked out once. Work is given up
 * when all who wait for it have given up, and a failure is forgotten, so that the next attempt may succeed.
 */
export class QueryMemory<T> {
  readonly #size: number;
  readonly #asked = new Map<string, Asked<T>>();

  constructor(size: number) {
    this.#size = size;
  }

  async ask(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    throwIfCancelled(signal, 'Encoding the query');
    const asked = this.#asked.get(key) ?? this.#begin(key, work);
    if (signal === undefined) {
      asked.waiting++;
      return asked.answer;
    }
    return this.#unlessAborted(asked, key, signal);
  }

  /** Others may wait for the same answer: whoever gives up does not wait with them. */
  #unlessAborted(asked: Asked<T>, key: string, signal: AbortSignal): Promise<T> {
    asked.waiting++;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        reject(cancelled(signal, 'Encoding the query'));
        if (--asked.waiting > 0) return;
        this.#forget(key, asked);
        asked.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const ended = (): void => signal.removeEventListener('abort', giveUp);
      asked.answer.then(resolve, reject).finally(ended);
    });
  }

  clear(): void {
    this.#asked.clear();
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Asked<T> {
    const controller = new AbortController();
    const asked = { answer: work(controller.signal), controller, waiting: 0 };
    this.#asked.set(key, asked);
    asked.answer.catch(() => this.#forget(key, asked));
    if (this.#asked.size > this.#size) this.#asked.delete(this.#asked.keys().next().value!);
    return asked;
  }

  #forget(key: string, asked: Asked<T>): void {
    if (this.#asked.get(key) === asked) this.#asked.delete(key);
  }
}
