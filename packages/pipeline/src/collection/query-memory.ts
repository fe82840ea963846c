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
    const asked = this.#asked.get(key) ?? this.#begin(key, work);
    asked.waiting++;
    const giveUp = (): void => {
      if (--asked.waiting > 0) return;
      this.#forget(key, asked);
      asked.controller.abort(signal!.reason);
    };
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await asked.answer;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
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
