import type { Explanation } from '@rank-rank/core';
import { bold, dim, figure } from '../terminal/terminal.ts';

/** An explanation as lines of a tree, down to `depth` levels below its root. */
export function treeOf(explanation: Explanation, depth: number = Number.POSITIVE_INFINITY, indent = ''): string[] {
  const { name, value, description, combine = 'sum', parts = [] } = explanation;
  const how = parts.length > 0 && combine !== 'sum' ? dim(`  (${combine} of)`) : '';
  const head = `${indent}${bold(figure(value))} ${name}${description ? dim(`  ${description}`) : ''}${how}`;
  return [head, ...(depth === 0 ? [] : parts.flatMap((part) => treeOf(part, depth - 1, `${indent}  `)))];
}
