import { RankError, shown } from '@rank-rank/core';

/** What a test of paired values says. */
export interface TestResult {
  /** The probability, if the systems were alike, of a difference at least as large; two-sided. */
  readonly pValue: number;
  /** The test's own statistic, where it has one. */
  readonly statistic?: number;
  readonly df?: number;
  /** Whether the p-value was computed, not estimated from random samples or an approximation. */
  readonly exact: boolean;
  /** How many random samples it rests on. */
  readonly samples?: number;
}

/** Two lists of values by the same queries. */
export function checkPairs(where: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where}: there are ${a.length} values of one system and ${b.length} of the other; expected one of each a query.`,
    );
  }
  if (a.length === 0) throw new RankError('EMPTY_INPUT', `${where}: there are no values to compare.`);
  for (const [name, values] of [
    ['first', a],
    ['second', b],
  ] as const) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]!)) {
        throw new RankError('NOT_FINITE', `${where}: value ${i} of the ${name} system is ${shown(values[i])}; expected a finite number.`, {
          index: i,
        });
      }
    }
  }
}
