import type { NodeProto, TensorProto } from '../onnx-proto/messages.ts';
import { dimsOf } from '../onnx-proto/tensor.ts';
import type { EditableLayer } from './editable-layer.ts';
import { type GraphView, integerAttribute } from './graph-view.ts';

/** A place before a value where its channels can be divided at no cost. */
export type Fold =
  | { readonly into: 'layer'; readonly layer: EditableLayer; readonly offset: number }
  | { readonly into: 'norm'; readonly node: NodeProto; readonly scale: TensorProto; readonly bias?: TensorProto };

/**
 * Finds where the division of a value's channels can be folded into weights: the columns of the linear layer that gives it, also
 * through Split, a gate's Mul, or attention, which leaves the channels of its values where they are; or the weights of a layer
 * normalisation. Undefined where the value goes other ways too, which would notice.
 */
export function findFold(view: GraphView, value: string, byOutput: ReadonlyMap<string, EditableLayer>): Fold | undefined {
  const layer = byOutput.get(value);
  if (layer !== undefined) return { into: 'layer', layer, offset: 0 };
  const node = view.producers.get(value);
  const alone = (name: string | undefined): string | undefined =>
    name !== undefined && view.onlyConsumer(name) !== undefined ? name : undefined;
  switch (node?.opType) {
    case 'Split': {
      const parts = node.output!.length;
      const whole = byOutput.get(node.input![0]!);
      if (whole === undefined || alone(node.input![0]) === undefined || integerAttribute(node, 'axis', 0) === 0 || node.input!.length > 1)
        return undefined;
      return { into: 'layer', layer: whole, offset: (node.output!.indexOf(value) * whole.layer.out) / parts };
    }
    case 'Mul':
      for (const input of node.input!) {
        const found = alone(input) === undefined ? undefined : findFold(view, input, byOutput);
        if (found?.into === 'layer') return found;
      }
      return undefined;
    case 'Attention': {
      const [, , values] = node.input!;
      const heads = integerAttribute(node, 'q_num_heads', 0);
      if ((node.domain ?? '') !== '' || heads !== integerAttribute(node, 'kv_num_heads', 0)) return undefined;
      return alone(values) === undefined ? undefined : findFold(view, values!, byOutput);
    }
    case 'LayerNormalization':
    case 'RMSNormalization':
    case 'SimplifiedLayerNormalization': {
      const scale = view.constant(node.input![1]);
      const bias = view.constant(node.input![2]);
      if (scale === undefined || dimsOf(scale).length !== 1 || (node.input![2] !== undefined && bias === undefined)) return undefined;
      return { into: 'norm', node, scale, ...(bias === undefined ? {} : { bias }) };
    }
    default:
      return undefined;
  }
}

const elementwise = new Set(['Gelu', 'FastGelu', 'Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Elu']);

/** The linear layer whose output channels reach a value one to one, through an activation: its columns can be repeated. */
export function findActivated(view: GraphView, value: string, byOutput: ReadonlyMap<string, EditableLayer>): EditableLayer | undefined {
  const node = view.producers.get(value);
  if (node === undefined || !elementwise.has(node.opType ?? '') || node.input!.length !== 1) return undefined;
  const before = node.input![0]!;
  return view.onlyConsumer(before) === undefined ? undefined : byOutput.get(before);
}
