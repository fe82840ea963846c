import { expect, it } from 'vitest';
import { MeasuredCosts } from './measured-costs.ts';

/** What comes of n questions of a kind whose ways cost so much. */
function asked(
  costs: MeasuredCosts<string>,
  kind: number,
  n: number,
  taking: Record<string, (i: number) => number>,
): Record<string, number> {
  const chosen: Record<string, number> = {};
  for (let i = 0; i < n; i++) {
    const way = costs.choose(kind, Object.keys(taking));
    chosen[way] = (chosen[way] ?? 0) + 1;
    costs.took(kind, way, taking[way]!(i));
  }
  return chosen;
}

it('takes what costs least, whatever is named first, and each kind of question has its own costs', () => {
  const costs = new MeasuredCosts();
  expect(asked(costs, 1, 1000, { a: () => 3, b: () => 2, c: () => 30 })).toEqual({ a: 17, b: 981, c: 2 });
  expect(asked(costs, 2, 100, { a: () => 1, b: () => 50 })).toEqual({ a: 98, b: 2 });
});

it('is not misled by a first time that pays for what is made once, nor by a pause', () => {
  const costs = new MeasuredCosts();
  const chosen = asked(costs, 1, 1000, { a: () => 2, b: (i) => (i < 3 ? 100 : i % 100 === 50 ? 40 : 1) });
  expect(chosen['b']).toBeGreaterThan(900);
});

it('turns to another way once that has become cheaper', () => {
  const costs = new MeasuredCosts();
  asked(costs, 1, 500, { a: () => 1, b: () => 2 });
  expect(asked(costs, 1, 1000, { a: () => 5, b: () => 2 })['b']).toBeGreaterThan(850);
});
