import { RankError } from './error.ts';
import { nearestName } from './nearest.ts';

/** How a value appears in a message: short, quoted if it is text, never a page of JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}…` : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `a function (${value.name || 'anonymous'})`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === 'object' && value !== null) return `an object (${Object.keys(value).slice(0, 4).join(', ')})`;
  return String(value);
}

/**
 * Refuses an option bag that is no object or has a key nobody knows, naming the nearest key that exists.
 * A misspelt option that is silently ignored is the hardest bug to find.
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RankError('INVALID_ARGUMENT', `${where}: options are ${shown(options)}; expected an object with ${list(known)}.`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownName(`${where}: option`, key, known);
  }
}

/** The error for a name that is not in a list: it shows the nearest one, or all of them where they are few. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  code: 'UNKNOWN_OPTION' | 'NOT_FOUND' = 'UNKNOWN_OPTION',
): RankError {
  const nearest = nearestName(name, known);
  const hint =
    nearest === undefined
      ? known.length <= 24
        ? `Known: ${list(known)}.`
        : `${known.length} are known.`
      : `Did you mean ${JSON.stringify(nearest)}?`;
  return new RankError(code, `${what} ${shown(name)} does not exist. ${hint}`, { name, nearest, known });
}

/** A finite number within closed bounds. */
export function checkNumber(
  where: string,
  value: unknown,
  bounds: { min?: number; max?: number; above?: number; below?: number } = {},
): number {
  if (typeof value !== 'number') throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected a number.`);
  if (!Number.isFinite(value)) throw new RankError('NOT_FINITE', `${where} is ${value}; expected a finite number.`);
  const { min, max, above, below } = bounds;
  if (
    (min !== undefined && value < min) ||
    (max !== undefined && value > max) ||
    (above !== undefined && value <= above) ||
    (below !== undefined && value >= below)
  ) {
    const parts = [
      min !== undefined && `at least ${min}`,
      above !== undefined && `above ${above}`,
      max !== undefined && `at most ${max}`,
      below !== undefined && `below ${below}`,
    ].filter((part) => part !== false);
    throw new RankError('OUT_OF_RANGE', `${where} is ${value}; expected a number ${parts.join(' and ')}.`, { value, ...bounds });
  }
  return value;
}

/** A whole number within closed bounds. */
export function checkInteger(where: string, value: unknown, bounds: { min?: number; max?: number } = {}): number {
  const number = checkNumber(where, value, bounds);
  if (!Number.isInteger(number)) throw new RankError('INVALID_ARGUMENT', `${where} is ${number}; expected a whole number.`, { value });
  return number;
}

/** One of a few names. */
export function checkOneOf<const T extends string>(where: string, value: unknown, names: readonly T[]): T {
  if (typeof value !== 'string') throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected one of ${list(names)}.`);
  if (!names.includes(value as T)) throw unknownName(where, value, names);
  return value as T;
}

/** A text; lone surrogates are allowed here and are replaced where text is encoded. */
export function checkString(where: string, value: unknown): string {
  if (typeof value !== 'string') throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected a string.`);
  return value;
}

/** An id: a non-empty string. */
export function checkId(where: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected a non-empty string. Turn numeric ids into strings.`);
  }
  return value;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'no options' : names.join(', ');
}
