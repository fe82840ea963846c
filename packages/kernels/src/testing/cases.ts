/** Random arguments for the tests of the kernels, of every type and of odd shapes, at odd places in their buffers. */
import { Random } from '@rank-rank/core';
import { expect } from 'vitest';
import type { F32Rows, Kernels, Rows } from '../contract.ts';
import { openKernels } from '../load.ts';

/** The JavaScript kernels, which the others are held to. */
export const oracle: Kernels = openKernels('js');

const asked = process.env['RANK_KERNELS'];
/** What is held to the oracle: every implementation and instruction set that runs here, or only those of the backend that is asked for. */
export const implementations: readonly (readonly [name: string, kernels: Kernels])[] = openKernels()
  .describe()
  .available.filter((name) => !name.startsWith('js') && (asked === undefined || name.startsWith(asked)))
  .map((name) => [name, openKernels(name)]);

export type CaseType = 'f32' | 'f16' | 'bf16' | 'i8' | 'bits' | `residual${1 | 2 | 4 | 8}` | `residual${1 | 2 | 4 | 8}unit`;

export interface Cases {
  readonly random: Random;
  floats(length: number, scale?: number): Float32Array;
  rows(type: CaseType, count: number, dim: number): Rows;
  offsets(lengths: readonly number[]): Uint32Array;
  list(length: number, below: number): Uint32Array;
  weights(length: number): Float32Array;
  bitmap(length: number): Uint32Array;
  /** What f32 sums may differ by, for one query row. */
  tolerance(query: Rows, rows: Rows): number;
}

export function cases(seed: string): Cases {
  const random = new Random(seed);
  /** A view that starts at an odd element of its buffer, so that no alignment can be taken for granted. */
  const odd = <T extends Float32Array | Uint32Array | Uint16Array | Int8Array | Uint8Array>(array: T): T => {
    const Kind = array.constructor as { new (length: number): T };
    const skip = 1 + random.integer(5);
    const padded = new Kind(array.length + skip + 3);
    padded.set(array as never, skip);
    return padded.subarray(skip, skip + array.length) as T;
  };
  const floats = (length: number, scale = 1): Float32Array => odd(Float32Array.from({ length }, () => (random.next() * 2 - 1) * scale));
  const plain = (count: number, dim: number): F32Rows => ({ type: 'f32', data: floats(count * dim), dim });
  const self: Cases = {
    random,
    floats,
    rows(type, count, dim) {
      const rows = plain(count, dim);
      if (type === 'f32') return rows;
      if (type.startsWith('residual')) return residual(type, rows);
      const small = oracle.quantise(rows, type as 'f16' | 'bf16' | 'i8' | 'bits');
      if (small.type === 'i8') return { ...small, data: odd(small.data), scales: odd(small.scales) };
      return { ...small, data: odd(small.data as Uint8Array) } as Rows;
    },
    offsets(lengths) {
      const offsets = new Uint32Array(lengths.length + 1);
      lengths.forEach((length, i) => {
        offsets[i + 1] = offsets[i]! + length;
      });
      return odd(offsets);
    },
    list: (length, below) => odd(Uint32Array.from({ length }, () => random.integer(below))),
    weights: (length) => odd(Float32Array.from({ length }, () => (random.next() < 0.2 ? 0 : random.next() * 2))),
    bitmap: (length) => odd(Uint32Array.from({ length: Math.ceil(length / 32) }, () => random.bits())),
    tolerance(query, rows) {
      const largest = (of: Rows): number => (of.dim === 0 ? 0 : oracle.norms(of).reduce((a, b) => Math.max(a, b), 0));
      return largest(query) * largest(rows) * rows.dim * 2 ** -22 + 1e-6;
    },
  };
  function residual(type: string, rows: F32Rows): Rows {
    const bits = Number(type[8]) as 1 | 2 | 4 | 8;
    const { dim } = rows;
    const count = rows.data.length / dim;
    const codes = 2 ** bits;
    const centroids = floats(5 * dim, 0.5);
    const wide = random.next() < 0.5;
    const ids = Array.from({ length: count }, () => random.integer(5));
    const coded = oracle.encodeResiduals(rows, odd(wide ? Uint32Array.from(ids) : Uint16Array.from(ids)), {
      bits,
      centroids,
      dim,
      cutoffs: Float32Array.from({ length: codes - 1 }, (_, i) => ((i + 1) / codes) * 3 - 1.5),
      weights: odd(Float32Array.from({ length: codes }, (_, i) => ((i + 0.5) / codes) * 3 - 1.5)),
      unit: type.endsWith('unit'),
    });
    return { ...coded, codes: odd(coded.codes) };
  }
  return self;
}

/** Entry by entry, to a tolerance; infinities and NaN exactly. */
export function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance) continue;
    expect.fail(`${what}: entry ${i} is ${a}; expected ${e} to ${tolerance}`);
  }
}
