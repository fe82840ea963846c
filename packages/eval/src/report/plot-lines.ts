import { markerAt } from './series.ts';
import { element, escaped, figure, linearScale, logScale, type Scale, spread } from './svg.ts';

/** One line: a run's values at growing x. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LinePlot {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: 'linear' | 'log';
  readonly lines: readonly Line[];
}

const width = 520;
const height = 340;
const left = 52;
const right = 372;
const top = 14;
const bottom = 292;

/** Lines with their names beside their ends. Each has a colour, a dash and a marker of its own: none of the three is needed alone. */
export function plotLines({ id, title, description, xLabel, yLabel, xScale, lines }: LinePlot): string {
  const xs = lines.flatMap(({ points }) => points.map(({ x }) => x));
  const ys = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const x = (xScale === 'log' ? logScale : linearScale)(Math.min(...xs), Math.max(...xs), left, right);
  const y = linearScale(0, Math.max(0.05, ...ys) * 1.04, bottom, top);
  const ends = spread(
    lines.map(({ points }) => y(points.at(-1)?.y ?? 0)),
    17,
    top + 6,
    bottom,
  );
  const drawn = lines.map(({ name, points }, at) => {
    const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join('');
    const last = points.at(-1)!;
    const values = points.map((point) => `${point.x}: ${point.y.toFixed(4)}`).join(', ');
    return element(
      'g',
      { class: `series s${at % 8}` },
      element('title', {}, escaped(`${name} (${values})`)),
      element('path', { d: path, class: 'line' }),
      ...points.map((point) => markerAt(at, x(point.x), y(point.y), 3)),
      element('path', {
        d: `M${(x(last.x) + 5).toFixed(1)} ${y(last.y).toFixed(1)}L${right + 12} ${ends[at]!.toFixed(1)}`,
        class: 'leader',
      }),
      markerAt(at, right + 18, ends[at]!, 4),
      element('text', { x: right + 27, y: ends[at]! + 4, class: 'label' }, escaped(shortened(name))),
    );
  });
  return figure(id, title, description, width, height, axes(x, y, xLabel, yLabel), ...drawn);
}

function shortened(name: string): string {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}

function axes(x: Scale, y: Scale, xLabel: string, yLabel: string): string {
  return element(
    'g',
    { class: 'axes' },
    ...y.ticks.flatMap((tick) => [
      element('path', { d: `M${left} ${y(tick).toFixed(1)}H${right}`, class: tick === 0 ? 'base' : 'grid' }),
      element('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick)),
    ]),
    ...x.ticks.map((tick) => element('text', { x: x(tick), y: bottom + 18, 'text-anchor': 'middle' }, String(tick))),
    element('text', { x: (left + right) / 2, y: height - 8, 'text-anchor': 'middle', class: 'axis' }, escaped(xLabel)),
    element(
      'text',
      { x: 13, y: (top + bottom) / 2, 'text-anchor': 'middle', class: 'axis', transform: `rotate(-90 13 ${(top + bottom) / 2})` },
      escaped(yLabel),
    ),
  );
}
