import { RankError } from '@rank-rank/core';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { float32Tensor, tensor } from '../onnx-proto/tensor.ts';
import type { Observed } from './calibration.ts';
import { EditableLayer } from './editable-layer.ts';
import { isFeedForward } from './feed-forward.ts';
import { type GraphView, MICROSOFT, makeNode } from './graph-view.ts';
import type { LinearLayer } from './linear-layers.ts';
import { Rewrite } from './rewrite.ts';

export interface BlockwiseOptions {
  readonly bits: 4 | 8;
  /** How many weights share a scale. */
  readonly blockSize: number;
}

/** Eight bits gain nothing from smaller blocks. */
const smallestOfEight = 32;

/** Weights rounded in blocks along the input: codes as `MatMulNBits` packs them, and for each block a scale and the code that means 0. */
export interface Blocks {
  /** `[out, blocks, blockSize · bits / 8]`; two codes of four bits to a byte, the first in the low half. */
  readonly codes: Uint8Array;
  /** `[out, blocks]` */
  readonly scales: Float32Array;
  /** `[out, ⌈blocks / 2⌉]`, two of four bits to a byte; absent for eight bits, where it is the middle code. */
  readonly zeros?: Uint8Array;
}

/**
 * Rounds `[inner, out]` in blocks of a column: w ≈ (code − zero) · scale. Of eight bits zero is the middle code; of four, where each code
 * counts, it stands where the block's weights leave it. Scale and zero are those that err least in the sum of squares, each weighed by
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
  const top = 2 ** bits - 1;
  const codes = new Uint8Array((out * blocks * blockSize * bits) / 8);
  const scales = new Float32Array(out * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeros = bits === 4 ? new Uint8Array(out * zeroBytes) : undefined;
  const column = new Float32Array(inner);
  for (let n = 0; n < out; n++) {
    for (let k = 0; k < inner; k++) column[k] = weights[k * out + n]!;
    for (let b = 0; b < blocks; b++) {
      const from = b * blockSize;
      const to = Math.min(from + blockSize, inner);
      const { scale, zero } = bits === 4 ? bestGrid(column, from, to, importance) : evenGrid(column, from, to, importance);
      scales[n * blocks + b] = scale;
      if (zeros !== undefined) zeros[n * zeroBytes + (b >> 1)]! |= b % 2 === 0 ? zero : zero << 4;
      for (let i = 0; i < blockSize; i++) {
        // Padding is 0.
        const code = from + i < to ? round(column[from + i]!, scale, zero, top) : zero;
        const place = (n * blocks + b) * blockSize + i;
        if (bits === 8) codes[place] = code;
        else codes[place >> 1]! |= place % 2 === 0 ? code : code << 4;
      }
    }
  }
  return { codes, scales, ...(zeros && { zeros }) };
}

/** What the codes of a block stand for. */
interface Grid {
  readonly scale: number;
  readonly zero: number;
}

function round(value: number, scale: number, zero: number, top: number): number {
  return Math.max(0, Math.min(top, Math.round(value / scale) + zero));
}

/** A smaller scale would be 0, or lose bits of its own, in float32. */
const smallestScale = 2 ** -126;

/** The scale of eight bits: the largest weight takes the code furthest from the middle, of which there is one more below it than above. */
function evenGrid(column: Float32Array, from: number, to: number, importance?: Float32Array): Grid {
  let largest = 0;
  for (let k = from; k < to; k++) if (Math.abs(column[k]!) > Math.abs(largest)) largest = column[k]!;
  if (Math.abs(largest) < 128 * smallestScale) return { scale: largest === 0 ? 1 : smallestScale, zero: 128 };
  const upward = Math.abs(largest) / 127;
  const reaching = largest / -128;
  const better = errorOf(column, from, to, reaching, 128, 255, importance) < errorOf(column, from, to, upward, 128, 255, importance);
  return { scale: better ? reaching : upward, zero: 128 };
}

/** Shares of the range that four bits may reach over: with few codes, cutting the largest weights a little can serve the others. */
const reaches = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7];

function bestGrid(column: Float32Array, from: number, to: number, importance?: Float32Array): Grid {
  let low = 0;
  let high = 0;
  for (let k = from; k < to; k++) {
    low = Math.min(low, column[k]!);
    high = Math.max(high, column[k]!);
  }
  const range = high - low;
  if (range < 16 * smallestScale) return { scale: range === 0 ? 1 : smallestScale, zero: 8 };
  const largest = -low > high ? low : high;
  const placed = Math.round((-15 * low) / range);
  let best: Grid = { scale: range / 15, zero: placed };
  let least = Infinity;
  for (const reach of reaches) {
    for (let kind = 0; kind < 3; kind++) {
      const scale = (reach * (kind === 0 ? range : kind === 1 ? Math.abs(largest) : -largest)) / (kind === 0 ? 15 : kind === 1 ? 7 : 8);
      const zero = kind === 0 ? placed : 8;
      const error = errorOf(column, from, to, scale, zero, 15, importance);
      if (error >= least) continue;
      least = error;
      best = { scale, zero };
    }
  }
  return best;
}

function errorOf(
  column: Float32Array,
  from: number,
  to: number,
  scale: number,
  zero: number,
  top: number,
  importance?: Float32Array,
): number {
  let error = 0;
  for (let k = from; k < to; k++) {
    const off = column[k]! - (round(column[k]!, scale, zero, top) - zero) * scale;
    error += importance === undefined ? off * off : off * off * importance[k]!;
  }
  return error;
}

/**
 * Replaces linear layers by `MatMulNBits`: weights in four or eight bits with a scale for each block, multiplied with activations that
 * the operator rounds to eight bits block by block (`accuracy_level` 4), which is far more exact than by the batch.
 * With four bits, the layers of attention keep eight: only those of feed-forward blocks are so coarse.
 */
export async function toBlockwise(
  view: GraphView,
  layers: readonly LinearLayer[],
  options: BlockwiseOptions,
  seen: ReadonlyMap<string, Observed> = new Map(),
  rewrite: Rewrite = new Rewrite(view),
): Promise<ModelProto> {
  const { blockSize } = options;
  if (![16, 32, 64, 128, 256].includes(blockSize)) {
    throw new RankError('OUT_OF_RANGE', `quantize: blockSize is ${blockSize}; expected 16, 32, 64, 128 or 256.`, { blockSize });
  }
  const replace = async (layer: LinearLayer, { bits, blockSize }: BlockwiseOptions): Promise<void> => {
    const { inner, out } = layer;
    const editable = new EditableLayer(layer);
    const { codes, scales, zeros } = toBlocks(await editable.weights(), inner, out, { bits, blockSize }, seen.get(layer.input)?.power);
    const blocks = Math.ceil(inner / blockSize);
    const weight = rewrite.weight(tensor(`${layer.name}:int${bits}`, 'uint8', [out, blocks, (blockSize * bits) / 8], codes));
    const scale = rewrite.weight(float32Tensor(`${layer.name}:scale`, [out * blocks], scales));
    const values = await editable.bias();
    const bias = values === undefined ? '' : rewrite.weight(float32Tensor(`${layer.name}:bias`, [out], values));
    const zero = zeros === undefined ? '' : rewrite.weight(tensor(`${layer.name}:zero`, 'uint8', [zeros.length], zeros));
    const inputs = [layer.input, weight, scale, zero, '', bias];
    while (inputs.at(-1) === '') inputs.pop();
    const [first, ...rest] = layer.nodes;
    const attributes = { K: inner, N: out, bits, block_size: blockSize, accuracy_level: 4 };
    rewrite.replace(first!, makeNode('MatMulNBits', inputs, [layer.output], attributes, MICROSOFT));
    for (const node of rest) rewrite.replace(node);
  };
  const feedForward = layers.filter((layer) => isFeedForward(view, layer));
  for (const layer of layers) {
    // What attention compares is hurt the most by four bits, and takes a third of the weights.
    const coarse = options.bits === 4 && (feedForward.length === 0 || feedForward.includes(layer));
    await replace(layer, coarse ? options : { bits: 8, blockSize: options.bits === 8 ? blockSize : Math.max(blockSize, smallestOfEight) });
  }
  return rewrite.apply();
}
