/** How the states of a text's tokens become one vector; several modes are concatenated. */
export type PoolingMode = 'cls' | 'mean' | 'max' | 'mean_sqrt_len_tokens' | 'weightedmean' | 'lasttoken';

export const poolingModes: readonly PoolingMode[] = ['cls', 'mean', 'max', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'];

/**
 * Pools rows [from, to) of `states` (tokens × size) into `result` at `at`. Rows before `counted` are left out of the pooling but
 * keep their place in the weights of `weightedmean`: a prompt that is not to be pooled.
 */
export function pool(
  mode: PoolingMode,
  states: Float32Array,
  from: number,
  to: number,
  counted: number,
  size: number,
  result: Float32Array,
  at: number,
): void {
  const first = Math.min(counted, to);
  const count = to - first;
  switch (mode) {
    case 'cls':
    case 'lasttoken': {
      const row = mode === 'cls' ? Math.min(first, to - 1) : to - 1;
      result.set(states.subarray(row * size, (row + 1) * size), at);
      return;
    }
    case 'max': {
      result.fill(Number.NEGATIVE_INFINITY, at, at + size);
      for (let row = first; row < to; row++) {
        const base = row * size;
        for (let i = 0; i < size; i++) {
          const value = states[base + i]!;
          // A NaN has to stay, to be reported; nothing is greater than one that is there already.
          if (value > result[at + i]! || Number.isNaN(value)) result[at + i] = value;
        }
      }
      return;
    }
    case 'mean':
    case 'mean_sqrt_len_tokens':
    case 'weightedmean': {
      const sums = new Float64Array(size);
      let weights = 0;
      for (let row = first; row < to; row++) {
        const weight = mode === 'weightedmean' ? row - from + 1 : 1;
        weights += weight;
        const base = row * size;
        for (let i = 0; i < size; i++) sums[i]! += weight * states[base + i]!;
      }
      const divisor = Math.max(mode === 'mean_sqrt_len_tokens' ? Math.sqrt(count) : weights, 1e-9);
      for (let i = 0; i < size; i++) result[at + i] = sums[i]! / divisor;
      return;
    }
  }
}

/** Scales rows of `size` to length 1; a row of zeros stays as it is. */
export function normalizeRows(rows: Float32Array, size: number): void {
  for (let at = 0; at < rows.length; at += size) {
    let sum = 0;
    for (let i = at; i < at + size; i++) sum += rows[i]! * rows[i]!;
    const scale = 1 / Math.max(Math.sqrt(sum), 1e-12);
    for (let i = at; i < at + size; i++) rows[i]! *= scale;
  }
}
