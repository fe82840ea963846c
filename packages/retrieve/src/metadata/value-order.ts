import { compareCodePoints, type FilterValue } from '@rank-rank/core';

const types = ['boolean', 'number', 'string'];

/** The order of values in a column: false, true, numbers, texts by code point. */
export function compareValues(a: FilterValue, b: FilterValue): number {
  const byType = types.indexOf(typeof a) - types.indexOf(typeof b);
  if (byType !== 0) return byType;
  return typeof a === 'string' ? compareCodePoints(a, b as string) : Number(a) - Number(b) || 0;
}
