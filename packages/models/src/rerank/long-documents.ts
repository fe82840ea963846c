import { checkInteger, checkOneOf, checkOptions } from '@rank-rank/core';

/**
 * What becomes of a document that is longer than the model reads (Dai and Callan, "Deeper Text Understanding for IR", 2019):
 * `first` scores its beginning (FirstP), `max` the best of its windows (MaxP), `mean` their average.
 */
export interface LongDocuments {
  readonly how: 'first' | 'max' | 'mean';
  /** How many tokens two windows share; a quarter of a window by default. */
  readonly stride?: number;
  /** The most windows a document is cut into; 8 by default. */
  readonly maxWindows?: number;
}

export function checkLongDocuments(value: LongDocuments | LongDocuments['how'] = 'first'): LongDocuments & { readonly maxWindows: number } {
  const given = typeof value === 'string' ? { how: value } : value;
  checkOptions('longDocuments', given, ['how', 'stride', 'maxWindows']);
  return {
    ...given,
    how: checkOneOf('longDocuments.how', given.how, ['first', 'max', 'mean']),
    maxWindows: checkInteger('longDocuments.maxWindows', given.maxWindows ?? 8, { min: 1 }),
  };
}

/** Scores of windows → one score a document; `owners[i]` is the document of window i. */
export function joinWindows(scores: Float64Array, owners: readonly number[], documents: number, how: LongDocuments['how']): Float64Array {
  const result = new Float64Array(documents).fill(how === 'max' ? Number.NEGATIVE_INFINITY : 0);
  const counts = new Uint32Array(documents);
  owners.forEach((owner, i) => {
    counts[owner]!++;
    if (how === 'max') result[owner] = Math.max(result[owner]!, scores[i]!);
    else result[owner]! += scores[i]!;
  });
  if (how !== 'max') for (let i = 0; i < documents; i++) result[i]! /= counts[i]!;
  return result;
}
