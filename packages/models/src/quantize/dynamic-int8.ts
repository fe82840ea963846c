import type { ModelProto } from '../onnx-proto/messages.ts';
import { bytesOf, float32Tensor, tensor } from '../onnx-proto/tensor.ts';
import type { Observed } from './calibration.ts';
import { EditableLayer, readFloats } from './editable-layer.ts';
import { type Fold, findActivated, findFold } from './folding.ts';
import { type GraphView, MICROSOFT, makeNode } from './graph-view.ts';
import { toColumnCodes } from './integer-weights.ts';
import type { LinearLayer } from './linear-layers.ts';
import { type Splitting, splitOutliers } from './outlier-splitting.ts';
import { Rewrite } from './rewrite.ts';
import { errorEstimate, smooth } from './smoothing.ts';

export interface DynamicInt8Options {
  /** Weights in seven bits: processors with AVX2 or AVX-512 but without VNNI add pairs of products in 16 bits, which eight overflow. */
  readonly reduceRange: boolean;
}

/** A change is worth a pass over the activations where the expected error falls below this share; where it folds it costs nothing. */
const worthPass = 0.6;
const worthFolding = 0.95;

/**
 * Replaces linear layers by `DynamicQuantizeMatMul`: weights in eight bits, a scale for each column; activations rounded to eight bits
 * as they come, by the range of the batch. Where it was seen what the layers take, outlying channels are split or smoothed first.
 */
export async function toDynamicInt8(
  view: GraphView,
  layers: readonly LinearLayer[],
  seen: ReadonlyMap<string, Observed>,
  { reduceRange }: DynamicInt8Options,
  rewrite: Rewrite = new Rewrite(view),
): Promise<ModelProto> {
  const levels = reduceRange ? 63 : 127;
  const editable = layers.map((layer) => new EditableLayer(layer));
  const byOutput = new Map(editable.map((layer) => [layer.layer.output, layer]));
  const inputs = new Map<string, EditableLayer[]>();
  for (const layer of editable) inputs.set(layer.layer.input, [...(inputs.get(layer.layer.input) ?? []), layer]);

  // What each input is divided by where it enters its layers, rather than in the weights before it.
  const passes = new Map<string, Float32Array>();
  for (const [input, group] of inputs) {
    const observed = seen.get(input);
    if (observed === undefined) continue;
    const alone =
      !view.isOutput(input) && (view.consumers.get(input) ?? []).every((node) => group.some(({ layer }) => layer.nodes[0] === node));
    const [weights, inner, out] = await joined(group);
    // After an activation nothing folds, and a factor that is right for the texts seen is wrong for a rare token's towering value, which
    // splitting copes with: splitting or nothing.
    const activated = alone ? findActivated(view, input, byOutput) : undefined;
    if (activated !== undefined) {
      const splitting = splitOutliers(observed);
      if (splitting === undefined) continue;
      const without = errorEstimate(weights, inner, out, observed, levels)(new Float32Array(inner).fill(1));
      if (errorOfSplit(weights, inner, out, splitting, levels) > worthPass * without) continue;
      activated.columnCopies = splitting.copies;
      for (const layer of group) layer.rowCopies = splitting.copies;
      passes.set(input, splitting.divisors);
      continue;
    }
    const fold = alone ? findFold(view, input, byOutput) : undefined;
    const smoothing = smooth(weights, inner, out, observed, levels);
    if (smoothing.error > (fold === undefined ? worthPass : worthFolding) * smoothing.without) continue;
    for (const layer of group) layer.rowFactors = smoothing.factors;
    if (fold === undefined) passes.set(input, smoothing.factors);
    else await divide(rewrite, fold, smoothing.factors);
  }

  for (const [input, group] of inputs) {
    let entering = input;
    const divisors = passes.get(input);
    if (divisors !== undefined) {
      entering = rewrite.unique(`${input}:scaled`);
      const reciprocal = rewrite.weight(
        float32Tensor(
          `${input}:scale`,
          [divisors.length],
          divisors.map((by) => 1 / by),
        ),
      );
      rewrite.insertBefore(group[0]!.layer.nodes[0]!, makeNode('Mul', [input, reciprocal], [entering]));
    }
    for (const layer of group) await replace(rewrite, layer, entering, levels);
  }
  return rewrite.apply();
}

async function replace(rewrite: Rewrite, editable: EditableLayer, input: string, levels: number): Promise<void> {
  const { layer, inner, out } = editable;
  const { codes, scales } = toColumnCodes(await editable.weights(), inner, out, levels);
  const weight = rewrite.weight(tensor(`${layer.name}:int8`, 'int8', [inner, out], bytesOf(codes)));
  const scale = rewrite.weight(float32Tensor(`${layer.name}:scale`, [out], scales));
  const values = await editable.bias();
  const bias = values === undefined ? '' : rewrite.weight(float32Tensor(`${layer.name}:bias`, [out], values));
  const inputs = [input, weight, scale, '', bias];
  if (bias === '') inputs.length = 3;
  const [first, ...rest] = layer.nodes;
  rewrite.replace(first!, makeNode('DynamicQuantizeMatMul', inputs, [layer.output], {}, MICROSOFT));
  for (const node of rest) rewrite.replace(node);
}

/** The weights of the layers that take one input, side by side: whatever is done to the input is done to all. */
async function joined(group: readonly EditableLayer[]): Promise<[weights: Float32Array, inner: number, out: number]> {
  if (group.length === 1) return [await group[0]!.weights(), group[0]!.inner, group[0]!.out];
  const { inner } = group[0]!;
  const out = group.reduce((sum, layer) => sum + layer.out, 0);
  const whole = new Float32Array(inner * out);
  let column = 0;
  for (const layer of group) {
    const weights = await layer.weights();
    for (let k = 0; k < inner; k++) whole.set(weights.subarray(k * layer.out, (k + 1) * layer.out), k * out + column);
    column += layer.out;
  }
  return [whole, inner, out];
}

/** The expected error once channels are split: the weights stand in each copy as they are. */
function errorOfSplit(weights: Float32Array, inner: number, out: number, { copies, seen }: Splitting, levels: number): number {
  const whole = new Float32Array((inner + copies.length) * out);
  whole.set(weights);
  for (const [i, k] of copies.entries()) if (k >= 0) whole.set(weights.subarray(k * out, (k + 1) * out), (inner + i) * out);
  return errorEstimate(whole, inner + copies.length, out, seen, levels)(new Float32Array(inner + copies.length).fill(1));
}

/** Divides a value's channels in the weights before it. */
async function divide(rewrite: Rewrite, fold: Fold, by: Float32Array): Promise<void> {
  if (fold.into === 'layer') {
    fold.layer.divideColumns(fold.offset, by);
    return;
  }
  const { node, scale, bias } = fold;
  const divided = async (weight: typeof scale): Promise<string> => {
    const values = await readFloats(weight);
    return rewrite.weight(
      float32Tensor(
        `${weight.name}:divided`,
        [values.length],
        values.map((value, k) => value / by[k]!),
      ),
    );
  };
  const inputs = [...node.input!];
  inputs[1] = await divided(scale);
  if (bias !== undefined) inputs[2] = await divided(bias);
  rewrite.replace(node, { ...node, input: inputs });
}
