import { expect, it } from 'vitest';
import { Floor } from './floor.ts';

it('is the score next below the k-th best of all segments, once there are k', () => {
  const floor = new Floor(3);
  expect(floor.score).toBe(Number.NEGATIVE_INFINITY);
  floor.add(Float32Array.of(5, 2));
  expect(floor.score).toBe(Number.NEGATIVE_INFINITY);
  floor.add(Float32Array.of(4, 3, 1));
  expect(floor.score).toBeLessThan(3);
  expect(Math.fround(floor.score + 2 ** -22)).toBe(3);
  floor.add(Float64Array.of(6, 5));
  expect(floor.score).toBeGreaterThan(4.99);
});

it('asks for nothing where scores may be 0 or less', () => {
  const floor = new Floor(1);
  floor.add(Float64Array.of(-1));
  expect(floor.score).toBe(Number.NEGATIVE_INFINITY);
});
