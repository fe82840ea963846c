import type { Comparison } from '../compare.ts';
import { markerAt } from './series.ts';
import { element, escaped, figure, linearScale } from './svg.ts';
import { shownValue } from './table.ts';

const width = 1020;
const left = 170;
const right = 930;
const rowHeight = 30;

/** The mean of each run with its interval: intervals that hardly overlap are worth a test. */
export function plotMeans(comparison: Comparison, measure: string, id: string): string {
  const rows = comparison.runs.map(({ name, summaries }) => ({
    name,
    mean: summaries[measure]!.mean,
    ...summaries[measure]!.interval.bootstrap,
  }));
  const low = Math.min(...rows.map((row) => row.low));
  const high = Math.max(...rows.map((row) => row.high));
  const room = (high - low || 0.1) * 0.08;
  const x = linearScale(low < room * 4 ? 0 : low - room, high + room, left, right, 6);
  const height = rows.length * rowHeight + 52;
  const bottom = height - 38;
  const description = rows
    .map((row) => `${row.name} ${shownValue(row.mean)} (${shownValue(row.low)} to ${shownValue(row.high)})`)
    .join('; ');
  return figure(
    id,
    `Mean ${measure} with 95 % confidence intervals`,
    description,
    width,
    height,
    element(
      'g',
      { class: 'axes' },
      ...x.ticks.flatMap((tick) => [
        element('path', { d: `M${x(tick).toFixed(1)} 8V${bottom}`, class: 'grid' }),
        element('text', { x: x(tick), y: bottom + 18, 'text-anchor': 'middle' }, String(tick)),
      ]),
      element('text', { x: (left + right) / 2, y: height - 3, 'text-anchor': 'middle', class: 'axis' }, escaped(measure)),
    ),
    ...rows.map((row, at) => {
      const y = 8 + rowHeight * (at + 0.5);
      return element(
        'g',
        { class: `series s${at % 8}` },
        element(
          'title',
          {},
          escaped(`${row.name}: ${shownValue(row.mean)}, 95 % between ${shownValue(row.low)} and ${shownValue(row.high)}`),
        ),
        element(
          'text',
          { x: left - 12, y: y + 4, 'text-anchor': 'end', class: 'label' },
          escaped(row.name.length > 22 ? `${row.name.slice(0, 21)}…` : row.name),
        ),
        element('path', { d: `M${x(row.low).toFixed(1)} ${y}H${x(row.high).toFixed(1)}`, class: 'whisker' }),
        markerAt(at, x(row.mean), y, 5),
        element('text', { x: right + 12, y: y + 4, class: 'value' }, shownValue(row.mean)),
      );
    }),
  );
}
