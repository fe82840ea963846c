import type { ComparedRun, PairComparison } from '../compare.ts';
import { element, escaped, figure, linearScale } from './svg.ts';
import { shownDifference, shownValue } from './table.ts';

const width = 1020;
const height = 290;
const left = 52;
const right = 1008;
const top = 16;
const bottom = 258;

const mostBars = 400;

/** What each query gains or loses from a to b, sorted: whether a mean comes from many queries or from few. */
export function plotDeltas(pair: PairComparison, a: ComparedRun, b: ComparedRun, id: string): string {
  const { measure } = pair;
  const deltas = a.queries
    .map((query) => {
      const from = a.perQuery[query]![measure]!;
      const to = b.perQuery[query]![measure]!;
      return { query, from, to, delta: to - from };
    })
    .filter(({ delta }) => !Number.isNaN(delta))
    .sort((one, other) => other.delta - one.delta || (one.query < other.query ? -1 : 1));
  const reach = Math.max(0.05, ...deltas.map(({ delta }) => Math.abs(delta)));
  const y = linearScale(-reach, reach, bottom, top, 4);
  const step = (right - left) / Math.max(1, deltas.length);
  const gap = step > 4 ? 1 : step * 0.12;
  // Thousands of bars are a shape, and names of queries nobody could point at.
  const bars =
    deltas.length > mostBars
      ? [outline(deltas, y, step)]
      : deltas.map(({ query, from, to, delta }, at) => {
          const from0 = y(Math.max(0, delta));
          // A query without difference is a hairline, so that it can be seen to be there.
          const size = Math.max(1, Math.abs(y(delta) - y(0)));
          return element(
            'rect',
            {
              x: left + at * step + gap / 2,
              y: delta === 0 ? y(0) - 0.5 : from0,
              width: Math.max(0.5, step - gap),
              height: size,
              class: delta > 1e-9 ? 'win' : delta < -1e-9 ? 'loss' : 'tie',
            },
            element('title', {}, escaped(`${query}: ${shownValue(from)} → ${shownValue(to)} (${shownDifference(delta)})`)),
          );
        });
  const title = `${measure} of each query, ${pair.b} against ${pair.a}`;
  const description = `${pair.wins} queries better, ${pair.ties} the same, ${pair.losses} worse; mean difference ${shownDifference(pair.difference)}.`;
  return figure(
    id,
    title,
    description,
    width,
    height,
    element(
      'g',
      { class: 'axes' },
      ...y.ticks.flatMap((tick) => [
        element('path', { d: `M${left} ${y(tick).toFixed(1)}H${right}`, class: tick === 0 ? 'base' : 'grid' }),
        element('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, tick > 0 ? `+${tick}` : String(tick).replace('-', '−')),
      ]),
      element('text', { x: left, y: height - 8, class: 'axis' }, escaped(`← ${pair.b} better`)),
      element('text', { x: right, y: height - 8, 'text-anchor': 'end', class: 'axis' }, escaped(`${pair.a} better →`)),
    ),
    ...bars,
    element('path', { d: `M${left} ${y(pair.difference).toFixed(1)}H${right}`, class: 'mean' }),
  );
}

/** Sorted differences as two areas, above and below the line. */
function outline(deltas: readonly { readonly delta: number }[], y: (value: number) => number, step: number): string {
  const area = (kind: 'win' | 'loss', part: (delta: number) => number): string => {
    const every = Math.ceil(deltas.length / 1000);
    const points = deltas.flatMap(({ delta }, at) =>
      at % every === 0 || at === deltas.length - 1 ? [`L${(left + at * step).toFixed(1)} ${y(part(delta)).toFixed(1)}`] : [],
    );
    return element('path', { d: `M${left} ${y(0).toFixed(1)}${points.join('')}V${y(0).toFixed(1)}Z`, class: `area ${kind}` });
  };
  return area('win', (delta) => Math.max(0, delta)) + area('loss', (delta) => Math.min(0, delta));
}
