import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../question.ts';

const [width, height, left, top, right, bottom] = [760, 460, 64, 44, 200, 52];
const colours = [
  '#c0392b',
  '#2471a3',
  '#1e8449',
  '#b9770e',
  '#7d3c98',
  '#566573',
  '#117a65',
  '#a04000',
  '#34495e',
  '#99a3a4',
  '#6e2c00',
  '#d81b60',
  '#283593',
];

/**
 * Queries a second against recall, a line a method, as an SVG file; undefined where no row of the set has that recall. The rate is that of the median query
 * (1 / p50) for everybody, because interrupted queries would otherwise count against whoever ran last.
 */
export function curvePlot(folder: string, set: string, recall: string, rows: readonly Row[]): string | undefined {
  const series = new Map<string, { x: number; y: number }[]>();
  for (const { case: name, metric, peer, value, quality } of rows) {
    if (metric !== 'qps' || name.split('/')[0] !== set || quality?.[recall] === undefined) continue;
    // Fewer hits are less work: they are no point of the same curve.
    if (quality['recall@100'] === undefined) continue;
    const label = peer === 'rank-rank' ? `rank-rank ${name.split('/')[1]!.split(',')[0]}` : methodOf(peer, name);
    const points = series.get(label) ?? [];
    points.push({ x: quality[recall]!, y: quality['p50_ms'] === undefined ? value : 1000 / quality['p50_ms'] });
    series.set(label, points);
  }
  if (series.size === 0) return undefined;
  const all = [...series.values()].flat();
  const from = Math.floor(Math.min(...all.map(({ x }) => x)) * 20) / 20;
  const low = Math.floor(Math.log10(Math.min(...all.map(({ y }) => y))));
  const high = Math.ceil(Math.log10(Math.max(...all.map(({ y }) => y))));
  const x = (value: number): number => left + ((value - from) / (1 - from || 1)) * (width - left - right);
  const y = (value: number): number => height - bottom - ((Math.log10(value) - low) / (high - low || 1)) * (height - top - bottom);
  const parts: string[] = [];
  for (let tick = from; tick <= 1.0001; tick += 0.05) {
    parts.push(`<line x1="${x(tick)}" y1="${top}" x2="${x(tick)}" y2="${height - bottom}" stroke="#e5e8e8"/>`);
    parts.push(`<text x="${x(tick)}" y="${height - bottom + 16}" text-anchor="middle">${tick.toFixed(2)}</text>`);
  }
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    parts.push(`<line x1="${left}" y1="${at}" x2="${width - right}" y2="${at}" stroke="#e5e8e8"/>`);
    parts.push(`<text x="${left - 6}" y="${at + 4}" text-anchor="end">${10 ** power}</text>`);
  }
  [...series].forEach(([label, points], i) => {
    const colour = colours[i % colours.length]!;
    const ours = label.startsWith('rank-rank');
    const sorted = [...points].sort((a, b) => a.x - b.x || b.y - a.y);
    const path = sorted.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ');
    parts.push(
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${ours ? 2 : 1}"${ours ? '' : ' stroke-dasharray="4 3"'}/>`,
    );
    for (const point of sorted)
      parts.push(`<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="${ours ? 4 : 3}" fill="${colour}"/>`);
    parts.push(`<text x="${width - right + 12}" y="${top + 6 + 16 * i}" fill="${colour}">${label}</text>`);
  });
  const heading = `${set}: queries a second (median query, one thread) against ${recall} of exact MaxSim`;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${heading}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="22" font-size="14">${heading}</text>`,
    ...parts,
    `<text x="${(left + width - right) / 2}" y="${height - 14}" text-anchor="middle">${recall}</text>`,
    '</svg>',
  ].join('\n');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `late-interaction-${set}-${recall.replace('@', '-at-')}.svg`);
  writeFileSync(path, `${svg}\n`);
  return path;
}

/** A peer and its bits: the points of one index lie on one line. */
function methodOf(peer: string, name: string): string {
  const bits = /(\d)bit/.exec(name);
  return bits === null ? `${peer.split(' ')[0]} ${name.split('/').at(-1)!.split('-')[0]}` : `${peer.split(' ')[0]} ${bits[1]} bit`;
}
