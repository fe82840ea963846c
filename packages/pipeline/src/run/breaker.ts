/**
 * Counts failures in a row, and says when something is not to be tried for a while (the circuit breaker of Nygard, "Release It!", 2007).
 * After the cool-down one caller may try; its success closes the circuit.
 */
export class Breaker {
  readonly #limit: number;
  readonly #cooldown: number;
  #failures = 0;
  #openUntil = 0;
  #trying = false;

  constructor({ failures, cooldown }: { readonly failures: number; readonly cooldown: number }) {
    this.#limit = failures;
    this.#cooldown = cooldown;
  }

  /** Whether the work may be tried now. Who is told yes reports back with {@link succeeded} or {@link failed}. */
  get allows(): boolean {
    if (this.#failures < this.#limit) return true;
    if (performance.now() < this.#openUntil || this.#trying) return false;
    this.#trying = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#trying = false;
  }

  failed(): void {
    this.#failures++;
    this.#trying = false;
    if (this.#failures >= this.#limit) this.#openUntil = performance.now() + this.#cooldown;
  }
}
