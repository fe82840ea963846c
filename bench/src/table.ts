import type { Row } from './question.ts';

const fasterIsHigher = new Set(['qps', 'docs_per_s']);

/** Rows as a table, one block a group; in each block every value is set beside our best one. */
export function table(rows: readonly Row[], groupOf: (row: Row) => string): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groupOf(row);
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const cells: string[][] = [['', 'value', '', 'low–high', 'peer ÷ ours', 'quality']];
  for (const [group, members] of groups) {
    const { metric } = members[0]!;
    const higher = fasterIsHigher.has(metric);
    const mine = members.filter((row) => row.peer === 'rank-rank').map((row) => row.value);
    const ours = mine.length > 0 ? (higher ? Math.max(...mine) : Math.min(...mine)) : undefined;
    cells.push([group]);
    for (const row of members) {
      // Above 1 we are faster, whichever way the metric points.
      const ratio = ours === undefined ? '' : (higher ? ours / row.value : row.value / ours).toFixed(2);
      const quality = Object.entries(row.quality ?? {}).map(([name, value]) => `${name} ${value}`);
      const spread = row.spread === undefined ? '' : `${round(row.spread[0])}–${round(row.spread[1])}`;
      cells.push([
        `  ${row.peer} ${row.case}${row.threads > 1 ? ` (${row.threads} threads)` : ''}`,
        round(row.value),
        metric,
        spread,
        ratio,
        quality.join(', '),
      ]);
    }
  }
  const widths = cells[0]!.map((_, column) =>
    Math.max(...cells.filter((line) => line.length > 1).map((line) => line[column]?.length ?? 0)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) => ([1, 4].includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value
    .toFixed(Math.min(digits, 6))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}
