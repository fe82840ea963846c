/** Longer inputs than this are rounded without feedback: the work grows with the cube. */
export const longestFeedback = 4096;

/**
 * A share of the mean diagonal that is added to it. A hundredth is usual where there are a hundred thousand tokens; the two thousand of sample texts are
 * hardly more than the channels they are to tell apart, and fitted that closely other texts pay for it (with half of these samples MiniLM's mean cosine
 * over Cranfield was .9904, and .9931 with a tenth).
 */
const damping = 0.1;

/**
 * How the error of rounding one input's weights is made up for by those of later inputs: row k says how much of k's error each later weight
 * takes back. From the sums of products of the inputs over sample texts, H = XᵀX, by the Cholesky factor of its inverse (Frantar et al.,
 * "GPTQ: Accurate post-training quantization for generative pre-trained transformers", 2022): w_j −= (w_k − q_k) · U_kj / U_kk, UᵀU = H⁻¹.
 *
 * `products` is `[size, size]`; what is below its diagonal is neither read nor kept.
 */
export function errorFeedback(products: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let k = 0; k < size; k++) trace += products[k * size + k]!;
  const added = trace > 0 ? (damping * trace) / size : 1;
  for (let k = 0; k < size; k++) products[k * size + k]! += added;
  const diagonal = factorFromTheEnd(products, size);
  // U is the inverse of the factor R, row by row from the last: U_k = F_k / R_kk, F_i = e_i − Σ R_ik U_k.
  const row = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    row.set(products.subarray(i * size + i + 1, (i + 1) * size), i + 1);
    products.fill(0, i * size + i + 1, (i + 1) * size);
    products[i * size + i] = 1;
    let k = i + 1;
    // Two rows at a time, so that what is made is fetched and stored half as often.
    for (; k + 1 < size; k += 2) {
      const a = row[k]! / diagonal[k]!;
      const b = row[k + 1]! / diagonal[k + 1]!;
      products[i * size + k]! -= a;
      let from = k * size + k + 1;
      for (let to = i * size + k + 1; to < (i + 1) * size; to++, from++) products[to]! -= a * products[from]! + b * products[from + size]!;
    }
    if (k < size) products[i * size + k]! -= row[k]! / diagonal[k]!;
  }
  return products;
}

/** H = R·Rᵀ with R upper triangular, in H's place; gives R's diagonal. */
function factorFromTheEnd(products: Float64Array, size: number): Float64Array {
  const diagonal = new Float64Array(size);
  for (let j = size - 1; j >= 0; j--) {
    const rowJ = j * size;
    const root = Math.sqrt(Math.max(products[rowJ + j]! - dot(products, rowJ, rowJ, j + 1, size), Number.MIN_VALUE));
    diagonal[j] = root;
    products[rowJ + j] = root;
    for (let i = 0; i < j; i++) products[i * size + j] = (products[i * size + j]! - dot(products, i * size, rowJ, j + 1, size)) / root;
  }
  return diagonal;
}

function dot(values: Float64Array, a: number, b: number, from: number, to: number): number {
  // Two sums side by side, for the processor to add while it multiplies.
  let even = 0;
  let odd = 0;
  let k = from;
  for (; k + 1 < to; k += 2) {
    even += values[a + k]! * values[b + k]!;
    odd += values[a + k + 1]! * values[b + k + 1]!;
  }
  return k < to ? even + odd + values[a + k]! * values[b + k]! : even + odd;
}
