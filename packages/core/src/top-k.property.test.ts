import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toRanking } from './ranking.ts';
import { topK } from './top-k.ts';

const hits = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), score: fc.integer({ min: -3, max: 3 }) }), {
  selector: (hit) => hit.id,
  maxLength: 60,
});

it('keeps what sorting everything would put first', () => {
  fc.assert(
    fc.property(hits, fc.integer({ min: 0, max: 70 }), (all, k) => {
      expect(topK(all, k)).toEqual(toRanking(all).slice(0, k));
    }),
  );
});

it('never depends on the order in which hits arrive', () => {
  fc.assert(
    fc.property(hits, fc.integer({ min: 0, max: 20 }), (all, k) => {
      expect(topK([...all].reverse(), k)).toEqual(topK(all, k));
    }),
  );
});

it('never keeps a NaN', () => {
  expect(
    topK(
      [
        { id: 'a', score: Number.NaN },
        { id: 'b', score: Number.NEGATIVE_INFINITY },
      ],
      2,
    ),
  ).toEqual([{ id: 'b', score: Number.NEGATIVE_INFINITY }]);
});
