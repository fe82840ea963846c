/**
 * A number as C's `printf("%6.4f")` writes it. `toFixed` rounds exact halves up, C to the even digit; four decimals have an exact
 * half only where the number is an odd multiple of 1/32.
 */
export function printed(value: number): string {
  if (Number.isNaN(value)) return '   nan';
  if (!Number.isFinite(value)) return value < 0 ? '  -inf' : '   inf';
  const in32 = value * 32;
  if (Number.isInteger(in32) && in32 % 2 !== 0 && Math.abs(value) < 2 ** 36) {
    const below = Math.floor(value * 10_000);
    const even = below % 2 === 0 ? below : below + 1;
    return (even / 10_000).toFixed(4).padStart(6);
  }
  const text = value.toFixed(4);
  return (Object.is(value, -0) ? `-${text}` : text).padStart(6);
}

/** A line of trec_eval's output. */
export function line(name: string, query: string, value: string): string {
  return `${name.padEnd(22)}\t${query}\t${value}\n`;
}
