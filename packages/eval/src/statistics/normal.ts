/** The standard normal distribution. */

/** erfc(x) for x ≥ 0, by Chebyshev-like rational approximations to full precision (W. J. Cody, "Rational Chebyshev approximations for the error function", 1969). */
function erfcPositive(x: number): number {
  if (x <= 0.46875) return 1 - erfSmall(x);
  if (x <= 4) {
    const p = [
      0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769, 1712.0476126340707, 2051.0783778260716,
      1230.3393547979972,
    ];
    const q = [
      15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597, 4362.619090143247,
      3439.3676741437216, 1230.3393548037495,
    ];
    let above = 2.1531153547440383e-8 * x;
    let below = x;
    for (let i = 0; i < 7; i++) {
      above = (above + p[i]!) * x;
      below = (below + q[i]!) * x;
    }
    return scaledDown(x, (above + p[7]!) / (below + q[7]!));
  }
  if (x > 27) return 0;
  const p = [0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378];
  const q = [2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918];
  const inverse = 1 / (x * x);
  let above = 0.016315387137302097 * inverse;
  let below = inverse;
  for (let i = 0; i < 4; i++) {
    above = (above + p[i]!) * inverse;
    below = (below + q[i]!) * inverse;
  }
  const tail = (inverse * (above + p[4]!)) / (below + q[4]!);
  return scaledDown(x, (1 / Math.sqrt(Math.PI) - tail) / x);
}

function erfSmall(x: number): number {
  const p = [3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694];
  const q = [23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
  const square = x * x;
  let above = 0.18577770618460315 * square;
  let below = square;
  for (let i = 0; i < 3; i++) {
    above = (above + p[i]!) * square;
    below = (below + q[i]!) * square;
  }
  return (x * (above + p[3]!)) / (below + q[3]!);
}

/** exp(−x²) · value, with x² split so that its rounding does not show. */
function scaledDown(x: number, value: number): number {
  const cut = Math.trunc(x * 16) / 16;
  return Math.exp(-cut * cut) * Math.exp(-(x - cut) * (x + cut)) * value;
}

/** P(Z ≤ z). */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const tail = erfcPositive(x) / 2;
  return z > 0 ? 1 - tail : tail;
}

/** P(Z > z), precise far out too. */
export function normalTail(z: number): number {
  return normalCdf(-z);
}

export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** The z with P(Z ≤ z) = p (Acklam's approximation, made exact by a step of Halley's method). */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const tail = (q: number): number =>
    (((((c[0]! * q + c[1]!) * q + c[2]!) * q + c[3]!) * q + c[4]!) * q + c[5]!) / ((((d[0]! * q + d[1]!) * q + d[2]!) * q + d[3]!) * q + 1);
  let z: number;
  if (p < 0.02425) z = tail(Math.sqrt(-2 * Math.log(p)));
  else if (p > 1 - 0.02425) z = -tail(Math.sqrt(-2 * Math.log1p(-p)));
  else {
    const q = p - 0.5;
    const r = q * q;
    z =
      ((((((a[0]! * r + a[1]!) * r + a[2]!) * r + a[3]!) * r + a[4]!) * r + a[5]!) * q) /
      (((((b[0]! * r + b[1]!) * r + b[2]!) * r + b[3]!) * r + b[4]!) * r + 1);
  }
  const error = p > 0.5 ? 1 - p - normalTail(z) : normalCdf(z) - p;
  const step = error / normalDensity(z);
  return z - step / (1 + (z * step) / 2);
}
