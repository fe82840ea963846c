import { checkInteger, checkNumber, checkOneOf, checkOptions } from '@rank-rank/core';
import { type Documents, type Rows, scores } from '@rank-rank/kernels';

/**
 * What stands in for the largest similarity of a query row, so that more than one document row is heard.
 *
 * - `top`: the mean of the n largest similarities (fewer where the document has fewer rows). n = 1 is MaxSim.
 * - `softmax`: the mean weighted by `exp(s / temperature)`, which is attention over the document's rows; the maximum as the temperature goes to 0.
 * - `logSumExp`: `t · ln Σ exp(s / t)`, the smooth upper bound of the maximum; long documents score higher by up to `t · ln rows`.
 */
export type Smooth =
  | { readonly method: 'top'; readonly n: number }
  | { readonly method: 'softmax'; readonly temperature: number }
  | { readonly method: 'logSumExp'; readonly temperature: number };

export function checkSmooth(smooth: Smooth): Smooth {
  checkOneOf('smooth.method', smooth?.method, ['top', 'softmax', 'logSumExp']);
  checkOptions('smooth', smooth, smooth.method === 'top' ? ['method', 'n'] : ['method', 'temperature']);
  if (smooth.method === 'top') checkInteger('smooth.n', smooth.n, { min: 1 });
  else checkNumber('smooth.temperature', smooth.temperature, { above: 0 });
  return smooth;
}

/** MaxSim with a smooth maximum: a score a document, −Infinity for one without rows. */
export function smoothMaxSim(
  query: Rows,
  documents: Documents,
  weights: Float32Array,
  metric: 'dot' | 'cosine',
  smooth: Smooth,
): Float32Array {
  const { rows, offsets } = documents;
  const count = offsets.length - 1;
  const out = new Float32Array(count);
  for (let d = 0; d < count; d++) {
    const from = offsets[d]!;
    const length = offsets[d + 1]! - from;
    if (length === 0) {
      out[d] = Number.NEGATIVE_INFINITY;
      continue;
    }
    const only = Uint32Array.from({ length }, (_, i) => from + i);
    const matrix = scores(query, rows, { metric, only });
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! > 0) sum += weights[i]! * smoothMaximum(matrix.subarray(i * length, (i + 1) * length), smooth);
    }
    out[d] = sum;
  }
  return out;
}

/** The smooth maximum of some similarities; sorts them for `top`. */
export function smoothMaximum(similarities: Float32Array, smooth: Smooth): number {
  if (smooth.method === 'top') {
    const best = Float32Array.from(similarities).sort();
    const n = Math.min(smooth.n, best.length);
    let sum = 0;
    for (let i = best.length - n; i < best.length; i++) sum += best[i]!;
    return sum / n;
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < similarities.length; i++) largest = Math.max(largest, similarities[i]!);
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < similarities.length; i++) {
    const share = Math.exp((similarities[i]! - largest) / smooth.temperature);
    total += share;
    weighted += share * similarities[i]!;
  }
  return smooth.method === 'softmax' ? weighted / total : largest + smooth.temperature * Math.log(total);
}
