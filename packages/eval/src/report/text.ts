import type { Comparison } from '../compare.ts';
import {
  footnote,
  robustHead,
  robustNote,
  robustRows,
  shownDifference,
  shownEffect,
  shownP,
  shownShare,
  shownValue,
  tableOf,
} from './table.ts';

/**
 * A comparison as text for terminals: runs by measures with letters for significance, then every pair, then what means hide.
 *
 * @example console.log(reportText(compare(qrels, { bm25, hybrid }, ['nDCG@10', 'AP'])))
 */
export function reportText(comparison: Comparison): string {
  const rows = tableOf(comparison);
  const values = aligned([
    ['', 'run', ...comparison.measures.flatMap((measure) => [measure, ''])],
    ...rows.map(({ letter, name, cells }) => [letter, name, ...cells.flatMap(({ value, beats }) => [shownValue(value), beats])]),
  ]);
  const parts = [values, '', footnote(comparison)];
  if (comparison.comparisons.length > 0) {
    parts.push(
      '',
      aligned([
        ['measure', 'a', 'b', 'b − a', 'p', '', 'better/same/worse', 'd', 'P(b better)', 'P(same)'],
        ...comparison.comparisons.map((pair) => [
          pair.measure,
          pair.a,
          pair.b,
          shownDifference(pair.difference),
          shownP(pair.pValue),
          pair.significant ? '*' : '',
          `${pair.wins}/${pair.ties}/${pair.losses}`,
          shownEffect(pair.effect.cohensDz),
          shownShare(pair.posterior.better),
          shownShare(pair.posterior.equivalent),
        ]),
      ]),
      '',
      `d is the mean difference over its deviation (d_z); P is Bayesian, "same" within ±${comparison.settings.rope}.`,
    );
  }
  const robust = robustRows(comparison);
  if (robust.length > 0) parts.push('', aligned([robustHead, ...robust]), '', robustNote);
  return `${parts.join('\n')}\n`;
}

/** Columns as wide as their widest cell; numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  const numeric = rows[0]!.map((_, column) =>
    rows.slice(1).every((row) => /^[+−±<>]?\s?[\d.]+( %|–[\d.]+)?$|^n\/a$|^$/.test(row[column]!)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const fill = ' '.repeat(widths[column]! - [...cell].length);
          return numeric[column] ? fill + cell : cell + fill;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
