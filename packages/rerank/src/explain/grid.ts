import { checkInteger, checkNumber, checkOptions, RankError } from '@rank-rank/core';
import { type MaxSimExplanation, matrixOf } from './explain-maxsim.ts';

/** Where the patches of an image stand among a document's rows: row-major, `columns × rows` of them from row `first`. */
export interface PatchGrid {
  readonly columns: number;
  readonly rows: number;
  /** The document row of the top left patch; 0 by default (models put special tokens before or after). */
  readonly first?: number;
  /** The image's size in pixels; regions are then in pixels, otherwise in patches. */
  readonly width?: number;
  readonly height?: number;
}

/** A rectangle of the image. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What one query row found in the image. */
export interface RegionMatch {
  readonly queryRow: number;
  readonly contribution: number;
  /** The patch with the largest similarity; absent where that is no patch of the image. */
  readonly best?: Region;
  /** Boxes around connected patches whose similarity is at least `threshold` of the way from the row's lowest to its highest, strongest first. */
  readonly regions: readonly (Region & { readonly similarity: number })[];
  /** The similarities to the patches, scaled to 0–1, row-major. */
  readonly map: Float32Array;
}

/**
 * Maps the matches of an explanation to regions of an image whose patches are the document's rows, as in ColPali (Faysse et al. 2024).
 * Needs `matrix: true`.
 *
 * @example regionMatches(explainMaxSim(query, page, { matrix: true }), { columns: 32, rows: 32, width: 1240, height: 1754 })
 */
export function regionMatches(why: MaxSimExplanation, grid: PatchGrid, options: { readonly threshold?: number } = {}): RegionMatch[] {
  checkOptions('regionMatches', options, ['threshold']);
  checkOptions('regionMatches: grid', grid, ['columns', 'rows', 'first', 'width', 'height']);
  const columns = checkInteger('regionMatches: grid.columns', grid.columns, { min: 1 });
  const rows = checkInteger('regionMatches: grid.rows', grid.rows, { min: 1 });
  const first = checkInteger('regionMatches: grid.first', grid.first ?? 0, { min: 0 });
  const threshold = checkNumber('regionMatches: threshold', options.threshold ?? 0.7, { min: 0, max: 1 });
  const patchWidth = checkNumber('regionMatches: grid.width', grid.width ?? columns, { above: 0 }) / columns;
  const patchHeight = checkNumber('regionMatches: grid.height', grid.height ?? rows, { above: 0 }) / rows;
  const { data, dim } = matrixOf('regionMatches', why);
  const patches = columns * rows;
  if (first + patches > dim) {
    throw new RankError(
      'OUT_OF_RANGE',
      `regionMatches: a grid of ${columns} × ${rows} patches from row ${first} needs ${first + patches} rows; the document has ${dim}.`,
    );
  }
  const box = (left: number, top: number, right: number, bottom: number): Region => ({
    x: left * patchWidth,
    y: top * patchHeight,
    width: (right - left + 1) * patchWidth,
    height: (bottom - top + 1) * patchHeight,
  });
  return why.matches.map(({ queryRow, documentRow, contribution }) => {
    const similarities = data.subarray(queryRow * dim + first, queryRow * dim + first + patches);
    const low = similarities.reduce((a, b) => Math.min(a, b));
    const high = similarities.reduce((a, b) => Math.max(a, b));
    const map = similarities.map((value) => (high === low ? 0 : (value - low) / (high - low)));
    const patch = documentRow - first;
    const regions = connected(map, columns, rows, threshold).map(({ left, top, right, bottom, peak }) => ({
      ...box(left, top, right, bottom),
      similarity: similarities[peak]!,
    }));
    const inside = patch >= 0 && patch < patches;
    return {
      queryRow,
      contribution,
      ...(inside && { best: box(patch % columns, Math.floor(patch / columns), patch % columns, Math.floor(patch / columns)) }),
      regions: regions.sort((a, b) => b.similarity - a.similarity),
      map,
    };
  });
}

/** Components of patches that touch by a side, as boxes and the patch of their highest value. */
function connected(map: Float32Array, columns: number, rows: number, threshold: number) {
  const seen = new Uint8Array(map.length);
  const boxes: { left: number; top: number; right: number; bottom: number; peak: number }[] = [];
  for (let start = 0; start < map.length; start++) {
    if (seen[start] || map[start]! < threshold || map[start] === 0) continue;
    const found = { left: columns, top: rows, right: 0, bottom: 0, peak: start };
    const stack = [start];
    seen[start] = 1;
    while (stack.length > 0) {
      const at = stack.pop()!;
      const x = at % columns;
      const y = Math.floor(at / columns);
      found.left = Math.min(found.left, x);
      found.right = Math.max(found.right, x);
      found.top = Math.min(found.top, y);
      found.bottom = Math.max(found.bottom, y);
      if (map[at]! > map[found.peak]!) found.peak = at;
      for (const next of [
        x > 0 ? at - 1 : -1,
        x < columns - 1 ? at + 1 : -1,
        y > 0 ? at - columns : -1,
        y < rows - 1 ? at + columns : -1,
      ]) {
        if (next < 0 || seen[next] || map[next]! < threshold) continue;
        seen[next] = 1;
        stack.push(next);
      }
    }
    boxes.push(found);
  }
  return boxes;
}
