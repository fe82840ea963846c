import { checkFilter, type Filter } from '@rank-rank/core';
import { Bitmap } from './bitmap.ts';
import type { Bound, MetadataColumns } from './columns.ts';
import { compareValues } from './value-order.ts';

/**
 * The documents that a filter lets through: what `matchesFilter` of core says of each, found through the columns instead.
 *
 * A field that no document has is absent everywhere: comparisons with it hold nowhere, `isNull: true` everywhere.
 *
 * @example
 * const columns = columnsOf([{ year: 1999 }, { year: 2004 }, undefined]);
 * compileFilter({ field: 'year', gte: 2000 }, columns).members(); // [1]
 */
export function compileFilter(filter: Filter, columns: MetadataColumns): Bitmap {
  return compile(checkFilter(filter), columns);
}

/** The fields that a filter speaks of and no columns have: most likely misspelt. */
export function unknownFields(filter: Filter, columns: readonly MetadataColumns[]): string[] {
  const known = new Set(columns.flatMap((part) => part.fields));
  return [...new Set(fieldsOf(filter))].filter((field) => !known.has(field.toWellFormed()));
}

function compile(filter: Filter, columns: MetadataColumns): Bitmap {
  if ('and' in filter) {
    const all = Bitmap.full(columns.size);
    for (const part of filter.and) all.and(compile(part, columns));
    return all;
  }
  const found = Bitmap.empty(columns.size);
  if ('or' in filter) {
    for (const part of filter.or) found.or(compile(part, columns));
    return found;
  }
  if ('not' in filter) return compile(filter.not, columns).complement();
  const field = filter.field.toWellFormed();
  if ('isNull' in filter) {
    columns.present(field, found);
    return filter.isNull ? found.complement() : found;
  }
  if ('eq' in filter) columns.equal(field, filter.eq, found);
  else if ('in' in filter) for (const value of filter.in) columns.equal(field, value, found);
  else range(field, filter, columns, found);
  return found;
}

function fieldsOf(filter: Filter): string[] {
  if ('field' in filter) return [filter.field];
  if ('not' in filter) return fieldsOf(filter.not);
  return ('and' in filter ? filter.and : filter.or).flatMap(fieldsOf);
}

type Range = Extract<Filter, { gt?: unknown }>;

function range(field: string, filter: Range, columns: MetadataColumns, found: Bitmap): void {
  const limits = [filter.gt, filter.gte, filter.lt, filter.lte].filter((limit) => limit !== undefined);
  const type = typeof limits[0] as 'number' | 'string';
  if (limits.some((limit) => typeof limit !== type)) return;
  columns.range(field, type, narrower(filter.gte, filter.gt, 1), narrower(filter.lte, filter.lt, -1), found);
}

/** Of an inclusive and an exclusive bound on the same side the one that lets less through: the higher below (`side` 1), the lower above (-1). */
function narrower(inclusive: string | number | undefined, exclusive: string | number | undefined, side: 1 | -1): Bound | undefined {
  if (exclusive === undefined) return inclusive === undefined ? undefined : { value: inclusive, inclusive: true };
  if (inclusive !== undefined && compareValues(inclusive, exclusive) * side > 0) return { value: inclusive, inclusive: true };
  return { value: exclusive, inclusive: false };
}
