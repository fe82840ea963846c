import type { OperationArguments } from '../arguments.ts';
import { fault } from './fault.ts';

/** A unit is a block. Without words, finds each block's base and width; with them, packs it. */
export function packIntegers(call: OperationArguments['packIntegers'], begin: number, end: number): void {
  const { values, mode, block, widths, bases, starts, words } = call;
  for (let b = begin; b < end; b++) {
    const from = b * block;
    const to = Math.min(values.length, from + block);
    if (starts === undefined || words === undefined) {
      let base = mode === 'plain' ? 0 : values[from]!;
      if (mode === 'frame') for (let i = from; i < to; i++) base = Math.min(base, values[i]!);
      bases[b] = base;
      let all = 0;
      for (let i = from; i < to; i++) all |= mode === 'delta' ? values[i]! - values[Math.max(from, i - 1)]! : values[i]! - base;
      widths[b] = 32 - Math.clz32(all);
      continue;
    }
    const lanes = block / 32;
    const start = starts[b]!;
    const width = widths[b]!;
    words.fill(0, start, start + lanes * width);
    for (let i = from; i < to; i++) {
      const stored = (mode === 'delta' ? values[i]! - values[Math.max(from, i - 1)]! : values[i]! - bases[b]!) >>> 0;
      const bit = (((i - from) / lanes) | 0) * width;
      const word = start + (bit >> 5) * lanes + ((i - from) % lanes);
      const shift = bit & 31;
      words[word] = words[word]! | (stored << shift);
      if (shift + width > 32) words[word + lanes] = words[word + lanes]! | (stored >>> (32 - shift));
    }
  }
}

/** A unit is a block, counted from `from`. */
export function unpackIntegers(call: OperationArguments['unpackIntegers'], begin: number, end: number): void {
  const { mode, block, count, words, starts, widths, bases, from, out } = call;
  const lanes = block / 32;
  for (let unit = begin; unit < end; unit++) {
    const b = from + unit;
    const width = widths[b]!;
    const start = starts[b]!;
    if (width > 32 || start + lanes * width > words.length) throw fault('unpackIntegers', 'word', b);
    const mask = width === 32 ? 0xffffffff : 2 ** width - 1;
    const to = Math.min(block, count - b * block);
    let last = bases[b]!;
    for (let i = 0; i < to; i++) {
      const bit = ((i / lanes) | 0) * width;
      const word = start + (bit >> 5) * lanes + (i % lanes);
      const shift = bit & 31;
      let stored = width === 0 ? 0 : words[word]! >>> shift;
      if (shift + width > 32) stored |= words[word + lanes]! << (32 - shift);
      stored = (stored & mask) >>> 0;
      const value = (stored + last) >>> 0;
      if (mode === 'delta') last = value;
      out[unit * block + i] = value;
    }
  }
}
