import { RankError } from '@rank-rank/core';
import { toFloat16 } from '@rank-rank/storage/tensors';
import type { AttributeProto, ModelProto, NodeProto, TensorProto } from '../onnx-proto/messages.ts';
import { bytesOf, dataTypes, dimsOf, tensor } from '../onnx-proto/tensor.ts';
import { readFloats } from './editable-layer.ts';
import { GraphView, makeNode } from './graph-view.ts';

const float32 = dataTypes.float32.code;
const float16 = dataTypes.float16.code;
const largest = 65_504;
const smallest = 2 ** -24;

/**
 * Turns a float32 model into float16: half the size, and the arithmetic that graphics processors are fastest at. What goes in and comes
 * out stays float32, and so do the angles of rotary positions inside: float16 cannot tell positions past 2,048 apart.
 */
export async function toHalf(model: ModelProto): Promise<ModelProto> {
  const view = new GraphView(model);
  const { graph } = view;
  const angles = angleNodes(view);
  // Values that are float32 where they come from and float16 where they go.
  const crossing = new Set([
    ...(graph.input ?? []).filter(({ type }) => type?.tensorType?.elemType === float32).map(({ name }) => name!),
    ...[...angles].flatMap((node) => (node.output ?? []).filter((name) => view.consumers.get(name)?.some((taker) => !angles.has(taker)))),
  ]);
  const results = new Set((graph.output ?? []).filter(({ type }) => type?.tensorType?.elemType === float32).map(({ name }) => name!));
  const half = (name: string): string => `${name}:half`;
  const narrowed = (name: string): NodeProto => makeNode('Cast', [name], [half(name)], { to: float16 });

  const nodes: NodeProto[] = (graph.input ?? []).filter(({ name }) => crossing.has(name!)).map(({ name }) => narrowed(name!));
  for (const node of view.nodes) {
    if (angles.has(node)) {
      nodes.push(node, ...(node.output ?? []).filter((name) => crossing.has(name)).map(narrowed));
      continue;
    }
    const input = (node.input ?? []).map((name) => (crossing.has(name) || results.has(name) ? half(name) : name));
    const output = (node.output ?? []).map((name) => (results.has(name) ? half(name) : name));
    nodes.push({ ...node, input, output, ...(node.attribute === undefined ? {} : { attribute: await halveAttributes(node) }) });
    for (const name of node.output ?? []) if (results.has(name)) nodes.push(makeNode('Cast', [half(name)], [name], { to: float32 }));
  }

  const ofAngles = new Set([...angles].flatMap((node) => node.input ?? []));
  const initializer: TensorProto[] = [];
  for (const weight of graph.initializer ?? []) initializer.push(ofAngles.has(weight.name ?? '') ? weight : await halve(weight));
  return { ...model, graph: { ...graph, node: nodes, initializer, valueInfo: [] } };
}

const anglePath = ['Cos', 'Sin', 'Mul', 'MatMul', 'Unsqueeze', 'Expand', 'Concat', 'Transpose', 'Reshape'];

/** Cos and Sin, and what leads to them from where positions become floats. */
function angleNodes(view: GraphView): Set<NodeProto> {
  const found = new Set<NodeProto>();
  const visit = (node: NodeProto | undefined): void => {
    if (node === undefined || found.has(node)) return;
    if (node.opType === 'Cast') found.add(node);
    if (!anglePath.includes(node.opType ?? '')) return;
    found.add(node);
    for (const input of node.input ?? []) visit(view.producers.get(input));
  };
  for (const node of view.nodes) if (node.opType === 'Cos' || node.opType === 'Sin') visit(node);
  return found;
}

async function halve(weight: TensorProto): Promise<TensorProto> {
  if (weight.dataType !== float32) return weight;
  // Masks and sentinels lie beyond float16; its largest serves as well. What keeps a division from failing must not become 0.
  const values = (await readFloats(weight)).map((value) => {
    const size = Math.abs(value);
    if (size > largest) return Math.sign(value) * largest;
    return size > 0 && size < smallest ? Math.sign(value) * smallest : value;
  });
  return tensor(weight.name ?? '', 'float16', dimsOf(weight), bytesOf(toFloat16(values)));
}

async function halveAttributes(node: NodeProto): Promise<AttributeProto[]> {
  const attributes: AttributeProto[] = [];
  for (const each of node.attribute ?? []) {
    if (each.g !== undefined || each.graphs !== undefined) {
      throw new RankError(
        'UNSUPPORTED',
        `The model has a graph within a node (${node.opType} ${node.name ?? ''}), which is not turned into float16.`,
      );
    }
    if (node.opType === 'Cast' && each.name === 'to' && each.i === float32) attributes.push({ ...each, i: float16 });
    else attributes.push(each.t === undefined ? each : { ...each, t: await halve(each.t) });
  }
  return attributes;
}
