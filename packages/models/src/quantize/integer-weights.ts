/** A matrix in eight bits, a scale for each column: w ≈ code · scale. */
export interface ColumnCodes {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** A smaller scale would be 0, or lose bits of its own, in float32. */
const smallestScale = 2 ** -126;

function scaleOf(largest: number, levels: number): number {
  return largest > 0 ? Math.max(largest / levels, smallestScale) : 1;
}

/** Rounds `[inner, out]` to whole numbers of at most `levels`, each column by its own largest value. */
export function toColumnCodes(weights: Float32Array, inner: number, out: number, levels: number): ColumnCodes {
  const scales = new Float32Array(out);
  for (let k = 0, at = 0; k < inner; k++) {
    for (let n = 0; n < out; n++, at++) {
      const size = Math.abs(weights[at]!);
      if (size > scales[n]!) scales[n] = size;
    }
  }
  for (let n = 0; n < out; n++) scales[n] = scaleOf(scales[n]!, levels);
  const codes = new Int8Array(inner * out);
  for (let k = 0, at = 0; k < inner; k++) for (let n = 0; n < out; n++, at++) codes[at] = Math.round(weights[at]! / scales[n]!);
  return { codes, scales };
}

/** Rounds each row of `[rows, size]` to eight bits by its own largest value. */
export function toRowCodes(values: Float32Array, rows: number, size: number): ColumnCodes {
  const scales = new Float32Array(rows);
  const codes = new Int8Array(rows * size);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let i = r * size; i < (r + 1) * size; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = scaleOf(largest, 127);
    scales[r] = scale;
    for (let i = r * size; i < (r + 1) * size; i++) codes[i] = Math.round(values[i]! / scale);
  }
  return { codes, scales };
}
