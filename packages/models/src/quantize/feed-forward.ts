import type { NodeProto } from '../onnx-proto/messages.ts';
import type { GraphView } from './graph-view.ts';
import type { LinearLayer } from './linear-layers.ts';

const activations = new Set(['Gelu', 'BiasGelu', 'FastGelu', 'QuickGelu', 'Erf', 'Relu', 'LeakyRelu', 'Elu', 'Tanh', 'Sigmoid', 'Swish']);
/** What stands between a linear layer and its activation, or a gate's product and the layer after it. */
const between = new Set(['Split', 'Mul', 'Add', 'Div', 'Slice', 'Reshape']);
const steps = 4;

/** Whether a layer is one of a feed-forward block: before an activation (or the gate beside it) or after one. The others are those of attention. */
export function isFeedForward(view: GraphView, { input, output }: LinearLayer): boolean {
  const after = (value: string): readonly NodeProto[] => view.consumers.get(value) ?? [];
  const before = (value: string): readonly NodeProto[] => [view.producers.get(value)].filter((node) => node !== undefined);
  return (
    meetsActivation([output], after, ({ output: values = [] }) => values, steps) ||
    meetsActivation([input], before, ({ input: values = [] }) => values, steps) ||
    // What an activation's product is multiplied with is the other half of a gate.
    after(output).some(
      (node) => node.opType === 'Mul' && meetsActivation(node.input ?? [], before, ({ input: values = [] }) => values, steps),
    )
  );
}

function meetsActivation(
  values: readonly string[],
  nodesAt: (value: string) => readonly NodeProto[],
  onward: (node: NodeProto) => readonly string[],
  left: number,
): boolean {
  if (left === 0) return false;
  return values
    .flatMap(nodesAt)
    .some(
      (node) =>
        activations.has(node.opType ?? '') || (between.has(node.opType ?? '') && meetsActivation(onward(node), nodesAt, onward, left - 1)),
    );
}
