import type { Comparison } from '../compare.ts';

/** A comparison as JSON. Infinite effect sizes, which JSON cannot hold, and undefined values become null. */
export function reportJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, undefined, 1)}\n`;
}
