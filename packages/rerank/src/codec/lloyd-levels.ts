/**
 * The levels of a scalar quantiser with least squared error for given values, ascending (Lloyd 1982, from quantiles as a start). The
 * buckets of PLAID hold equally many values each, which costs three times the error at 4 bits.
 */
export function lloydLevels(values: Float32Array, count: number): Float64Array {
  const sorted = values.slice().sort();
  const n = sorted.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + sorted[i]!;
  const levels = Float64Array.from({ length: count }, (_, i) => sorted[Math.min(n - 1, Math.floor(((i + 0.5) / count) * n))]!);
  for (let iteration = 0; iteration < 100; iteration++) {
    let moved = 0;
    for (let i = 0, from = 0; i < count; i++) {
      const to = i === count - 1 ? n : position(sorted, (levels[i]! + levels[i + 1]!) / 2, from);
      if (to > from) {
        const mean = (sums[to]! - sums[from]!) / (to - from);
        moved = Math.max(moved, Math.abs(mean - levels[i]!));
        levels[i] = mean;
      }
      from = to;
    }
    if (moved < 1e-5) break;
  }
  return levels;
}

/** The first index from `from` on whose value is not below the limit. */
function position(sorted: Float32Array, limit: number, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
