/** Nodes and weights of Gauss–Legendre quadrature on [−1, 1], by Newton's method on the Legendre polynomial. */
function legendre(n: number): readonly [nodes: Float64Array, weights: Float64Array] {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    for (;;) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      const slope = (n * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) {
        nodes[i] = x;
        weights[i] = 2 / ((1 - x * x) * slope * slope);
        break;
      }
    }
  }
  return [nodes, weights];
}

const [nodes, weights] = legendre(32);

/** ∫ f over [from, to], in pieces of 32 nodes. */
export function integrate(f: (x: number) => number, from: number, to: number, pieces: number): number {
  const half = (to - from) / pieces / 2;
  let sum = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const middle = from + (2 * piece + 1) * half;
    for (let i = 0; i < nodes.length; i++) sum += weights[i]! * f(middle + half * nodes[i]!);
  }
  return sum * half;
}
