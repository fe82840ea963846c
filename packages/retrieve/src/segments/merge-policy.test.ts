import { describe, expect, it } from 'vitest';
import { chooseAll, chooseMerge, largestFile } from './merge-policy.ts';

const policy = { segmentsPerTier: 4, smallest: 100, largest: 10_000, deletedShare: 0.3 };
const segment = (size: number, bytes = size, live = size) => ({ size, live, bytes });

describe('the segments to merge next', () => {
  it('are those of a full tier, smallest first, up to the most documents', () => {
    expect(chooseMerge([segment(100), segment(90), segment(80)], policy)).toBeUndefined();
    expect(chooseMerge([segment(100), segment(90), segment(5000), segment(80), segment(70)], policy)).toEqual([0, 1, 3, 4]);
    expect(chooseMerge([segment(3000), segment(3000), segment(3000), segment(3000)], policy)).toEqual([0, 1, 2]);
  });

  it('never make a file that cannot be mapped', () => {
    const large = largestFile / 2.5;
    expect(chooseMerge([segment(100, large), segment(99, large), segment(98, large), segment(97, large)], policy)).toEqual([2, 3]);
    expect(
      chooseMerge(
        Array.from({ length: 4 }, () => segment(100, largestFile)),
        policy,
      ),
    ).toBeUndefined();
  });

  it('are one of which much is deleted', () => {
    expect(chooseMerge([segment(100), segment(100, 100, 60)], policy)).toEqual([1]);
  });
});

describe('all segments', () => {
  it('become one, or as few as files allow', () => {
    expect(chooseAll([segment(10), segment(20), segment(5)])).toEqual([0, 1, 2]);
    expect(chooseAll([segment(10, largestFile - 10), segment(20), segment(5)])).toEqual([1, 2]);
    expect(chooseAll([segment(10, largestFile - 10), segment(20, 25)])).toBeUndefined();
    expect(chooseAll([segment(10, largestFile - 10, 9), segment(20, 25)])).toEqual([0]);
    expect(chooseAll([segment(10)])).toBeUndefined();
    expect(chooseAll([])).toBeUndefined();
  });
});
