import type { Analyzer } from '../../analysis/analyzer.ts';

/** How often each term occurs in a text. */
export type TermVector = ReadonlyMap<string, number>;

export function termVector(analyzer: Analyzer, text: string): Map<string, number> {
  const vector = new Map<string, number>();
  for (const term of analyzer.terms(text)) vector.set(term, (vector.get(term) ?? 0) + 1);
  return vector;
}

/** The heaviest terms, heaviest first; equals in order of the terms. */
export function heaviest(weights: ReadonlyMap<string, number>, count: number): [term: string, weight: number][] {
  return [...weights]
    .filter(([, weight]) => weight > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, count);
}

/** Scaled so that all weights add up to 1. */
export function unitSum(weights: Iterable<readonly [string, number]>): Map<string, number> {
  const list = [...weights];
  const sum = list.reduce((total, [, weight]) => total + weight, 0);
  return new Map(list.map(([term, weight]) => [term, sum === 0 ? 0 : weight / sum]));
}
