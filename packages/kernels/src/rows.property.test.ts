/** Lengths, conversions and sums of rows: every implementation that runs here, held to the JavaScript one. */
import { describe, expect, it } from 'vitest';
import type { Rows } from './contract.ts';
import { type CaseType, cases, closeTo, implementations, oracle } from './testing/cases.ts';

const types: readonly CaseType[] = [
  'f32',
  'f16',
  'bf16',
  'i8',
  'bits',
  'residual1',
  'residual2',
  'residual4',
  'residual8',
  'residual2unit',
];
const dims = [1, 3, 48, 64, 96, 127, 128, 384, 768, 1024];

describe('rows', () => {
  it.each(types)('of %s have the oracle’s lengths, numbers and sums', (type) => {
    for (const dim of dims) {
      const make = cases(`rows ${type} ${dim}`);
      const offsets = make.offsets([3, 0, 1, 9]);
      const rows = make.rows(type, 13, dim);
      const only = make.list(6, 13);
      for (const [name, kernels] of implementations) {
        closeTo(kernels.norms(rows), oracle.norms(rows), dim * 1e-6, name);
        closeTo(kernels.dequantise(rows).data, oracle.dequantise(rows).data, type.endsWith('unit') ? 1e-6 : 0, name);
        closeTo(kernels.dequantise(rows, { only }).data, oracle.dequantise(rows, { only }).data, type.endsWith('unit') ? 1e-6 : 0, name);
        for (const mean of [false, true]) {
          closeTo(kernels.sumRows({ rows, offsets }, { mean }).data, oracle.sumRows({ rows, offsets }, { mean }).data, 1e-5, name);
        }
      }
    }
  });

  it.each(['f16', 'bf16', 'i8', 'bits'] as const)('become %s bit for bit as the oracle’s', (type) => {
    for (const dim of dims) {
      const make = cases(`quantise ${type} ${dim}`);
      const rows = make.rows('f32', 9, dim) as Extract<Rows, { type: 'f32' }>;
      const odd = [
        0,
        -0,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        1e-41,
        65_519,
        65_520,
        -70_000,
        6e-8,
        2.9e-8,
        3e38,
      ];
      for (let i = 0; i < rows.data.length; i += 11) rows.data[i] = odd[(i / 11) % odd.length]!;
      const expected = oracle.quantise(rows, type);
      for (const [name, kernels] of implementations) expect(plain(kernels.quantise(rows, type)), name).toEqual(plain(expected));
    }
  });

  it('of every half are its number', () => {
    const halves = { type: 'f16', dim: 256, data: Uint16Array.from({ length: 65_536 }, (_, i) => i) } as const;
    const expected = oracle.dequantise(halves).data;
    for (const [name, kernels] of implementations) closeTo(kernels.dequantise(halves).data, expected, 0, name);
    // A half is the nearest half to itself.
    const back = oracle.quantise({ type: 'f32', dim: 256, data: expected.map((x) => (Number.isNaN(x) ? 0 : x)) }, 'f16').data;
    for (let i = 0; i < 65_536; i++) if ((i & 0x7fff) <= 0x7c00) expect(back[i]).toBe(i);
  });

  it('are scaled to length 1', () => {
    for (const dim of dims) {
      const make = cases(`normalise ${dim}`);
      for (const [name, kernels] of [['js', oracle] as const, ...implementations]) {
        const rows = make.rows('f32', 5, dim) as Extract<Rows, { type: 'f32' }>;
        rows.data.fill(0, dim, 2 * dim);
        rows.data[2 * dim] = Number.NaN;
        const before = rows.data.slice();
        const lengths = oracle.norms({ ...rows, data: before });
        closeTo(kernels.normalise(rows), lengths, dim * 1e-6, name);
        for (let i = 0; i < rows.data.length; i++) {
          const length = lengths[Math.floor(i / dim)]!;
          if (length > 0) expect(Math.abs(rows.data[i]! - before[i]! / length), name).toBeLessThan(1e-5);
          else expect(Object.is(rows.data[i], before[i]), name).toBe(true);
        }
      }
    }
  });

  it.each([1, 2, 4, 8] as const)('become %i-bit residuals as the oracle’s', (bits) => {
    for (const dim of dims) {
      const make = cases(`residuals ${bits} ${dim}`);
      const rows = make.rows('f32', 20, dim) as Extract<Rows, { type: 'f32' }>;
      rows.data[1] = Number.NaN;
      const codes = 2 ** bits;
      const codec = {
        bits,
        dim,
        centroids: make.floats(4 * dim),
        cutoffs: make.floats(codes - 1).sort(),
        weights: make.floats(codes),
      };
      for (const ids of [make.list(20, 5), Uint16Array.from(make.list(20, 4))]) {
        const expected = oracle.encodeResiduals(rows, ids, codec);
        for (const [name, kernels] of implementations)
          expect(plain(kernels.encodeResiduals(rows, ids, codec)), name).toEqual(plain(expected));
      }
    }
  });
});

/** Typed arrays as plain lists, so that views on any buffer compare. */
function plain(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, ArrayBuffer.isView(entry) ? Array.from(entry as Uint8Array) : entry]),
  );
}
