import { type Qrels, RankError, type Run, shown } from '@rank-rank/core';

/**
 * What is to be optimized: a value per query, the higher the better. Any measure will do, such as one of `@rank-rank/eval`; queries
 * that it leaves out count 0.
 */
export type Measure = (qrels: Qrels, run: Run) => ReadonlyMap<string, number> | Readonly<Record<string, number>>;

/** The values of a measure for some queries, in their order. */
export function measuredValues(measure: Measure, qrels: Qrels, run: Run, queries: readonly string[]): Float64Array {
  const values = measure(qrels, run) as unknown;
  if (typeof values !== 'object' || values === null) {
    throw new RankError('INVALID_ARGUMENT', `The measure gave ${shown(values)}; expected a map or an object from query id to value.`);
  }
  return Float64Array.from(queries, (query) => {
    const value: unknown = values instanceof Map ? values.get(query) : (values as Readonly<Record<string, unknown>>)[query];
    if (value === undefined) return 0;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new RankError('NOT_FINITE', `The measure gave ${shown(value)} for query ${shown(query)}; expected a finite number.`, { query });
    }
    return value;
  });
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** The sample standard deviation; 0 for one value. */
export function standardDeviation(values: ArrayLike<number>): number {
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - center) ** 2;
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
}
