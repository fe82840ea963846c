import type { Random } from '@rank-rank/core';

/** The places 0 … count − 1 dealt at random into folds whose sizes differ by at most one. */
export function folds(count: number, foldCount: number, random: Random): Int32Array[] {
  const order = random.shuffle(Int32Array.from({ length: count }, (_, i) => i));
  return Array.from({ length: foldCount }, (_, fold) => order.filter((_, i) => i % foldCount === fold).sort());
}
