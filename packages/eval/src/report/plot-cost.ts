import type { Comparison } from '../compare.ts';
import { markerAt } from './series.ts';
import { element, escaped, figure, linearScale, logScale } from './svg.ts';
import { shownValue } from './table.ts';

const width = 1020;
const height = 360;
const left = 60;
const right = 860;
const top = 16;
const bottom = 312;

/** Quality over cost, with the runs that no other beats in both joined by a line. Undefined where no run has a cost. */
export function plotCost({ runs }: Comparison, measure: string, id: string): string | undefined {
  const points = runs.flatMap(({ name, cost, values }, series) =>
    cost === undefined ? [] : [{ name, series, cost: cost.value, unit: cost.unit, value: values[measure]! }],
  );
  if (points.length === 0) return undefined;
  const costs = points.map(({ cost }) => cost);
  const least = Math.min(...costs);
  const most = Math.max(...costs);
  const wide = least > 0 && most / least > 8;
  const x = wide ? logScale(least / 1.4, most * 1.4, left, right) : linearScale(0, most * 1.1 || 1, left, right);
  const values = points.map(({ value }) => value);
  const room = (Math.max(...values) - Math.min(...values) || 0.1) * 0.18;
  const y = linearScale(Math.max(0, Math.min(...values) - room), Math.max(...values) + room, bottom, top);
  const front = points.filter(
    (point) =>
      !points.some(
        (other) =>
          other !== point &&
          other.cost <= point.cost &&
          other.value >= point.value &&
          (other.cost < point.cost || other.value > point.value),
      ),
  );
  front.sort((a, b) => a.cost - b.cost);
  const unit = points[0]!.unit;
  return figure(
    id,
    `${measure} over cost`,
    `${points.map(({ name, cost, value }) => `${name}: ${shownValue(value)} at ${cost} ${unit}`).join('; ')}. Not beaten in both: ${front.map(({ name }) => name).join(', ')}.`,
    width,
    height,
    element(
      'g',
      { class: 'axes' },
      ...y.ticks.flatMap((tick) => [
        element('path', { d: `M${left} ${y(tick).toFixed(1)}H${right}`, class: 'grid' }),
        element('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick)),
      ]),
      ...x.ticks.map((tick) => element('text', { x: x(tick), y: bottom + 18, 'text-anchor': 'middle' }, String(tick))),
      element('path', { d: `M${left} ${bottom}H${right}`, class: 'base' }),
      element(
        'text',
        { x: (left + right) / 2, y: height - 8, 'text-anchor': 'middle', class: 'axis' },
        escaped(`cost (${unit}${wide ? ', logarithmic' : ''})`),
      ),
      element(
        'text',
        { x: 14, y: (top + bottom) / 2, 'text-anchor': 'middle', class: 'axis', transform: `rotate(-90 14 ${(top + bottom) / 2})` },
        escaped(measure),
      ),
    ),
    element('path', {
      d: front.map(({ cost, value }, i) => `${i === 0 ? 'M' : 'L'}${x(cost).toFixed(1)} ${y(value).toFixed(1)}`).join(''),
      class: 'front',
    }),
    ...points.map(({ name, series, cost, value }) =>
      element(
        'g',
        { class: `series s${series % 8}` },
        element('title', {}, escaped(`${name}: ${shownValue(value)} at ${cost} ${unit}`)),
        markerAt(series, x(cost), y(value), 6),
        element('text', { x: x(cost) + 12, y: y(value) + 4, class: 'label' }, escaped(name)),
      ),
    ),
  );
}
