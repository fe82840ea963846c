import { expect, it } from 'vitest';
import { MeasuredCosts } from './measured-costs.ts';

type Taking = Record<string, (i: number) => number>;

/** How often each way is chosen, of n choices. */
function chosen(costs: MeasuredCosts<string>, n: number, taking: Taking): Record<string, number> {
  const counts = Object.fromEntries(Object.keys(taking).map((way) => [way, 0]));
  for (let i = 0; i < n; i++) {
    const way = costs.choose();
    counts[way]!++;
    if (costs.timed) costs.took(taking[way]!(i));
  }
  return counts;
}

it('takes what costs least, whatever is named first, and looks at the others now and then', () => {
  const costs = new MeasuredCosts(['a', 'b', 'c']);
  expect(chosen(costs, 10_000, { a: () => 3, b: () => 2, c: () => 30 })).toEqual({ a: 9, b: 9988, c: 3 });
});

it('is not misled by a first time that pays for what is made once, nor by a pause', () => {
  const costs = new MeasuredCosts(['a', 'b']);
  const counts = chosen(costs, 10_000, { a: () => 2, b: (i) => (i < 3 ? 100 : i % 7 === 0 ? 40 : 1) });
  expect(counts['b']).toBeGreaterThan(9000);
});

it('turns to another way once that has become cheaper', () => {
  const costs = new MeasuredCosts(['a', 'b']);
  expect(chosen(costs, 1000, { a: () => 1, b: () => 2 })['a']).toBeGreaterThan(990);
  expect(chosen(costs, 10_000, { a: () => 5, b: () => 2 })['b']).toBeGreaterThan(9000);
});
