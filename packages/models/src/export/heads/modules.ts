import type { GraphBuilder, Value } from '../graph-builder.ts';
import { activation, type LayerStyle, layerNorm, linear } from '../layers.ts';
import type { Parameters } from '../parameters.ts';

/** f(W x + b), and x — or R x where the sizes differ — added to it where the layer is residual. */
export function dense(
  graph: GraphBuilder,
  style: LayerStyle,
  parameters: Parameters,
  input: Value,
  options: { readonly activation: string; readonly residual: boolean },
): { value: Value; size: number } {
  const [size] = parameters.shape('linear.weight') as [number, number];
  const projected = activation(
    graph,
    style,
    linear(graph, parameters, input, { weight: 'linear.weight', bias: 'linear.bias' }),
    options.activation,
  );
  if (!options.residual) return { value: projected, size };
  const skipped = parameters.has('residual.weight') ? linear(graph, parameters, input, { weight: 'residual.weight' }) : input;
  return { value: graph.add(projected, skipped), size };
}

/** x / max(‖x‖₂, 10⁻¹²), over the last axis. */
export function normalize(graph: GraphBuilder, input: Value): Value {
  const norm = graph.node('ReduceL2', [input, graph.int64s(-1)], { attributes: { keepdims: 1 } });
  return graph.divide(input, graph.node('Max', [norm, graph.float(1e-12)]));
}

export function sentenceLayerNorm(graph: GraphBuilder, parameters: Parameters, input: Value): Value {
  return layerNorm(graph, parameters, input, 'norm', 1e-5);
}
