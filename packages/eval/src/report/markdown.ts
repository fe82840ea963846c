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

/** A comparison as Markdown tables. */
export function reportMarkdown(comparison: Comparison): string {
  const rows = tableOf(comparison).map(({ letter, name, cells }) => [
    letter,
    escaped(name),
    ...cells.map(({ value, beats, best }) => {
      const text = best ? `**${shownValue(value)}**` : shownValue(value);
      return beats === '' ? text : `${text}<sup>${beats}</sup>`;
    }),
  ]);
  const parts = [table(['', 'run', ...comparison.measures.map(escaped)], rows, 2), footnote(comparison)];
  if (comparison.comparisons.length > 0) {
    parts.push(
      table(
        ['measure', 'a', 'b', 'b − a', 'p', 'better / same / worse', 'd', 'P(b better)'],
        comparison.comparisons.map((pair) => [
          escaped(pair.measure),
          escaped(pair.a),
          escaped(pair.b),
          shownDifference(pair.difference),
          pair.significant ? `**${shownP(pair.pValue)}**` : shownP(pair.pValue),
          `${pair.wins} / ${pair.ties} / ${pair.losses}`,
          shownEffect(pair.effect.cohensDz),
          shownShare(pair.posterior.better),
        ]),
        3,
      ),
    );
  }
  const robust = robustRows(comparison).map(([measure, name, ...figures]) => [escaped(measure!), escaped(name!), ...figures]);
  if (robust.length > 0) parts.push(table(robustHead, robust, 2), robustNote);
  return `${parts.join('\n\n')}\n`;
}

/** The first columns are words and stand to the left, the others are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[], words: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column < words ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function escaped(text: string): string {
  return text.replace(/[\\|*_`<]/g, '\\$&');
}
