import { compareCodePoints } from './code-point-order.ts';
import type { Metadata } from './document.ts';
import { RankError } from './error.ts';
import { checkOptions, shown, unknownName } from './validate.ts';

/** What a field can be compared with. */
export type FilterValue = string | number | boolean;

/**
 * Which documents may be found, by their metadata. One form for every index, the pipeline, the stores and the server.
 *
 * | expression | holds when |
 * |---|---|
 * | `{ field, eq: v }` | the field equals v, or is a list that contains it |
 * | `{ field, in: [v, …] }` | it equals, or contains, any of them; an empty list never holds |
 * | `{ field, gt / gte / lt / lte: v }` | it lies within; numbers with numbers, texts with texts by code point; any combination |
 * | `{ field, isNull: true }` | the field is absent or null |
 * | `{ and: [f, …] }`, `{ or: [f, …] }` | all, any (`and: []` always holds, `or: []` never) |
 * | `{ not: f }` | f does not hold; so `not eq` holds for documents without the field |
 *
 * Values of different types are never equal and never in range: `"7"` is not `7`.
 */
export type Filter =
  | { readonly field: string; readonly eq: FilterValue }
  | { readonly field: string; readonly in: readonly FilterValue[] }
  | {
      readonly field: string;
      readonly gt?: string | number;
      readonly gte?: string | number;
      readonly lt?: string | number;
      readonly lte?: string | number;
    }
  | { readonly field: string; readonly isNull: boolean }
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter };

const deepest = 64;
const bounds = ['gt', 'gte', 'lt', 'lte'] as const;
const comparisons = ['eq', 'in', ...bounds, 'isNull'] as const;

/** Refuses what is no {@link Filter}, naming the place: `filter.and[1].field …`. */
export function checkFilter(filter: unknown, where = 'filter', depth = 0): Filter {
  if (depth > deepest) throw new RankError('OUT_OF_RANGE', `${where} is nested more than ${deepest} deep. Flatten it.`);
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} is ${shown(filter)}; expected { field, eq | in | gt … | isNull }, { and }, { or } or { not }.`,
    );
  }
  const expression = filter as Record<string, unknown>;
  const keys = Object.keys(expression);
  if (!('field' in expression)) {
    const [key] = keys;
    if (keys.length !== 1 || key === undefined || !['and', 'or', 'not'].includes(key)) {
      if (key !== undefined && keys.length === 1) throw unknownName(`${where}: key`, key, ['field', 'and', 'or', 'not']);
      throw new RankError(
        'INVALID_ARGUMENT',
        `${where} has the keys ${keys.join(', ') || '(none)'}; expected "field" with a comparison, or exactly one of and, or, not.`,
      );
    }
    if (key === 'not') checkFilter(expression['not'], `${where}.not`, depth + 1);
    else {
      const parts = expression[key];
      if (!Array.isArray(parts))
        throw new RankError('INVALID_ARGUMENT', `${where}.${key} is ${shown(parts)}; expected an array of filters.`);
      parts.forEach((part, i) => {
        checkFilter(part, `${where}.${key}[${i}]`, depth + 1);
      });
    }
    return filter as Filter;
  }
  checkOptions(where, expression, ['field', ...comparisons]);
  if (typeof expression['field'] !== 'string' || expression['field'] === '') {
    throw new RankError('INVALID_ARGUMENT', `${where}.field is ${shown(expression['field'])}; expected the name of a metadata field.`);
  }
  const given = comparisons.filter((name) => name in expression);
  const ranged = given.filter((name) => (bounds as readonly string[]).includes(name));
  if (given.length === 0 || (given.length > 1 && ranged.length !== given.length)) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} on field ${shown(expression['field'])} has ${given.length === 0 ? 'no comparison' : given.join(' and ')}; expected one of eq, in, isNull, or a range of gt, gte, lt, lte.`,
    );
  }
  for (const name of given) {
    const value = expression[name];
    const place = `${where}.${name}`;
    if (name === 'in') {
      if (!Array.isArray(value)) throw new RankError('INVALID_ARGUMENT', `${place} is ${shown(value)}; expected an array of values.`);
      for (const item of value) checkValue(place, item, ['string', 'number', 'boolean']);
    } else if (name === 'isNull') checkValue(place, value, ['boolean']);
    else checkValue(place, value, name === 'eq' ? ['string', 'number', 'boolean'] : ['string', 'number']);
  }
  return filter as Filter;
}

function checkValue(where: string, value: unknown, types: readonly string[]): void {
  if (!types.includes(typeof value) || (typeof value === 'number' && Number.isNaN(value))) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} is ${shown(value)}; expected a ${types.join(' or ')}${value === null ? '. To find absent values use { field, isNull: true }' : ''}.`,
    );
  }
}

/** Whether a checked filter holds for a document's metadata: the plain form that compiled filters are held to. */
export function matchesFilter(filter: Filter, metadata: Metadata | undefined): boolean {
  if ('and' in filter) return filter.and.every((part) => matchesFilter(part, metadata));
  if ('or' in filter) return filter.or.some((part) => matchesFilter(part, metadata));
  if ('not' in filter) return !matchesFilter(filter.not, metadata);
  const stored = metadata !== undefined && Object.hasOwn(metadata, filter.field) ? metadata[filter.field] : undefined;
  if ('isNull' in filter) return (stored === undefined || stored === null) === filter.isNull;
  if (stored === undefined || stored === null) return false;
  const values: readonly FilterValue[] = Array.isArray(stored) ? stored : [stored as FilterValue];
  if ('eq' in filter) return values.includes(filter.eq);
  if ('in' in filter) return values.some((value) => filter.in.includes(value));
  return values.some((value) => bounds.every((name) => filter[name] === undefined || within(value, name, filter[name])));
}

function within(value: FilterValue, bound: (typeof bounds)[number], limit: string | number): boolean {
  if (typeof value !== typeof limit || typeof value === 'boolean') return false;
  const order = typeof value === 'number' ? value - (limit as number) : compareCodePoints(value, limit as string);
  if (bound === 'gt') return order > 0;
  if (bound === 'gte') return order >= 0;
  return bound === 'lt' ? order < 0 : order <= 0;
}
