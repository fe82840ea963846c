/** What weights are stored in: as they are, or as whole numbers of 16 or 8 bits with a scale a term. */
export const weightTypes = ['f32', 'u16', 'u8'] as const;
export type WeightType = (typeof weightTypes)[number];

export type WeightArray = Float32Array | Uint16Array | Uint8Array;

const largest: Readonly<Record<'u16' | 'u8', number>> = { u16: 65_535, u8: 255 };

/** The weights of one term as they are stored, and what whole numbers are to be multiplied by (1 for f32). */
export function encodeWeights(weights: Float32Array, type: WeightType): { stored: WeightArray; scale: number } {
  if (type === 'f32') return { stored: weights, scale: 1 };
  let top = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! > top) top = weights[i]!;
  const steps = largest[type];
  const scale = Math.fround(top / steps) || 2 ** -149;
  const stored = type === 'u16' ? new Uint16Array(weights.length) : new Uint8Array(weights.length);
  // A weight above 0 stays above 0: the document still matches.
  for (let i = 0; i < weights.length; i++) stored[i] = Math.max(1, Math.min(steps, Math.round(weights[i]! / scale)));
  return { stored, scale };
}
