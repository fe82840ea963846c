import type { Comparison } from '../compare.ts';
import { footnote, shownValue, tableOf } from './table.ts';

/** A comparison as a LaTeX table (needs the package booktabs): the best value of a measure in bold, letters for significance. */
export function reportLatex(comparison: Comparison): string {
  const rows = tableOf(comparison).map(
    ({ letter, name, cells }) =>
      `    ${[
        letter,
        escaped(name),
        ...cells.map(({ value, beats, best }) => {
          const text = best ? `\\textbf{${shownValue(value)}}` : shownValue(value);
          return beats === '' ? text : `${text}$^{${beats}}$`;
        }),
      ].join(' & ')} \\\\`,
  );
  return [
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{${escaped(footnote(comparison))}}`,
    `  \\begin{tabular}{cl${'l'.repeat(comparison.measures.length)}}`,
    '    \\toprule',
    `    \\# & Run & ${comparison.measures.map(escaped).join(' & ')} \\\\`,
    '    \\midrule',
    ...rows,
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

const commands: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '$<$',
  '>': '$>$',
  '–': '--',
  α: '$\\alpha$',
};

function escaped(text: string): string {
  return text.replace(/[\\~^<>–α#$%&_{}]/g, (character) => commands[character] ?? `\\${character}`);
}
