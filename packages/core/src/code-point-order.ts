/**
 * Orders strings by Unicode code point, which is also the order of their UTF-8 bytes.
 *
 * JavaScript's `<` compares UTF-16 units and so puts every character outside the basic plane (surrogates, U+D800–DFFF)
 * before U+E000–FFFF. Rankings break ties by this order so that they agree with tools that compare bytes.
 */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsSurrogate = x >= 0xd800 && x <= 0xdfff;
    const yIsSurrogate = y >= 0xd800 && y <= 0xdfff;
    // A surrogate stands for a code point above every unit that is none.
    if (xIsSurrogate !== yIsSurrogate) return xIsSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
