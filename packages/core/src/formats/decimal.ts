/** Powers of ten that a double holds exactly. */
const exactPowers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const decoder = new TextDecoder('latin1');

/**
 * The number that stands in bytes as a decimal (`-12`, `0.25`, `1e-7`), rounded as `Number` rounds; NaN where it is not one.
 *
 * Up to 15 digits with a power of ten within ±22 need a single correctly rounded operation (Clinger, "How to read floating
 * point numbers accurately", 1990). The 16 or 17 digits that most programs write go through {@link dividedExactly}; what is left
 * over goes through `Number`.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 45;
  if (negative || bytes[at] === 43) at++;
  // The first 15 significant digits, then up to 7 more.
  let mantissa = 0;
  let tail = 0;
  let digits = 0;
  let exponent = 0;
  let any = false;
  for (let point = false; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      any = true;
      if (point) exponent--;
      if (digits < 15) {
        mantissa = mantissa * 10 + digit;
        if (mantissa !== 0) digits++;
      } else {
        tail = tail * 10 + digit;
        digits++;
      }
    } else if (digit === -2 && !point) point = true;
    else break;
  }
  if (!any) return Number.NaN;
  if (at < end && (bytes[at]! | 32) === 101) {
    at++;
    const down = bytes[at] === 45;
    if (down || bytes[at] === 43) at++;
    if (at >= end) return Number.NaN;
    let written = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return Number.NaN;
      if (written < 100_000) written = written * 10 + digit;
    }
    exponent += down ? -written : written;
  }
  if (at !== end) return Number.NaN;
  let value = Number.NaN;
  if (digits <= 15) {
    if (exponent >= -22 && exponent <= 22) value = exponent < 0 ? mantissa / exactPowers[-exponent]! : mantissa * exactPowers[exponent]!;
  } else if (digits <= 22 && exponent >= -22 && exponent <= 0) {
    value = dividedExactly(mantissa, exactPowers[digits - 15]!, tail, exactPowers[-exponent]!);
  }
  if (Number.isNaN(value)) return Number(decoder.decode(bytes.subarray(start, end)));
  return negative ? -value : value;
}

/** Splits a double into two halves of 26 bits (Veltkamp). */
const splitter = 134217729;

/** What rounding took from the product of two doubles (Dekker, "A floating-point technique for extending the available precision", 1971). */
function productError(a: number, b: number, product: number): number {
  const ca = splitter * a;
  const aHigh = ca - (ca - a);
  const aLow = a - aHigh;
  const cb = splitter * b;
  const bHigh = cb - (cb - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/**
 * (mantissa · scale + tail) / divisor, correctly rounded, in twice the precision of a double; NaN in the rare case where that is
 * not enough to tell which way to round.
 */
function dividedExactly(mantissa: number, scale: number, tail: number, divisor: number): number {
  const product = mantissa * scale;
  const low = productError(mantissa, scale, product) + tail;
  const high = product + low;
  const rest = low - (high - product);
  const quotient = high / divisor;
  const back = quotient * divisor;
  const correction = (high - back - productError(quotient, divisor, back) + rest) / divisor;
  const value = quotient + correction;
  // The correction is right to about 50 bits: if a change in its 40th moves the result, half an ulp is too near.
  const margin = Math.abs(correction) * 9.1e-13;
  return quotient + (correction - margin) === value && quotient + (correction + margin) === value ? value : Number.NaN;
}

/**
 * What C's `atof` makes of text: the number it begins with, and 0 where it begins with none. Text that `atof` reads as NaN
 * or an infinity gives that.
 */
export function leadingDecimal(text: string): number {
  const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(text);
  if (number !== null && !/^[+-]?0[xX]/.test(text)) return Number(number[0]);
  if (/^[+-]?0[xX][0-9a-fA-F]/.test(text)) {
    const [, sign, digits] = /^([+-]?)(0[xX][0-9a-fA-F]+)/.exec(text) as unknown as [string, string, string];
    return sign === '-' ? -Number(digits) : Number(digits);
  }
  if (/^[+-]?inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?nan/i.test(text) ? Number.NaN : 0;
}
