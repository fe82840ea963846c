import { checkOneOf, checkOptions } from '@rank-rank/core';
import type { Comparison } from '../compare.ts';

export interface CsvOptions {
  /** `values` (the default): a row a run. `perQuery`: a row a run and query. `pairs`: a row a measure and pair of runs. */
  readonly rows?: 'values' | 'perQuery' | 'pairs';
}

/** A comparison as CSV (RFC 4180), with a header and all digits. */
export function reportCsv(comparison: Comparison, options: CsvOptions = {}): string {
  checkOptions('reportCsv', options, ['rows']);
  const rows = checkOneOf('reportCsv: rows', options.rows ?? 'values', ['values', 'perQuery', 'pairs']);
  const { runs, measures, comparisons } = comparison;
  if (rows === 'values')
    return csv([['run', ...measures], ...runs.map(({ name, values }) => [name, ...measures.map((measure) => values[measure]!)])]);
  if (rows === 'perQuery') {
    return csv([
      ['run', 'query', ...measures],
      ...runs.flatMap(({ name, queries, perQuery }) =>
        queries.map((query) => [name, query, ...measures.map((measure) => perQuery[query]![measure]!)]),
      ),
    ]);
  }
  return csv([
    [
      'measure',
      'a',
      'b',
      'meanA',
      'meanB',
      'difference',
      'wins',
      'ties',
      'losses',
      'test',
      'pValue',
      'corrected',
      'significant',
      'cohensD',
      'hedgesG',
      'cohensDz',
      'worse',
      'equivalent',
      'better',
    ],
    ...comparisons.map((pair) => [
      pair.measure,
      pair.a,
      pair.b,
      pair.meanA,
      pair.meanB,
      pair.difference,
      pair.wins,
      pair.ties,
      pair.losses,
      pair.test,
      pair.result.pValue,
      pair.pValue,
      String(pair.significant),
      pair.effect.cohensD,
      pair.effect.hedgesG,
      pair.effect.cohensDz,
      pair.posterior.worse,
      pair.posterior.equivalent,
      pair.posterior.better,
    ]),
  ]);
}

function csv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number): string {
  const text = Number.isNaN(value) ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
