import { element } from './svg.ts';

/** The marker of a series: eight shapes, so that runs differ without colour too. */
export function markerAt(series: number, x: number, y: number, size: number): string {
  const r = size;
  const path = (d: string): string => element('path', { d, class: 'marker' });
  const at = (dx: number, dy: number): string => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  switch (series % 8) {
    case 0:
      return element('circle', { cx: x, cy: y, r, class: 'marker' });
    case 1:
      return path(`M${at(-r, -r)}L${at(r, -r)}L${at(r, r)}L${at(-r, r)}Z`);
    case 2:
      return path(`M${at(0, -1.3 * r)}L${at(1.2 * r, r)}L${at(-1.2 * r, r)}Z`);
    case 3:
      return path(`M${at(0, -1.4 * r)}L${at(1.4 * r, 0)}L${at(0, 1.4 * r)}L${at(-1.4 * r, 0)}Z`);
    case 4:
      return path(`M${at(0, 1.3 * r)}L${at(1.2 * r, -r)}L${at(-1.2 * r, -r)}Z`);
    case 5:
      return path(`M${at(-r, -r)}L${at(r, r)}M${at(r, -r)}L${at(-r, r)}`);
    case 6:
      return path(`M${at(-1.2 * r, 0)}L${at(1.2 * r, 0)}M${at(0, -1.2 * r)}L${at(0, 1.2 * r)}`);
    default:
      return element('circle', { cx: x, cy: y, r: r * 0.9, class: 'marker hollow' });
  }
}
