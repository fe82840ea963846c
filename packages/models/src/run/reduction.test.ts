import { describe, expect, it } from 'vitest';
import { toBatch } from './batch.ts';
import { applyLayers } from './dense-layer.ts';
import { type PoolingMode, poolingModes } from './pooling.ts';
import { reduce } from './reduction.ts';

const ids = (...list: number[]) => ({ ids: Int32Array.from(list) });
// Two texts, of 2 and 3 tokens, states of size 2; the padding of the first holds nonsense that must not count.
const batch = toBatch([ids(7, 8), ids(7, 9, 9)], 0);
const states = { data: Float32Array.from([1, 2, 3, -4, 900, 900, 1, 0, 2, 1, 6, 8]), dims: [2, 3, 2] };
const rows = [
  [
    [1, 2],
    [3, -4],
  ],
  [
    [1, 0],
    [2, 1],
    [6, 8],
  ],
];
const close = (actual: ArrayLike<number>, expected: number[]): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
};

describe('Pooling', () => {
  const expected: Record<PoolingMode, number[]> = {
    cls: [1, 2, 1, 0],
    lasttoken: [3, -4, 6, 8],
    mean: [2, -1, 3, 3],
    max: [3, 2, 6, 8],
    mean_sqrt_len_tokens: [4 / Math.SQRT2, -2 / Math.SQRT2, 9 / Math.sqrt(3), 9 / Math.sqrt(3)],
    weightedmean: [7 / 3, -6 / 3, 23 / 6, 26 / 6],
  };

  it.each(poolingModes)('%s', (mode) => {
    close(reduce({ kind: 'pool', output: 'x', modes: [mode], normalize: false }, states, batch).data, expected[mode]);
  });

  it('several modes are concatenated', () => {
    const { data, size } = reduce({ kind: 'pool', output: 'x', modes: ['cls', 'mean'], normalize: false }, states, batch);
    expect(size).toBe(4);
    close(data, [1, 2, 2, -1, 1, 0, 3, 3]);
  });

  it('a prompt that is not pooled keeps its place in the weights', () => {
    const skipped = (mode: PoolingMode) =>
      reduce({ kind: 'pool', output: 'x', modes: [mode], skip: 1, normalize: false }, states, batch).data;
    close(skipped('mean'), [3, -4, 4, 4.5]);
    close(skipped('cls'), [3, -4, 2, 1]);
    close(skipped('weightedmean'), [3, -4, (2 * 2 + 3 * 6) / 5, (2 * 1 + 3 * 8) / 5]);
  });

  it('padding on the left is skipped like padding on the right', () => {
    const left = toBatch([ids(7, 8), ids(7, 9, 9)], 0, true);
    const data = Float32Array.from([900, 900, ...rows[0]!.flat(), ...rows[1]!.flat()]);
    close(
      reduce({ kind: 'pool', output: 'x', modes: ['lasttoken'], normalize: false }, { data, dims: [2, 3, 2] }, left).data,
      [3, -4, 6, 8],
    );
  });

  it('normalises after cutting to the first dimensions, and leaves zeros alone', () => {
    const { data, size } = reduce({ kind: 'pool', output: 'x', modes: ['lasttoken'], truncate: 1, normalize: true }, states, batch);
    expect(size).toBe(1);
    close(data, [1, 1]);
    const zeros = { data: new Float32Array(12), dims: [2, 3, 2] };
    close(reduce({ kind: 'pool', output: 'x', modes: ['mean'], normalize: true }, zeros, batch).data, [0, 0, 0, 0]);
  });
});

describe('Layers', () => {
  const weight = Float32Array.from([1, 0, 0, 2, 1, 1]);
  it('apply weight, bias, activation and residual in that order', () => {
    const layer = { inputs: 2, outputs: 3, weight, bias: Float32Array.from([0, 1, -9]), activation: 'relu' as const };
    close(applyLayers(Float32Array.from([1, 2]), 1, [layer]), [1, 5, 0]);
    close(applyLayers(Float32Array.from([1, 2]), 1, [{ ...layer, residual: Float32Array.from([1, 1, 1, 0, 0, 1]) }]), [4, 6, 2]);
    const square = {
      inputs: 2,
      outputs: 2,
      weight: Float32Array.from([0, 1, 1, 0]),
      activation: 'identity' as const,
      residual: 'identity' as const,
    };
    close(applyLayers(Float32Array.from([1, 2]), 1, [square]), [3, 3]);
  });

  it('five rows, of which four go together, are as five alone', () => {
    const input = Float32Array.from({ length: 10 }, (_, i) => i - 4.5);
    const layer = { inputs: 2, outputs: 3, weight, activation: 'gelu' as const };
    const alone = [0, 1, 2, 3, 4].flatMap((row) => [...applyLayers(input.slice(2 * row, 2 * row + 2), 1, [layer])]);
    close(applyLayers(input, 5, [layer]), alone);
  });

  it('know the activations of PyTorch', () => {
    const one = (activation: 'tanh' | 'gelu' | 'sigmoid' | 'silu'): number =>
      applyLayers(Float32Array.of(1.5), 1, [{ inputs: 1, outputs: 1, weight: Float32Array.of(1), activation }])[0]!;
    // torch 2.11, float64
    expect(one('tanh')).toBeCloseTo(0.9051482536, 6);
    expect(one('gelu')).toBeCloseTo(1.3997892, 6);
    expect(one('sigmoid')).toBeCloseTo(0.8175744762, 6);
    expect(one('silu')).toBeCloseTo(1.2263617142, 6);
  });
});

describe('Tokens', () => {
  it('come without padding and without those that are not kept, normalised', () => {
    const marked = { ...batch, keep: Uint8Array.from([1, 1, 0, 1, 1]) };
    const { data, size, counts } = reduce({ kind: 'tokens', output: 'x', normalize: false }, states, marked);
    expect([size, ...counts!]).toEqual([2, 2, 2]);
    close(data, [1, 2, 3, -4, 2, 1, 6, 8]);
  });

  it('a first token that the graph left out itself is not left out twice', () => {
    const tokens = { data: Float32Array.from([3, -4, 900, 900, 2, 1, 6, 8]), dims: [2, 2, 2] };
    const { data, counts } = reduce({ kind: 'tokens', output: 'x', normalize: false, skip: 1 }, tokens, batch);
    expect([...counts!]).toEqual([1, 2]);
    close(data, [3, -4, 2, 1, 6, 8]);
    close(reduce({ kind: 'tokens', output: 'x', normalize: false, skip: 1 }, states, batch).data, [3, -4, 2, 1, 6, 8]);
  });
});

describe('Sparse vectors', () => {
  const logits = { data: Float32Array.from([1, -1, 3, -2, 90, 90, 0, -5, 1, 2, 3, 4]), dims: [2, 3, 2] };

  it('SPLADE takes the largest of each word, or the sum, and logarithms', () => {
    const max = reduce({ kind: 'splade', output: 'x', pooling: 'max', logarithms: 1 }, logits, batch);
    expect([...max.counts!, ...max.indices!]).toEqual([1, 2, 0, 0, 1]);
    close(max.data, [Math.log1p(3), Math.log1p(3), Math.log1p(4)]);
    const sum = reduce({ kind: 'splade', output: 'x', pooling: 'sum', logarithms: 1 }, logits, batch);
    close(sum.data, [Math.log1p(1) + Math.log1p(3), Math.log1p(1) + Math.log1p(3), Math.log1p(2) + Math.log1p(4)]);
    const twice = reduce({ kind: 'splade', output: 'x', pooling: 'max', logarithms: 2 }, logits, batch);
    close(twice.data, [Math.log1p(Math.log1p(3)), Math.log1p(Math.log1p(3)), Math.log1p(Math.log1p(4))]);
  });

  it('token weights keep the largest of each id, above 0, of tokens that are not special', () => {
    const weights = { data: Float32Array.from([5, 2, 90, 5, 1, 3]), dims: [2, 3, 1] };
    const result = reduce({ kind: 'weights', output: 'x', except: [7] }, weights, batch);
    expect([...result.counts!]).toEqual([1, 1]);
    expect([...result.indices!]).toEqual([8, 9]);
    close(result.data, [2, 3]);
  });
});

describe('Logits', () => {
  it('of a decoder are read at the last token, wherever padding is, or where the graph gives only that', () => {
    const last = { kind: 'last', output: 'x', words: [1, 0] } as const;
    close(reduce(last, states, batch).data, [-4, 3, 8, 6]);
    close(reduce(last, { data: Float32Array.from([3, -4, 6, 8]), dims: [2, 1, 2] }, batch).data, [-4, 3, 8, 6]);
  });
});

describe('What cannot be used', () => {
  it('NaN is reported with the text it is of, and never ranked', () => {
    const data = Float32Array.from(states.data);
    data[8] = Number.NaN;
    for (const kind of [
      { kind: 'pool', modes: ['mean'], normalize: true },
      { kind: 'pool', modes: ['max'], normalize: false },
      { kind: 'tokens', normalize: true },
      { kind: 'splade', pooling: 'max', logarithms: 1 },
      { kind: 'splade', pooling: 'sum', logarithms: 1 },
    ] as const) {
      let thrown: unknown;
      try {
        reduce({ ...kind, output: 'x' } as never, { data, dims: [2, 3, 2] }, batch);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, kind.kind).toMatchObject({ code: 'MODEL', details: { row: 1, notFinite: 'NaN' } });
    }
  });

  it('an output of the wrong shape is named with its shape', () => {
    expect(() =>
      reduce({ kind: 'pool', output: 'states', modes: ['mean'], normalize: true }, { data: new Float32Array(4), dims: [2, 2] }, batch),
    ).toThrow(/"states" is 2 × 2; expected 2 × 3 × any/);
    expect(() => reduce({ kind: 'vector', output: 'x', normalize: true }, states, batch)).toThrow(/expected 2 × any/);
  });
});
