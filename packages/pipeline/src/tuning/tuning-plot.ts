import type { SearchSpace, Trial, TuneResult } from './tune.ts';

const width = 720;
const height = 420;
const margin = { left: 64, right: 24, top: 40, bottom: 48 };

/**
 * Quality against time as a picture: every trial a dot, the front of those that nothing beats in both a line, the chosen one marked.
 * Self-contained SVG that follows the reader's light or dark mode.
 *
 * @example writeFileSync('tuning.svg', tuningPlot(await tune({ … })));
 */
export function tuningPlot<S extends SearchSpace>({ measure, trials, front, best }: TuneResult<S>): string {
  const times = trials.map(({ milliseconds }) => Math.log10(Math.max(milliseconds, 1e-3)));
  const [left, right] = padded(Math.min(...times), Math.max(...times));
  const [low, high] = padded(Math.min(...trials.map(({ quality }) => quality)), Math.max(...trials.map(({ quality }) => quality)));
  const x = ({ milliseconds }: Trial<S>): number =>
    margin.left + ((Math.log10(Math.max(milliseconds, 1e-3)) - left) / (right - left)) * (width - margin.left - margin.right);
  const y = ({ quality }: Trial<S>): number =>
    height - margin.bottom - ((quality - low) / (high - low)) * (height - margin.top - margin.bottom);
  const dot = (trial: Trial<S>, kind: string, radius: number): string =>
    `<circle class="${kind}" cx="${x(trial).toFixed(1)}" cy="${y(trial).toFixed(1)}" r="${radius}"><title>${markup(`${labelOf(trial)}: ${measure} ${trial.quality.toFixed(4)}, ${trial.milliseconds.toFixed(2)} ms`)}</title></circle>`;
  const steps = front.map((trial) => `${x(trial).toFixed(1)},${y(trial).toFixed(1)}`).join(' ');
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    const at = height - margin.bottom - share * (height - margin.top - margin.bottom);
    return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/><text x="${margin.left - 8}" y="${at + 4}" text-anchor="end">${value.toFixed(3)}</text>`;
  });
  const marks = [0, 0.5, 1].map((share) => {
    const at = margin.left + share * (width - margin.left - margin.right);
    return `<text x="${at}" y="${height - margin.bottom + 18}" text-anchor="middle">${Number((10 ** (left + share * (right - left))).toPrecision(2))}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${markup(measure)} against milliseconds of ${trials.length} trials">
<style>
  text { font: 12px system-ui, sans-serif; fill: #444 }
  .title { font-weight: 600; font-size: 14px; fill: #111 }
  .grid { stroke: #ddd } .trial { fill: #9aa7b4 } .front { fill: #1f77b4 } .best { fill: #d6542b }
  polyline { fill: none; stroke: #1f77b4; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) { text { fill: #bbb } .title { fill: #eee } .grid { stroke: #333 } .trial { fill: #5b6773 } }
</style>
<text class="title" x="${margin.left}" y="22">${markup(measure)} against the median time of a query</text>
${ticks.join('\n')}
${marks.join('\n')}
<text x="${(width + margin.left - margin.right) / 2}" y="${height - 10}" text-anchor="middle">milliseconds (logarithmic)</text>
${trials.map((trial) => dot(trial, 'trial', 3)).join('\n')}
<polyline points="${steps}"/>
${front.map((trial) => dot(trial, 'front', 4)).join('\n')}
${best === undefined ? '' : dot(best, 'best', 6)}
</svg>
`;
}

function labelOf<S extends SearchSpace>({ parameters }: Trial<S>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** A range with a little room, also where all values are one. */
function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.05;
  return [low - room, high + room];
}

function markup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
