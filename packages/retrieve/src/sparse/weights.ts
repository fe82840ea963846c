/** What weights are stored in: as they are, or as whole numbers of 16 or 8 bits with a scale a term. */
export const weightTypes = ['f32', 'u16', 'u8'] as const;
export type WeightType = (typeof weightTypes)[number];

export type WeightArray = Float32Array | Uint16Array | Uint8Array;

const largest: Readonly<Record<WeightType, number>> = { f32: Number.POSITIVE_INFINITY, u16: 65_535, u8: 255 };

/** What the whole numbers of a term are to be multiplied by, if its largest weight is `top`; 1 for f32. */
export function scaleFor(top: number, type: WeightType): number {
  return type === 'f32' ? 1 : Math.fround(top / largest[type]) || 2 ** -149;
}

/** Weights as they are stored. A weight above 0 stays above 0: the document still matches. */
export function encodeWeights(weights: Float32Array, scale: number, type: WeightType): WeightArray {
  if (type === 'f32') return weights;
  const stored = newWeights(type, weights.length);
  for (let i = 0; i < weights.length; i++) stored[i] = encodeWeight(weights[i]!, scale, type);
  return stored;
}

export function encodeWeight(weight: number, scale: number, type: WeightType): number {
  return type === 'f32' ? weight : Math.max(1, Math.min(largest[type], Math.round(weight / scale)));
}

export function newWeights(type: WeightType, length: number): WeightArray {
  return type === 'f32' ? new Float32Array(length) : type === 'u16' ? new Uint16Array(length) : new Uint8Array(length);
}
