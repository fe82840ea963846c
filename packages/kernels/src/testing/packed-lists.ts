/** Lists packed by the plainest of packers, and queries over them. */
import { Random } from '@rank-rank/core';
import type { PackedPostings, SaturatingTerms } from '../contract.ts';

const block = 128;
const bitsFor = (value: number): number => 32 - Math.clz32(value);

/** Numbers in so many bits, in four lanes or one after the other. */
function packed(numbers: readonly number[], bits: number, lanes: boolean): number[] {
  const bytes = new Array<number>(Math.ceil((numbers.length * bits) / 8)).fill(0);
  numbers.forEach((number, i) => {
    for (let b = 0; b < bits; b++) {
      const bit = (lanes ? i >>> 2 : i) * bits + b;
      const byte = lanes ? (bit >>> 5) * 16 + (i & 3) * 4 + ((bit & 31) >>> 3) : bit >>> 3;
      if (Math.floor(number / 2 ** b) % 2 === 1) bytes[byte]! |= 1 << (bit & 7);
    }
  });
  return bytes;
}

const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

function packList(
  documents: readonly number[],
  frequencies: readonly number[],
  codes: Uint8Array | Uint16Array,
  bucketOf: (code: number) => number,
): number[] {
  const gaps = documents.map((document, i) => document - (i === 0 ? -1 : documents[i - 1]!) - 1);
  const less = frequencies.map((frequency) => frequency - 1);
  if (documents.length < block) {
    const [g, f] = [bitsFor(Math.max(...gaps)), bitsFor(Math.max(...less))];
    return [g | (Math.min(f, 3) << 6), ...(f >= 3 ? [f] : []), ...packed(gaps, g, false), ...packed(less, f, false)];
  }
  const [lasts, ends, infos, data]: number[][] = [[], [], [], []] as number[][];
  const shortest = (from: number, to: number): number[] => {
    const best = [255, 255, 255, 255];
    for (let i = from; i < to; i++) {
      const f = frequencies[i]!;
      const group = f === 1 ? 0 : f === 2 ? 1 : f <= 4 ? 2 : 3;
      best[group] = Math.min(best[group]!, bucketOf(codes[documents[i]!]!));
    }
    return [Math.min(255, Math.max(...frequencies.slice(from, to))), ...best, 0];
  };
  for (let from = 0; from < documents.length; from += block) {
    const to = Math.min(documents.length, from + block);
    const [g, f] = [bitsFor(Math.max(...gaps.slice(from, to))), bitsFor(Math.max(...less.slice(from, to)))];
    data!.push(...packed(gaps.slice(from, to), g, to - from === block), ...packed(less.slice(from, to), f, to - from === block));
    lasts!.push(...u32(documents[to - 1]!));
    ends!.push(...u32(data!.length));
    infos!.push(g, f, ...shortest(from, to));
  }
  return [...lasts!, ...ends!, ...infos!, 0, 0, ...shortest(0, documents.length), ...data!];
}

export function packedLists(seed: string, documents: number, fields: number, wide: boolean) {
  const random = new Random(seed);
  const distinct = wide ? 700 : 60;
  const codes = wide ? new Uint16Array(documents * fields) : new Uint8Array(documents * fields);
  for (let i = 0; i < codes.length; i++) codes[i] = random.integer(distinct);
  const bucketOf = (code: number): number => (wide ? Math.floor((code * 255) / distinct) : code);
  const entries = wide ? 65_536 : 256;
  const inverses = new Float32Array(entries * fields);
  const bucketInverses = new Float32Array(255 * fields);
  for (let field = 0; field < fields; field++) {
    for (let code = distinct - 1; code >= 0; code--) {
      inverses[field * entries + code] = 1 / (0.3 + 0.05 * code);
      bucketInverses[field * 255 + bucketOf(code)] = inverses[field * entries + code]!;
    }
  }
  const counts = [0, 1, 2, 3, 127, 128, 129, 256, 700, Math.floor(documents / 2), documents].filter((count) => count <= documents);
  const bytes: number[] = [];
  const terms = counts.map((count) => {
    const field = random.integer(fields);
    const numbers = random.sample(documents, count);
    const frequencies = numbers.map(() =>
      random.next() < 0.7 ? 1 : random.next() < 0.9 ? 1 + random.integer(6) : 1 + random.integer(400),
    );
    const own = codes.subarray(field * documents, (field + 1) * documents);
    if (count <= 1) return { field, count, start: numbers[0] ?? 0, occurrences: frequencies[0] ?? 0 };
    while (bytes.length % 4 !== 0) bytes.push(0);
    const start = bytes.length;
    bytes.push(...packList(numbers, frequencies, own, bucketOf));
    return { field, count, start, occurrences: 0 };
  });
  const postings: PackedPostings = { bytes: Uint8Array.from(bytes), documents, codes };
  const query = (picked: readonly number[]): SaturatingTerms => {
    const weights = Float32Array.from(picked, () => 0.1 + 8 * random.next() ** 3);
    return {
      starts: Float64Array.from(picked, (i) => terms[i]!.start),
      counts: Uint32Array.from(picked, (i) => terms[i]!.count),
      occurrences: Uint32Array.from(picked, (i) => terms[i]!.occurrences),
      fields: Uint32Array.from(picked, (i) => terms[i]!.field),
      bases: weights,
      weights,
      inverses,
      bucketInverses,
    };
  };
  return { random, postings, terms: terms.length, query };
}
