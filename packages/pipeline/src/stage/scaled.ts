import type { Explanation } from '@rank-rank/core';

const scaleName = 'scale';

/** An explanation whose value, and all values within it that add up to it, are multiplied: how a score looks after it was weighted. */
export function scaled(explanation: Explanation, factor: number): Explanation {
  const { parts, combine = 'sum' } = explanation;
  const value = explanation.value * factor;
  if (parts === undefined || combine !== 'sum') {
    if (parts === undefined || factor === 1) return { ...explanation, value };
    // A product gets one more factor, so that the others stay what they are.
    if (combine === 'product') {
      const weight = parts.find(({ name }) => name === scaleName)?.value ?? 1;
      return {
        ...explanation,
        value,
        parts: [...parts.filter(({ name }) => name !== scaleName), { name: scaleName, value: weight * factor }],
      };
    }
    return { name: explanation.name, value, combine: 'product', parts: [explanation, { name: scaleName, value: factor }] };
  }
  return { ...explanation, value, parts: parts.map((part) => scaled(part, factor)) };
}

/**
 * The straight line y = slope · x + offset through what a normalisation did to the scores of a list, or undefined if it was no straight line.
 * With it the parts of a raw score become parts of the normalised one.
 */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): { slope: number; offset: number } | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  const far = points.reduce((best, point) => (Math.abs(point[0] - first[0]) > Math.abs(best[0] - first[0]) ? point : best), first);
  if (far[0] === first[0]) return undefined;
  const slope = (far[1] - first[1]) / (far[0] - first[0]);
  const offset = first[1] - slope * first[0];
  const scale = Math.max(...points.map(([, y]) => Math.abs(y)), 1e-12);
  return points.every(([x, y]) => Math.abs(slope * x + offset - y) <= 1e-9 * scale) ? { slope, offset } : undefined;
}

/** An explanation that adds up to the score as it was given out: what the two differ by (scores are kept in few digits) becomes a part. */
export function exactly(explanation: Explanation, score: number): Explanation {
  const { parts, combine = 'sum', value } = explanation;
  if (value === score) return explanation;
  if (parts === undefined) return { ...explanation, value: score };
  const rounding = { name: 'rounding', value: score - value };
  return combine === 'sum'
    ? { ...explanation, value: score, parts: [...parts, rounding] }
    : { name: explanation.name, value: score, parts: [explanation, rounding] };
}

/** The parts of a score under a straight line: the scaled explanation of the raw score, and the offset where there is one. */
export function underLine(raw: Explanation, score: number, { slope, offset }: { slope: number; offset: number }): Explanation[] {
  const parts = [scaled(exactly(raw, score), slope)];
  if (offset !== 0)
    parts.push({
      name: 'offset',
      value: offset,
      description: 'what the normalisation takes off or adds, the same for every document of the list',
    });
  return parts;
}
