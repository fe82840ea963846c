/** How often each way is tried before one is preferred. */
const firstTries = 3;
/** Of so many choices one is timed; of so many that are timed, one goes to a way that was passed over. */
const timedOf = 16;
const againOf = 32;
/** A way that costs more than so many times the best is not tried again. */
const hopeless = 3;
/** How much of a new cost is believed at a time, and that up to twice the known one: now and then something else takes the processor. */
const believed = 1 / 8;

/**
 * Which of several ways to do the same costs least, learned from what they took: every way is tried, the cheapest is kept, and the
 * others are looked at again now and then.
 *
 * @example
 * const way = costs.choose();
 * const started = costs.timed ? performance.now() : 0;
 * // …go that way
 * if (costs.timed) costs.took(performance.now() - started);
 */
export class MeasuredCosts<Way> {
  /** Whether the way chosen last is to be timed. */
  timed = true;
  readonly #ways: readonly Way[];
  readonly #costs: Float64Array;
  #best = 0;
  #chosen = -1;
  #choices = 0;
  #tries = 0;

  /** `ways` from the one that is likely to be best. */
  constructor(ways: readonly Way[]) {
    this.#ways = ways;
    this.#costs = new Float64Array(ways.length).fill(Number.POSITIVE_INFINITY);
  }

  choose(): Way {
    const ways = this.#ways;
    if (this.#tries < firstTries * ways.length) {
      this.#chosen = this.#tries % ways.length;
      return ways[this.#chosen]!;
    }
    const choices = ++this.#choices;
    this.timed = choices % timedOf === 0;
    this.#chosen = this.#best;
    if (this.timed && choices % (timedOf * againOf) === 0) {
      const other = Math.floor(choices / (timedOf * againOf)) % ways.length;
      if (this.#costs[other]! < hopeless * this.#costs[this.#best]!) this.#chosen = other;
    }
    return ways[this.#chosen]!;
  }

  /** What the way chosen last took. */
  took(cost: number): void {
    const costs = this.#costs;
    const known = costs[this.#chosen]!;
    // The lowest of the first tries counts: they pay for what is made once.
    if (this.#tries >= firstTries * costs.length) costs[this.#chosen] = known + believed * (Math.min(cost, 2 * known) - known);
    else if (cost < known) costs[this.#chosen] = cost;
    this.#tries++;
    for (let way = 0; way < costs.length; way++) if (costs[way]! < costs[this.#best]!) this.#best = way;
  }
}
