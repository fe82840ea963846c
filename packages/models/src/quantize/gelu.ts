import type { ModelProto, NodeProto } from '../onnx-proto/messages.ts';
import { dimsOf, float32Values } from '../onnx-proto/tensor.ts';
import { GraphView, MICROSOFT, makeNode } from './graph-view.ts';
import { Rewrite } from './rewrite.ts';

/**
 * Makes one operator of each Gelu that an exporter spelled out: x · ½ (1 + erf(x / √2)), the factors in any order. ONNX Runtime does so
 * too when it loads a model; here it shows that the channels before and after are the same.
 */
export function fuseGelu(model: ModelProto): ModelProto {
  const view = new GraphView(model);
  const rewrite = new Rewrite(view);
  let found = false;
  for (const node of view.nodes) {
    const gelu = node.opType === 'Erf' ? match(view, node) : undefined;
    if (gelu === undefined) continue;
    found = true;
    rewrite.replace(gelu.last, makeNode('Gelu', [gelu.input], [gelu.last.output![0]!], {}, MICROSOFT));
    for (const each of gelu.others) rewrite.replace(each);
  }
  return found ? rewrite.apply() : model;
}

/** The input of a Gelu around an Erf, its last node, and the others. */
function match(view: GraphView, erf: NodeProto): { input: string; last: NodeProto; others: NodeProto[] } | undefined {
  const divide = view.producers.get(erf.input![0]!);
  const plus = view.onlyConsumer(erf.output![0]!);
  if (divide === undefined || view.onlyConsumer(divide.output![0]!) !== erf || plus?.opType !== 'Add') return undefined;
  const input = scaled(view, divide, Math.SQRT1_2);
  if (input === undefined || scalarBeside(view, plus, erf.output![0]!) !== 1) return undefined;
  // Two products follow, one with x and one with ½, or one with x / 2.
  const others = [divide, erf, plus];
  let value = plus.output![0]!;
  let halved = false;
  let multiplied = false;
  for (;;) {
    const product = view.onlyConsumer(value);
    if (product?.opType !== 'Mul') return undefined;
    const beside = product.input!.find((name) => name !== value);
    if (beside === undefined) return undefined;
    const before = view.producers.get(beside);
    if (beside === input && !multiplied) multiplied = true;
    else if (scalarBeside(view, product, value) === 0.5 && !halved) halved = true;
    else if (before !== undefined && !halved && !multiplied && view.onlyConsumer(beside) && scaled(view, before, 0.5) === input) {
      halved = true;
      multiplied = true;
      others.push(before);
    } else return undefined;
    if (halved && multiplied) return { input, last: product, others };
    others.push(product);
    value = product.output![0]!;
  }
}

/** What a node multiplies by a factor, or divides by its reciprocal. */
function scaled(view: GraphView, node: NodeProto, factor: number): string | undefined {
  const [a, b] = node.input as [string, string | undefined];
  if (b === undefined || (node.opType !== 'Mul' && node.opType !== 'Div')) return undefined;
  const near = (name: string, wanted: number): boolean => Math.abs((scalar(view, name) ?? Number.NaN) / wanted - 1) < 1e-4;
  if (node.opType === 'Div') return near(b, 1 / factor) ? a : undefined;
  return near(b, factor) ? a : near(a, factor) ? b : undefined;
}

function scalarBeside(view: GraphView, node: NodeProto, value: string): number | undefined {
  const beside = node.input!.find((name) => name !== value);
  return beside === undefined ? undefined : scalar(view, beside);
}

function scalar(view: GraphView, name: string): number | undefined {
  const tensor = view.constant(name);
  if (tensor === undefined || dimsOf(tensor).some((size) => size !== 1) || Number(tensor.dataType) !== 1) return undefined;
  return float32Values(tensor)[0];
}
