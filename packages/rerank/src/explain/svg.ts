import { checkInteger, checkOptions, type Tokens } from '@rank-rank/core';
import { escapeMarkup } from './escape-markup.ts';
import { type MaxSimExplanation, matrixOf } from './explain-maxsim.ts';
import { shade } from './heat.ts';

export interface SvgOptions {
  /** Pixels a cell is wide and high; 14 by default. */
  readonly cell?: number;
}

/** The similarity matrix as an SVG heat map: query rows down, document rows across, each query row's maximum outlined. Needs `matrix: true`. */
export function svgHeatMap(why: MaxSimExplanation, options: SvgOptions = {}): string {
  checkOptions('svgHeatMap', options, ['cell']);
  const cell = checkInteger('svgHeatMap: cell', options.cell ?? 14, { min: 2, max: 200 });
  const { data, rows, dim: columns } = matrixOf('svgHeatMap', why);
  const left = labelWidth(why.query.tokens, cell);
  const top = labelWidth(why.document.tokens, cell);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const parts: string[] = [];
  for (let i = 0; i < rows; i++) {
    const y = top + i * cell;
    parts.push(`<text x="${left - 4}" y="${y + cell * 0.75}" text-anchor="end">${label(why.query.tokens, i)}</text>`);
    for (let j = 0; j < columns; j++) {
      const value = data[i * columns + j]!;
      parts.push(
        `<rect x="${left + j * cell}" y="${y}" width="${cell}" height="${cell}" fill="rgb(${shade(value, low, high).join(',')})"><title>${value.toFixed(4)}</title></rect>`,
      );
    }
  }
  for (const { queryRow, documentRow } of why.matches) {
    if (documentRow < 0) continue;
    parts.push(
      `<rect x="${left + documentRow * cell + 0.5}" y="${top + queryRow * cell + 0.5}" width="${cell - 1}" height="${cell - 1}" fill="none" stroke="#000"/>`,
    );
  }
  for (let j = 0; j < columns; j++) {
    const x = left + j * cell + cell * 0.7;
    parts.push(`<text transform="translate(${x} ${top - 4}) rotate(-90)">${label(why.document.tokens, j)}</text>`);
  }
  const width = left + columns * cell + 4;
  const height = top + rows * cell + 4;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${Math.round(cell * 0.75)}">`,
    `<title>${why.space} ${why.score.toFixed(4)}</title>`,
    ...parts,
    '</svg>',
  ].join('\n');
}

function label(tokens: Tokens, row: number): string {
  return escapeMarkup(tokens.pieces?.[row] ?? String(row));
}

/** Room for the longest label, at about 0.45 cells a character. */
function labelWidth(tokens: Tokens, cell: number): number {
  let longest = 2;
  for (let row = 0; row < tokens.rows; row++) longest = Math.max(longest, (tokens.pieces?.[row] ?? String(row)).length);
  return Math.ceil(longest * cell * 0.45) + 8;
}
