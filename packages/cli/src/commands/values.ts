import { RankError, shown } from '@rank-rank/core';
import { InvalidArgumentError } from 'commander';

/** Parses a whole number of at least `min` for an option. */
export function wholeNumber(name: string, min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min) throw new InvalidArgumentError(`${name} needs a whole number of at least ${min}.`);
    return value;
  };
}

/** Parses a number above zero for an option. */
export function positiveNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError(`${name} needs a number above zero.`);
    return value;
  };
}

/** Gathers an option that may be given several times. */
export function gathered(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Texts of the form `name=value` as an object. */
export function assignments(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new RankError('INVALID_ARGUMENT', `${option} is ${shown(text)}; expected name=value, such as k=60.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
