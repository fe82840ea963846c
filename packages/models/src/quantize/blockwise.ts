import { RankError } from '@rank-rank/core';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { float32Tensor, tensor } from '../onnx-proto/tensor.ts';
import type { Observed, ProductsOf } from './calibration.ts';
import { EditableLayer } from './editable-layer.ts';
import { errorFeedback, longestFeedback } from './error-feedback.ts';
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
 * the mean square of the activations it meets (`importance`), where these were seen. With `feedback` (see `errorFeedback`) the weights of
 * later inputs make up for the errors of earlier ones.
 */
export function toBlocks(
  weights: Float32Array,
  inner: number,
  out: number,
  { bits, blockSize }: BlockwiseOptions,
  importance?: Float32Array,
  feedback?: Float64Array,
): Blocks {
  const blocks = Math.ceil(inner / blockSize);
  const top = 2 ** bits - 1;
  const codes = new Uint8Array((out * blocks * blockSize * bits) / 8);
  const scales = new Float32Array(out * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeros = bits === 4 ? new Uint8Array(out * zeroBytes) : undefined;
  const left = feedback === undefined ? weights : Float32Array.from(weights);
  const values = new Float32Array(blockSize);
  const zeroOf = new Uint8Array(out);
  const errors = new Float32Array(out);
  for (let b = 0; b < blocks; b++) {
    const from = b * blockSize;
    const count = Math.min(blockSize, inner - from);
    const powers = importance?.subarray(from, from + count);
    for (let n = 0; n < out; n++) {
      for (let i = 0; i < count; i++) values[i] = left[(from + i) * out + n]!;
      const { scale, zero } = (bits === 4 ? bestGrid : evenGrid)(values, count, powers);
      scales[n * blocks + b] = scale;
      zeroOf[n] = zero;
      if (zeros !== undefined) zeros[n * zeroBytes + (b >> 1)]! |= b % 2 === 0 ? zero : zero << 4;
    }
    for (let i = 0; i < blockSize; i++) {
      const k = from + i;
      for (let n = 0; n < out; n++) {
        const scale = scales[n * blocks + b]!;
        const zero = zeroOf[n]!;
        // Padding is 0.
        const code = i < count ? round(left[k * out + n]!, scale, zero, top) : zero;
        if (i < count) errors[n] = left[k * out + n]! - (code - zero) * scale;
        const place = (n * blocks + b) * blockSize + i;
        if (bits === 8) codes[place] = code;
        else codes[place >> 1]! |= place % 2 === 0 ? code : code << 4;
      }
      if (feedback !== undefined && i < count) makeUp(left, errors, feedback, k, inner);
    }
  }
  return { codes, scales, ...(zeros && { zeros }) };
}

/** Takes the errors of input k's weights back from those of later inputs. */
function makeUp(left: Float32Array, errors: Float32Array, feedback: Float64Array, k: number, inner: number): void {
  const out = errors.length;
  for (let j = k + 1; j < inner; j++) {
    const share = feedback[k * inner + j]!;
    for (let n = 0, at = j * out; n < out; n++, at++) left[at]! -= share * errors[n]!;
  }
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
function evenGrid(values: Float32Array, count: number, importance?: Float32Array): Grid {
  let largest = 0;
  for (let i = 0; i < count; i++) if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
  if (Math.abs(largest) < 128 * smallestScale) return { scale: largest === 0 ? 1 : smallestScale, zero: 128 };
  const upward = Math.abs(largest) / 127;
  const reaching = largest / -128;
  const better = errorOf(values, count, reaching, 128, 255, importance) < errorOf(values, count, upward, 128, 255, importance);
  return { scale: better ? reaching : upward, zero: 128 };
}

/** Shares of the range that four bits may reach over: with few codes, cutting the largest weights a little can serve the others. */
const reaches = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7];

function bestGrid(values: Float32Array, count: number, importance?: Float32Array): Grid {
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
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
      const error = errorOf(values, count, scale, zero, 15, importance);
      if (error >= least) continue;
      least = error;
      best = { scale, zero };
    }
  }
  return best;
}

function errorOf(values: Float32Array, count: number, scale: number, zero: number, top: number, importance?: Float32Array): number {
  let error = 0;
  for (let i = 0; i < count; i++) {
    const off = values[i]! - (round(values[i]!, scale, zero, top) - zero) * scale;
    error += importance === undefined ? off * off : off * off * importance[i]!;
  }
  return error;
}

/** The layers that four bits are good enough for: what attention compares is hurt the most, and takes a third of the weights. */
export function coarseLayers(view: GraphView, layers: readonly LinearLayer[]): readonly LinearLayer[] {
  const feedForward = layers.filter((layer) => isFeedForward(view, layer));
  return feedForward.length === 0 ? layers : feedForward;
}

/** What sample texts showed of the inputs of layers, by their names. */
export interface Seen {
  readonly observed: ReadonlyMap<string, Observed>;
  /** For the feedback of errors, where it is wanted. */
  readonly productsOf?: ProductsOf;
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
  { observed, productsOf }: Seen = { observed: new Map() },
  rewrite: Rewrite = new Rewrite(view),
): Promise<ModelProto> {
  const { blockSize } = options;
  if (![16, 32, 64, 128, 256].includes(blockSize)) {
    throw new RankError('OUT_OF_RANGE', `quantize: blockSize is ${blockSize}; expected 16, 32, 64, 128 or 256.`, { blockSize });
  }
  const coarse = options.bits === 4 ? coarseLayers(view, layers) : [];
  const fine: BlockwiseOptions = { bits: 8, blockSize: options.bits === 8 ? blockSize : Math.max(blockSize, smallestOfEight) };
  // Layers that read one value, a gate and what it lets through, share its products.
  let last: { readonly input: string; readonly feedback: Float64Array } | undefined;
  const feedbackFor = async ({ input, inner }: LinearLayer): Promise<Float64Array | undefined> => {
    if (productsOf === undefined || inner > longestFeedback) return undefined;
    if (last?.input !== input) last = { input, feedback: errorFeedback(await productsOf(input, inner), inner) };
    return last.feedback;
  };
  for (const layer of layers) {
    const { inner, out } = layer;
    const isCoarse = coarse.includes(layer);
    const { bits, blockSize: size } = isCoarse ? options : fine;
    const editable = new EditableLayer(layer);
    const feedback = isCoarse ? await feedbackFor(layer) : undefined;
    const weights = await editable.weights();
    const { codes, scales, zeros } = toBlocks(weights, inner, out, { bits, blockSize: size }, observed.get(layer.input)?.power, feedback);
    const blocks = Math.ceil(inner / size);
    const weight = rewrite.weight(tensor(`${layer.name}:int${bits}`, 'uint8', [out, blocks, (size * bits) / 8], codes));
    const scale = rewrite.weight(float32Tensor(`${layer.name}:scale`, [out * blocks], scales));
    const values = await editable.bias();
    const bias = values === undefined ? '' : rewrite.weight(float32Tensor(`${layer.name}:bias`, [out], values));
    const zero = zeros === undefined ? '' : rewrite.weight(tensor(`${layer.name}:zero`, 'uint8', [zeros.length], zeros));
    const inputs = [layer.input, weight, scale, zero, '', bias];
    while (inputs.at(-1) === '') inputs.pop();
    const [first, ...rest] = layer.nodes;
    const attributes = { K: inner, N: out, bits, block_size: size, accuracy_level: 4 };
    rewrite.replace(first!, makeNode('MatMulNBits', inputs, [layer.output], attributes, MICROSOFT));
    for (const node of rest) rewrite.replace(node);
  }
  return rewrite.apply();
}
