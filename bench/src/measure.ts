/** The median of repeated runs, with how far they spread. All in seconds. */
export interface Timing {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  readonly repeats: number;
  /** What the last call gave: to look at, and so that no call can be optimised away. */
  readonly last: unknown;
}

export interface MeasureOptions {
  /** Runs that are not counted, first. */
  readonly warm?: number;
  readonly repeats?: number;
  /** Calls within one repeat, for work too short for the clock. Chosen so that a repeat takes about 20 ms when absent. */
  readonly calls?: number;
}

/** Times work: warms up, repeats, and takes the median. */
export function measure(work: () => unknown, { warm = 2, repeats = 9, calls }: MeasureOptions = {}): Timing {
  for (let i = 0; i < warm; i++) sink = work();
  const inner = calls ?? callsFor(work);
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    for (let j = 0; j < inner; j++) sink = work();
    times.push((performance.now() - start) / inner / 1000);
  }
  return timing(times);
}

/** {@link measure} for work that is awaited; calls follow one another. */
export async function measureAsync(
  work: () => Promise<unknown>,
  { warm = 2, repeats = 9, calls = 1 }: MeasureOptions = {},
): Promise<Timing> {
  for (let i = 0; i < warm; i++) sink = await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    for (let j = 0; j < calls; j++) sink = await work();
    times.push((performance.now() - start) / calls / 1000);
  }
  return timing(times);
}

/** The value at a quantile of unsorted numbers (nearest rank). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

let sink: unknown;

function callsFor(work: () => unknown): number {
  const start = performance.now();
  sink = work();
  const once = performance.now() - start;
  return once >= 20 ? 1 : Math.min(100_000, Math.ceil(20 / Math.max(once, 0.0002)));
}

function timing(times: number[]): Timing {
  times.sort((a, b) => a - b);
  return { seconds: times[times.length >> 1]!, low: times[0]!, high: times.at(-1)!, repeats: times.length, last: sink };
}
