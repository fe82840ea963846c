import { type Qrels, RankError, type Run, shown } from '@rank-rank/core';

/**
 * What is to be optimized: a value per query, the higher the better. Any measure will do, such as one of `@rank-rank/eval`. Queries
 * that it leaves out count 0; those for which it gives NaN, having no value for them, do not count.
 */
export type Measure = (qrels: Qrels, run: Run) => ReadonlyMap<string, number> | Readonly<Record<string, number>>;

/** The values of a measure for some queries, in their order. */
export function measuredValues(measure: Measure, qrels: Qrels, run: Run, queries: readonly string[]): Float64Array {
  const values = measure(qrels, run) as unknown;
  if (typeof values !== 'object' || values === null) {
    throw new RankError('INVALID_ARGUMENT', `The measure gave ${shown(values)}; expected a map or an object from query id to value.`);
  }
  const found = Float64Array.from(queries, (query) => {
    const value: unknown = values instanceof Map ? values.get(query) : (values as Readonly<Record<string, unknown>>)[query];
    if (value === undefined) return 0;
    if (typeof value !== 'number' || Math.abs(value) === Number.POSITIVE_INFINITY) {
      throw new RankError('NOT_FINITE', `The measure gave ${shown(value)} for query ${shown(query)}; expected a finite number.`, { query });
    }
    return value;
  });
  if (found.length > 0 && found.every(Number.isNaN)) {
    throw new RankError('NOT_FINITE', 'The measure gave NaN for every query; expected a value for some.');
  }
  return found;
}

/** The mean of the values that are defined; NaN where none is. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}

/** The sample standard deviation; 0 for one value. */
export function standardDeviation(values: ArrayLike<number>): number {
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - center) ** 2;
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
}
