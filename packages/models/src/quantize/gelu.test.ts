import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Value } from '../export/graph-builder.ts';
import type { ModelProto } from '../onnx-proto/messages.ts';
import { fuseGelu } from './gelu.ts';

function model(gelu: (graph: GraphBuilder, x: Value) => Value): ModelProto {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', ['rows', 4]);
  graph.output('y', gelu(graph, x), 'float32', ['rows', 4]);
  return graph.build({ name: 'gelu', opset: 18 });
}

const operators = ({ graph }: ModelProto): string[] => (graph!.node ?? []).map(({ opType }) => opType!);
const erf = (graph: GraphBuilder, x: Value): Value => graph.node('Erf', [graph.divide(x, graph.float(Math.SQRT2))]);

describe('a Gelu that was spelled out', () => {
  it.each<[string, (graph: GraphBuilder, x: Value) => Value]>([
    ['x (1 + erf) ½', (g, x) => g.multiply(g.multiply(x, g.add(erf(g, x), g.float(1))), g.float(0.5))],
    ['½ ((erf + 1) x)', (g, x) => g.multiply(g.float(0.5), g.multiply(g.add(g.float(1), erf(g, x)), x))],
    ['(½ (1 + erf)) x', (g, x) => g.multiply(g.multiply(g.float(0.5), g.add(erf(g, x), g.float(1))), x)],
    ['(x / 2) (1 + erf)', (g, x) => g.multiply(g.multiply(x, g.float(0.5)), g.add(erf(g, x), g.float(1)))],
    [
      'x · √½ within',
      (g, x) => g.multiply(g.multiply(x, g.add(g.node('Erf', [g.multiply(x, g.float(Math.SQRT1_2))]), g.float(1))), g.float(0.5)),
    ],
  ])('becomes one operator: %s', (_, build) => {
    expect(operators(fuseGelu(model(build)))).toEqual(['Gelu', 'Identity']);
  });

  it.each<[string, (graph: GraphBuilder, x: Value) => Value]>([
    ['another factor', (g, x) => g.multiply(g.multiply(x, g.add(erf(g, x), g.float(1))), g.float(0.25))],
    ['another sum', (g, x) => g.multiply(g.multiply(x, g.add(erf(g, x), g.float(2))), g.float(0.5))],
    [
      'a value that others take',
      (g, x) => {
        const sum = g.add(erf(g, x), g.float(1));
        return g.add(g.multiply(g.multiply(x, sum), g.float(0.5)), sum);
      },
    ],
    ['only half of it', (g, x) => g.multiply(x, g.add(erf(g, x), g.float(1)))],
  ])('stays as it is with %s', (_, build) => {
    const before = model(build);
    expect(fuseGelu(before)).toBe(before);
  });
});
