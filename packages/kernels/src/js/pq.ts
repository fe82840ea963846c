import type { OperationArguments } from '../arguments.ts';
import type { PqRows, PqTables } from '../contract.ts';
import { fault } from './fault.ts';
import { roundToEven } from './half.ts';
import { Heap } from './heap.ts';
import { allowed } from './scores.ts';

/** A unit is a row, or for 4-bit codes a block of 32. */
export function pqEncode(call: OperationArguments['pqEncode'], begin: number, end: number): void {
  const { rows, codebooks, target } = call;
  const { data: books, parts, codes } = codebooks;
  const width = rows.dim / parts;
  const perUnit = target.bits === 4 ? 32 : 1;
  if (target.bits === 4) target.codes.fill(0, begin * parts * 16, end * parts * 16);
  for (let row = begin * perUnit; row < Math.min(rows.rows, end * perUnit); row++) {
    for (let part = 0; part < parts; part++) {
      const at = row * rows.stride + part * width;
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let code = 0; code < codes; code++) {
        const book = (part * codes + code) * width;
        let distance = 0;
        for (let k = 0; k < width; k++) {
          const difference = rows.data[at + k]! - books[book + k]!;
          distance += difference * difference;
        }
        if (distance < least) {
          least = distance;
          best = code;
        }
      }
      if (target.bits === 8) target.codes[row * parts + part] = best;
      else {
        const byte = ((row >> 5) * parts + part) * 16 + (row & 15);
        target.codes[byte] = target.codes[byte]! | (row & 16 ? best << 4 : best);
      }
    }
  }
}

/** A unit is a query. */
export function pqTables(call: OperationArguments['pqTables'], begin: number, end: number): void {
  const { queries, codebooks, squaredDistance, tables } = call;
  const { data: books, parts, codes } = codebooks;
  const width = queries.dim / parts;
  for (let query = begin; query < end; query++) {
    for (let part = 0; part < parts; part++) {
      const at = query * queries.stride + part * width;
      for (let code = 0; code < codes; code++) {
        const book = (part * codes + code) * width;
        let sum = 0;
        for (let k = 0; k < width; k++) {
          const x = queries.data[at + k]!;
          const y = books[book + k]!;
          sum += squaredDistance ? (x - y) ** 2 : x * y;
        }
        tables[(query * parts + part) * codes + code] = sum;
      }
    }
  }
}

/** The score of a row by a query's tables. */
function scorer(tables: PqTables, rows: PqRows, query: number): (row: number) => number {
  const { parts, codes } = rows;
  const from = query * parts * tables.codes;
  const { data } = tables;
  if (rows.bits === 8) {
    return (row) => {
      let sum = 0;
      for (let part = 0; part < parts; part++) sum += data[from + part * 256 + codes[row * parts + part]!]!;
      return Math.fround(sum);
    };
  }
  const { bytes, bias, step } = byteTables(data.subarray(from, from + parts * 16), parts);
  return (row) => {
    let sum = 0;
    for (let part = 0; part < parts; part++) {
      const byte = codes[((row >> 5) * parts + part) * 16 + (row & 15)]!;
      sum += bytes[part * 16 + (row & 16 ? byte >> 4 : byte & 15)]!;
    }
    return Math.fround(bias + Math.fround(step * sum));
  };
}

/** Tables of 16 entries a part as bytes: entry ≈ its part's smallest + step · byte, with one step for all parts; `bias` is the sum of the smallest. */
export function byteTables(data: Float32Array, parts: number): { bytes: Uint8Array; bias: number; step: number } {
  const lows = new Float32Array(parts);
  let widest = 0;
  let bias = 0;
  for (let part = 0; part < parts; part++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let code = 0; code < 16; code++) {
      const entry = data[part * 16 + code]!;
      if (entry < low) low = entry;
      if (entry > high) high = entry;
    }
    lows[part] = low;
    bias = Math.fround(bias + lows[part]!);
    widest = Math.max(widest, Math.fround(high - low));
  }
  const inverse = widest > 0 ? Math.fround(255 / widest) : 0;
  const bytes = new Uint8Array(parts * 16);
  for (let i = 0; i < bytes.length; i++) {
    const place = Math.fround(Math.fround(data[i]! - lows[i >> 4]!) * inverse);
    bytes[i] = place > 0 ? roundToEven(Math.min(255, place)) : 0;
  }
  return { bytes, bias, step: Math.fround(widest / 255) };
}

/** A unit is a query. */
export function pqScores(call: OperationArguments['pqScores'], begin: number, end: number): void {
  const { tables, rows, only, scores } = call;
  const total = only === undefined ? rows.rows : only.length;
  for (let query = begin; query < end; query++) {
    const score = scorer(tables, rows, query);
    for (let i = 0; i < total; i++) {
      const row = only === undefined ? i : only[i]!;
      if (row >= rows.rows) throw fault('pqScores', 'only', i);
      scores[query * total + i] = score(row);
    }
  }
}

/** A unit is a query and a shard of the candidates. */
export function pqSearch(call: OperationArguments['pqSearch'], begin: number, end: number): void {
  const { tables, rows, only, allow, k, shards, shardSize } = call;
  const total = only === undefined ? rows.rows : only.length;
  const sign = tables.smallest ? -1 : 1;
  const heap = new Heap(k);
  for (let unit = begin; unit < end; unit++) {
    const shard = unit % shards;
    const score = scorer(tables, rows, (unit / shards) | 0);
    const to = Math.min(total, (shard + 1) * shardSize);
    for (let i = shard * shardSize; i < to; i++) {
      const row = only === undefined ? i : only[i]!;
      if (row >= rows.rows) throw fault('pqSearch', 'only', i);
      if (allowed(allow, row)) heap.push(sign * score(row), row);
    }
    call.counts[unit] = heap.drain(call.indices, call.scores, unit * k, sign);
  }
}
