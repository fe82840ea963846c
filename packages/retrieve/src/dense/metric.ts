/** How vectors are compared. Cosine is the dot product of vectors that were scaled to length 1 when they came in. */
export const denseMetrics = ['cosine', 'dot', 'l2'] as const;
export type DenseMetric = (typeof denseMetrics)[number];

export function kernelMetric(metric: DenseMetric): 'dot' | 'l2' {
  return metric === 'l2' ? 'l2' : 'dot';
}
