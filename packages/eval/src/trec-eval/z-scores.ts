import { RankError, shown } from '@rank-rank/core';

/** What a measure of a query had in a reference set of runs. */
export interface Reference {
  readonly mean: number;
  readonly deviation: number;
}

/** Query → measure → reference. */
export type References = ReadonlyMap<string, ReadonlyMap<string, Reference>>;

/** What trec_eval prints where there is no reference. */
export const missingZScore = -1_000_000;

/**
 * Reads the file of trec_eval's `-Z`: `query measure mean deviation` a line.
 *
 * @example parseZScores('301 map 0.2 0.1\n').get('301')?.get('map')?.mean // 0.2
 */
export function parseZScores(text: string, file = 'z-scores'): References {
  const references = new Map<string, Map<string, Reference>>();
  text.split('\n').forEach((row, index) => {
    const fields = row.trim().split(/\s+/);
    if (fields[0] === '' || fields[0]!.startsWith('#')) return;
    const [query, measure, mean, deviation] = fields as [string, string, string, string];
    if (fields.length !== 4 || !Number.isFinite(Number(mean)) || !Number.isFinite(Number(deviation))) {
      throw new RankError('PARSE', `${file}, line ${index + 1}: read ${shown(row)}; expected query, measure, mean and deviation.`, {
        file,
        line: index + 1,
        found: row,
        expected: 'query measure mean deviation',
      });
    }
    const measures = references.get(query);
    const reference = { mean: Number(mean), deviation: Number(deviation) };
    if (measures === undefined) references.set(query, new Map([[measure, reference]]));
    else measures.set(measure, reference);
  });
  return references;
}

/** How many deviations a value lies from the mean of the reference. */
export function zScore(value: number, reference: Reference | undefined): number {
  if (reference === undefined) return missingZScore;
  if (reference.deviation !== 0) return (value - reference.mean) / reference.deviation;
  return value === reference.mean ? 0 : missingZScore;
}
