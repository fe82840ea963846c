import { expect, it } from 'vitest';
import { Random } from './random.ts';

it('gives the sequence that its published algorithm gives for a seed, always', () => {
  const random = new Random(42);
  const first = [random.bits(), random.bits(), random.bits()];
  expect([new Random(42)].map((r) => [r.bits(), r.bits(), r.bits()])).toEqual([first]);
  expect(new Random(43).bits()).not.toBe(first[0]);
  expect(new Random('a').bits()).not.toBe(new Random('b').bits());
});

it('is uniform, normal and fair within what chance allows', () => {
  const random = new Random('moments');
  const n = 20_000;
  let sum = 0;
  let squares = 0;
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < n; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
    counts[random.integer(7)]!++;
  }
  expect(Math.abs(sum / n)).toBeLessThan(0.04);
  expect(Math.abs(squares / n - 1)).toBeLessThan(0.05);
  for (const count of counts) expect(Math.abs(count - n / 7)).toBeLessThan(5 * Math.sqrt(n / 7));
});

it('shuffles to a permutation and samples without repeats', () => {
  const random = new Random(1);
  const items = Array.from({ length: 50 }, (_, i) => i);
  expect([...random.shuffle([...items])].sort((a, b) => a - b)).toEqual(items);
  const sample = random.sample(50, 12);
  expect(new Set(sample).size).toBe(12);
  expect(random.sample(3, 10)).toEqual([0, 1, 2]);
});
