/**
 * Lucene keeps a document's length in one byte: exact up to 39, then with four significant bits. Scores that are to equal
 * Lucene's last digit (and every figure published with Anserini) rest on lengths so rounded down.
 *
 * @example lossyLength(100) // 96
 */
export function lossyLength(length: number): number {
  return decodeLength(encodeLength(length));
}

/** Lengths below this are kept as they are. */
const exact = 24;

/** Lucene's SmallFloat.intToByte4, as an unsigned byte. */
function encodeLength(length: number): number {
  return length < exact ? length : exact + encodeFloat4(length - exact);
}

function decodeLength(byte: number): number {
  return byte < exact ? byte : exact + decodeFloat4(byte - exact);
}

/** Three bits behind the leading one, and how far they are shifted. */
function encodeFloat4(value: number): number {
  const bits = 32 - Math.clz32(value);
  if (bits < 4) return value;
  const shift = bits - 4;
  return ((value >>> shift) & 7) | ((shift + 1) << 3);
}

function decodeFloat4(code: number): number {
  const shift = (code >>> 3) - 1;
  return shift < 0 ? code & 7 : ((code & 7) | 8) << shift;
}
