import { compareCodePoints } from '@rank-rank/core';

/**
 * The places of strings in code-point order. Their first characters are sorted as numbers, so that few strings are ever compared.
 */
export function sortedOrder(strings: readonly string[]): Uint32Array<ArrayBuffer> {
  const count = strings.length;
  let order = new Uint32Array(count);
  let ascending = true;
  for (let i = 0; i < count; i++) {
    order[i] = i;
    if (ascending && i > 0 && compareCodePoints(strings[i - 1]!, strings[i]!) > 0) ascending = false;
  }
  if (ascending) return order;
  // Three digits of two characters each.
  const digits = 3;
  const keys = new Uint16Array(count * digits);
  for (let i = 0; i < count; i++) {
    const string = strings[i]!;
    // A character above 127 is told apart from those below only, and so is all that stands after it.
    let beyond = false;
    for (let digit = 0; digit < digits; digit++) {
      let key = 0;
      for (let at = 2 * digit; at < 2 * digit + 2; at++) {
        const unit = at < string.length ? string.charCodeAt(at) : -1;
        beyond ||= unit > 127;
        key = (key << 8) | (beyond ? 0xff : unit + 1);
      }
      keys[i * digits + digit] = key;
    }
  }
  let target = new Uint32Array(count);
  const starts = new Uint32Array(0x10001);
  for (let digit = digits - 1; digit >= 0; digit--) {
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[keys[i * digits + digit]! + 1]!++;
    for (let value = 0; value < 0x10000; value++) starts[value + 1]! += starts[value]!;
    for (let i = 0; i < count; i++) {
      const place = order[i]!;
      target[starts[keys[place * digits + digit]!]!++] = place;
    }
    [order, target] = [target, order];
  }
  // Strings whose keys are equal are compared whole.
  const same = (a: number, b: number): boolean => {
    for (let digit = 0; digit < digits; digit++) if (keys[a * digits + digit] !== keys[b * digits + digit]) return false;
    return true;
  };
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && same(order[from]!, order[to]!)) to++;
    if (to - from > 1) {
      const run = Array.from(order.subarray(from, to));
      order.set(
        run.sort((a, b) => compareCodePoints(strings[a]!, strings[b]!)),
        from,
      );
    }
    from = to;
  }
  return order;
}
