import type { NodeProto, TensorProto } from '../onnx-proto/messages.ts';
import { dataTypeName, dimsOf } from '../onnx-proto/tensor.ts';
import { floatAttribute, type GraphView, integerAttribute } from './graph-view.ts';

/** A product with a constant matrix, and the constant added to it: what quantisation replaces. */
export interface LinearLayer {
  /** The matrix's name, by which a layer is known: `encoder.layer.0.attention.qkv.weight`. */
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly weight: TensorProto;
  /** `[inner, out]`, or `[out, inner]` where `transposed`. */
  readonly transposed: boolean;
  readonly inner: number;
  readonly out: number;
  readonly bias?: TensorProto;
  /** The nodes it consists of, the one to be replaced first. */
  readonly nodes: readonly NodeProto[];
}

const floatTypes = ['float32', 'float16', 'bfloat16', 'float64'];

/** Finds the linear layers of a graph: MatMul with a constant matrix, followed by Add with a constant vector or not, and Gemm. */
export function linearLayers(view: GraphView): LinearLayer[] {
  const layers: LinearLayer[] = [];
  for (const node of view.nodes) {
    if ((node.domain ?? '') !== '') continue;
    const layer = node.opType === 'MatMul' ? fromMatMul(view, node) : node.opType === 'Gemm' ? fromGemm(view, node) : undefined;
    if (layer !== undefined) layers.push(layer);
  }
  return layers;
}

function constantMatrix(view: GraphView, name: string | undefined): TensorProto | undefined {
  const tensor = view.constant(name);
  if (tensor === undefined || dimsOf(tensor).length !== 2) return undefined;
  const type = dataTypeName(tensor.dataType);
  return type !== undefined && floatTypes.includes(type) ? tensor : undefined;
}

function fromMatMul(view: GraphView, node: NodeProto): LinearLayer | undefined {
  const [input, matrix] = node.input as [string, string];
  const weight = constantMatrix(view, matrix);
  if (weight === undefined || view.constant(input) !== undefined) return undefined;
  const [inner, out] = dimsOf(weight) as [number, number];
  const product = node.output![0]!;
  const added = biasOf(view, product, out);
  return {
    name: matrix,
    input,
    output: added === undefined ? product : added.node.output![0]!,
    weight,
    transposed: false,
    inner,
    out,
    nodes: added === undefined ? [node] : [node, added.node],
    ...(added === undefined ? {} : { bias: added.bias }),
  };
}

function biasOf(view: GraphView, product: string, out: number): { node: NodeProto; bias: TensorProto } | undefined {
  const node = view.onlyConsumer(product);
  if (node?.opType !== 'Add' || (node.domain ?? '') !== '') return undefined;
  const bias = view.constant(node.input!.find((name) => name !== product));
  if (bias === undefined) return undefined;
  const dims = dimsOf(bias);
  return dims.length === 1 && dims[0] === out ? { node, bias } : undefined;
}

function fromGemm(view: GraphView, node: NodeProto): LinearLayer | undefined {
  const [input, matrix, added] = node.input as [string, string, string | undefined];
  const weight = constantMatrix(view, matrix);
  if (weight === undefined || integerAttribute(node, 'transA', 0) !== 0) return undefined;
  if (floatAttribute(node, 'alpha', 1) !== 1 || floatAttribute(node, 'beta', 1) !== 1) return undefined;
  const transposed = integerAttribute(node, 'transB', 0) !== 0;
  const [rows, columns] = dimsOf(weight) as [number, number];
  const [inner, out] = transposed ? [columns, rows] : [rows, columns];
  const bias = view.constant(added);
  if (added !== undefined && added !== '' && (bias === undefined || dimsOf(bias).join() !== String(out))) return undefined;
  return {
    name: matrix,
    input,
    output: node.output![0]!,
    weight,
    transposed,
    inner,
    out,
    nodes: [node],
    ...(bias === undefined ? {} : { bias }),
  };
}
