/**
 * All weights of `count` runs that are multiples of 1 / `parts` and add up to 1: C(parts + count − 1, count − 1) of them. Counted in whole
 * parts, so that none is lost to rounding, as happens where floating-point sums are compared with 1.
 *
 * @example [...simplexLattice(2, 2)] // [1, 0], [0.5, 0.5], [0, 1]
 */
export function* simplexLattice(count: number, parts: number): Generator<readonly number[]> {
  const shares = new Array<number>(count).fill(0);
  function* fill(run: number, left: number): Generator<readonly number[]> {
    if (run === count - 1) {
      shares[run] = left;
      yield shares.map((share) => share / parts);
      return;
    }
    for (let share = left; share >= 0; share--) {
      shares[run] = share;
      yield* fill(run + 1, left - share);
    }
  }
  yield* fill(0, parts);
}

/** How many there are. */
export function latticeSize(count: number, parts: number): number {
  let size = 1;
  for (let i = 1; i < count; i++) size = (size * (parts + i)) / i;
  return Math.round(size);
}
