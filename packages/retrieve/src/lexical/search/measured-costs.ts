/** How often each way is tried before one is preferred, and after how many choices a passed-over one is tried again. */
const firstTries = 2;
const again = 64;
/** A way that costs more than so many times the best is not tried again. */
const hopeless = 4;
/** How much of a higher cost is believed at a time, and that up to twice the known one: now and then something else takes the processor. */
const believed = 1 / 8;

interface Measured {
  cost: number;
  tries: number;
}

/**
 * Which of several ways to do the same costs least, learned from what they took: each kind of question has its own costs, every way
 * is tried, the cheapest is kept, and the others are looked at again now and then.
 */
export class MeasuredCosts<Way extends string> {
  readonly #kinds = new Map<number, { readonly ways: Map<Way, Measured>; choices: number }>();

  /** The way to go for a question of this kind; `ways` from the one that is likely to be best. */
  choose(kind: number, ways: readonly Way[]): Way {
    const known = this.#kindOf(kind);
    known.choices++;
    let best = ways[0]!;
    let least = Number.POSITIVE_INFINITY;
    for (const way of ways) {
      const measured = known.ways.get(way);
      if (measured === undefined || measured.tries < firstTries) return way;
      if (measured.cost < least) {
        least = measured.cost;
        best = way;
      }
    }
    if (known.choices % again !== 0) return best;
    const others = ways.filter((way) => way !== best && known.ways.get(way)!.cost < hopeless * least);
    return others[(known.choices / again) % Math.max(1, others.length)] ?? best;
  }

  /** What a way took for a question of this kind. */
  took(kind: number, way: Way, cost: number): void {
    const { ways } = this.#kindOf(kind);
    const measured = ways.get(way);
    if (measured === undefined) ways.set(way, { cost, tries: 1 });
    else {
      // The second try counts whole: the first pays for what is made once.
      measured.cost =
        cost < measured.cost || measured.tries < firstTries
          ? cost
          : measured.cost + believed * (Math.min(cost, 2 * measured.cost) - measured.cost);
      measured.tries++;
    }
  }

  #kindOf(kind: number): { readonly ways: Map<Way, Measured>; choices: number } {
    let known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, (known = { ways: new Map(), choices: 0 }));
    return known;
  }
}
