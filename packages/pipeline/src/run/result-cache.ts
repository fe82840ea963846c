/** The most recently used results, up to a number, each for a while. */
export class ResultCache<T> {
  readonly #entries: number;
  readonly #milliseconds: number;
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();

  constructor({ entries, seconds }: { readonly entries: number; readonly seconds?: number }) {
    this.#entries = entries;
    this.#milliseconds = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000;
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    if (performance.now() > found.until) return undefined;
    // Taken out and put back, it is the youngest again.
    this.#kept.set(key, found);
    return found.value;
  }

  set(key: string, value: T): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, until: performance.now() + this.#milliseconds });
    if (this.#kept.size > this.#entries) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
