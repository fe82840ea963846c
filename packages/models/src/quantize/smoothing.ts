import type { Observed } from './calibration.ts';

/**
 * What a layer's input channels are divided by, and its weight rows multiplied by, so that eight bits reach further. The product stays
 * the same; a channel with rare large values no longer widens the range of all (Xiao et al., "SmoothQuant", 2023).
 *
 * The factors are max|xₖ|ᵅ / max|wₖ|¹⁻ᵅ. Of the exponents α, and of no smoothing, the one with the least expected error wins, where rounding an activation to steps of Δₓ and a weight to steps of Δ_w gives
 *
 *     E = Σₖ,ₙ (Δₓ² / 12 · tₖ² wₖₙ² + Δ_wₙ² / 12 · E[xₖ²] / tₖ²)
 */
export interface Smoothing {
  readonly factors: Float32Array;
  readonly error: number;
  /** The expected error with every factor 1. */
  readonly without: number;
}

const exponents = [0.5, 0.6, 0.7, 0.8, 0.9];
/** Weight columns that errors are estimated on. */
const columnsTried = 192;

export function smooth(weights: Float32Array, inner: number, out: number, seen: Observed, levels: number): Smoothing {
  const estimate = errorEstimate(weights, inner, out, seen, levels);
  const reach = Float32Array.from(seen.largest, (value, k) => Math.max(Math.abs(value), Math.abs(seen.smallest[k]!), 1e-6));
  const heights = new Float32Array(inner).fill(1e-8);
  for (let k = 0, at = 0; k < inner; k++) for (let n = 0; n < out; n++, at++) heights[k] = Math.max(heights[k]!, Math.abs(weights[at]!));

  const one = new Float32Array(inner).fill(1);
  const without = estimate(one);
  let best: Smoothing = { factors: one, error: without, without };
  for (const alpha of exponents) {
    const factors = reach.map((x, k) => x ** alpha / heights[k]! ** (1 - alpha));
    const error = estimate(factors);
    if (error < best.error) best = { factors, error, without };
  }
  return best;
}

/** The expected error of a layer's output as a function of the factors, the two kinds of rounding added up. */
export function errorEstimate(
  weights: Float32Array,
  inner: number,
  out: number,
  seen: Observed,
  levels: number,
): (factors: Float32Array) => number {
  const stride = Math.max(1, Math.ceil(out / columnsTried));
  const columns = Array.from({ length: Math.ceil(out / stride) }, (_, i) => i * stride);
  const sample = new Float32Array(columns.length * inner);
  const squares = new Float64Array(inner);
  for (const [i, column] of columns.entries()) {
    for (let k = 0; k < inner; k++) {
      const weight = weights[k * out + column]!;
      sample[i * inner + k] = weight;
      squares[k]! += weight * weight;
    }
  }
  return (factors) => {
    let high = 0;
    let low = 0;
    let activations = 0;
    let power = 0;
    for (let k = 0; k < inner; k++) {
      const factor = factors[k]!;
      high = Math.max(high, seen.largest[k]! / factor);
      low = Math.min(low, seen.smallest[k]! / factor);
      activations += factor * factor * squares[k]!;
      power += seen.power[k]! / (factor * factor);
    }
    const step = (high - low) / 255;
    let weightSteps = 0;
    for (let i = 0; i < columns.length; i++) {
      let largest = 0;
      for (let k = 0, at = i * inner; k < inner; k++, at++) {
        const value = Math.abs(sample[at]! * factors[k]!);
        if (value > largest) largest = value;
      }
      weightSteps += (largest / levels) ** 2;
    }
    return (step * step * activations + weightSteps * power) / 12;
  };
}
