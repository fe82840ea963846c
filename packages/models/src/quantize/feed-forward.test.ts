import { describe, expect, it } from 'vitest';
import type { NodeProto } from '../onnx-proto/messages.ts';
import { float32Tensor } from '../onnx-proto/tensor.ts';
import { isFeedForward } from './feed-forward.ts';
import { GraphView, makeNode } from './graph-view.ts';
import { linearLayers } from './linear-layers.ts';

/** The names of the layers of a graph that are told to be of a feed-forward block. */
function feedForward(nodes: NodeProto[], weights: string[]): string[] {
  const view = new GraphView({
    graph: { node: nodes, initializer: weights.map((name) => float32Tensor(name, [4, 4], new Float32Array(16))) },
  });
  return linearLayers(view)
    .filter((layer) => isFeedForward(view, layer))
    .map(({ name }) => name);
}

describe('Layers of a feed-forward block', () => {
  it('stand before and after an activation; those around attention do not, though a residual leads from one to the other', () => {
    const nodes = [
      makeNode('MatMul', ['x', 'qkv'], ['a']),
      makeNode('Split', ['a'], ['q', 'k', 'v']),
      makeNode('Attention', ['q', 'k', 'v'], ['b']),
      makeNode('MatMul', ['b', 'o'], ['c']),
      makeNode('Add', ['x', 'c'], ['d']),
      makeNode('LayerNormalization', ['d'], ['e']),
      makeNode('MatMul', ['e', 'up'], ['f']),
      makeNode('Gelu', ['f'], ['g']),
      makeNode('MatMul', ['g', 'down'], ['h']),
      makeNode('Add', ['d', 'h'], ['y']),
    ];
    expect(feedForward(nodes, ['qkv', 'o', 'up', 'down'])).toEqual(['up', 'down']);
  });

  it('have gates, in a layer of their own or as half of one', () => {
    const apart = [
      makeNode('MatMul', ['x', 'gate'], ['a']),
      makeNode('Sigmoid', ['a'], ['b']),
      makeNode('Mul', ['a', 'b'], ['c']),
      makeNode('MatMul', ['x', 'up'], ['d']),
      makeNode('Mul', ['c', 'd'], ['e']),
      makeNode('MatMul', ['e', 'down'], ['y']),
    ];
    expect(feedForward(apart, ['gate', 'up', 'down'])).toEqual(['gate', 'up', 'down']);
    const halves = [
      makeNode('MatMul', ['x', 'both'], ['a']),
      makeNode('Split', ['a'], ['b', 'c']),
      makeNode('Gelu', ['b'], ['d']),
      makeNode('Mul', ['d', 'c'], ['e']),
      makeNode('MatMul', ['e', 'down'], ['y']),
    ];
    expect(feedForward(halves, ['both', 'down'])).toEqual(['both', 'down']);
  });
});
