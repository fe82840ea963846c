import { RankError } from '@rank-rank/core';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { float32Tensor, tensor } from '../onnx-proto/tensor.ts';
import type { Observed } from './calibration.ts';
import { EditableLayer } from './editable-layer.ts';
import { type GraphView, MICROSOFT, makeNode } from './graph-view.ts';
import type { LinearLayer } from './linear-layers.ts';
import { Rewrite } from './rewrite.ts';

export interface BlockwiseOptions {
  readonly bits: 4 | 8;
  /** How many weights share a scale. */
  readonly blockSize: number;
}

/** Weights rounded in blocks along the input: codes as `MatMulNBits` packs them, and a scale for each block. */
export interface Blocks {
  /** `[out, blocks, blockSize · bits / 8]`; two codes of four bits to a byte, the first in the low half. */
  readonly codes: Uint8Array;
  /** `[out, blocks]` */
  readonly scales: Float32Array;
}

/**
 * Rounds `[inner, out]` in blocks of a column: w ≈ (code − 2ᵇⁱᵗˢ⁻¹) · scale. The codes reach one further below zero than above, so a
 * block's scale takes the sign that puts its largest weight there, or not, whichever errs less: in the sum of squares, each weighed by
 * the mean square of the activations it meets (`importance`), where these were seen.
 */
export function toBlocks(
  weights: Float32Array,
  inner: number,
  out: number,
  { bits, blockSize }: BlockwiseOptions,
  importance?: Float32Array,
): Blocks {
  const blocks = Math.ceil(inner / blockSize);
  const middle = 2 ** (bits - 1);
  const perByte = 8 / bits;
  const blob = blockSize / perByte;
  // Padding and zero weights are the middle code.
  const codes = new Uint8Array(out * blocks * blob).fill(bits === 4 ? 0x88 : 0x80);
  const scales = new Float32Array(out * blocks);
  const column = new Float32Array(inner);
  for (let n = 0; n < out; n++) {
    for (let k = 0; k < inner; k++) column[k] = weights[k * out + n]!;
    for (let b = 0; b < blocks; b++) {
      const from = b * blockSize;
      const to = Math.min(from + blockSize, inner);
      const scale = bestScale(column, from, to, middle, importance);
      scales[n * blocks + b] = scale;
      for (let k = from; k < to; k++) {
        const code = round(column[k]!, scale, middle) + middle;
        const place = (n * blocks + b) * blob + Math.floor((k - from) / perByte);
        if (bits === 8) codes[place] = code;
        else codes[place] = (k - from) % 2 === 0 ? (codes[place]! & 0xf0) | code : (codes[place]! & 0x0f) | (code << 4);
      }
    }
  }
  return { codes, scales };
}

function round(value: number, scale: number, middle: number): number {
  return Math.max(-middle, Math.min(middle - 1, Math.round(value / scale)));
}

/** Shares of the largest weight that a scale may reach to: with few codes, cutting it a little can serve the others. */
const reaches = { 4: [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7], 8: [1] } as const;

function bestScale(column: Float32Array, from: number, to: number, middle: number, importance?: Float32Array): number {
  let extreme = 0;
  for (let k = from; k < to; k++) if (Math.abs(column[k]!) > Math.abs(extreme)) extreme = column[k]!;
  // A smaller scale would be 0, or lose bits of its own, in float32.
  if (Math.abs(extreme) < middle * 2 ** -126) return extreme === 0 ? 1 : 2 ** -126;
  let best = 0;
  let least = Infinity;
  for (const reach of reaches[middle === 8 ? 4 : 8]) {
    for (const scale of [(reach * Math.abs(extreme)) / (middle - 1), (reach * extreme) / -middle]) {
      let error = 0;
      for (let k = from; k < to; k++) {
        const off = column[k]! - round(column[k]!, scale, middle) * scale;
        error += importance === undefined ? off * off : off * off * importance[k]!;
      }
      if (error < least) {
        least = error;
        best = scale;
      }
    }
  }
  return best;
}

/**
 * Replaces linear layers by `MatMulNBits`: weights in four or eight bits with a scale for each block, multiplied with activations that
 * the operator rounds to eight bits block by block (`accuracy_level` 4), which is far more exact than by the batch.
 * (Frantar et al., "GPTQ", 2023, for blockwise weights; the rounding here is plain.)
 */
export async function toBlockwise(
  view: GraphView,
  layers: readonly LinearLayer[],
  options: BlockwiseOptions,
  seen: ReadonlyMap<string, Observed> = new Map(),
  rewrite: Rewrite = new Rewrite(view),
): Promise<ModelProto> {
  const { bits, blockSize } = options;
  if (![16, 32, 64, 128, 256].includes(blockSize)) {
    throw new RankError('OUT_OF_RANGE', `quantize: blockSize is ${blockSize}; expected 16, 32, 64, 128 or 256.`, { blockSize });
  }
  for (const layer of layers) {
    const { inner, out } = layer;
    const editable = new EditableLayer(layer);
    const { codes, scales } = toBlocks(await editable.weights(), inner, out, options, seen.get(layer.input)?.power);
    const blocks = Math.ceil(inner / blockSize);
    const weight = rewrite.weight(tensor(`${layer.name}:int${bits}`, 'uint8', [out, blocks, (blockSize * bits) / 8], codes));
    const scale = rewrite.weight(float32Tensor(`${layer.name}:scale`, [out * blocks], scales));
    const values = await editable.bias();
    const bias = values === undefined ? '' : rewrite.weight(float32Tensor(`${layer.name}:bias`, [out], values));
    const inputs = bias === '' ? [layer.input, weight, scale] : [layer.input, weight, scale, '', '', bias];
    const [first, ...rest] = layer.nodes;
    const attributes = { K: inner, N: out, bits, block_size: blockSize, accuracy_level: 4 };
    rewrite.replace(first!, makeNode('MatMulNBits', inputs, [layer.output], attributes, MICROSOFT));
    for (const node of rest) rewrite.replace(node);
  }
  return rewrite.apply();
}
