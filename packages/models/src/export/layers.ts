import { RankError, shown } from '@rank-rank/core';
import type { GraphBuilder, Value } from './graph-builder.ts';
import type { LinearNames, Parameters } from './parameters.ts';

/**
 * The layers that encoders share. What they become depends on the operator set: 23 has `Attention`, `Gelu`, `RMSNormalization` and
 * `RotaryEmbedding` as single operators; 18 spells them out, for runtimes of before 2025.
 *
 * Chosen by measuring ONNX Runtime 1.30 on a CPU with AVX-512: its own `SkipLayerNormalization` takes eight times as long as `Add` and
 * `LayerNormalization`, and `MultiHeadAttention` 1.3 times as long as `Attention`, so they are not used.
 */
export interface LayerStyle {
  readonly opset: Opset;
}

export type Opset = 18 | 23;

/** Added to the score of a key that must not be attended: exp(−10⁴) is 0 in float32, and a row of nothing else stays finite. */
export const MASKED = -10_000;

export function linear(
  graph: GraphBuilder,
  parameters: Parameters,
  input: Value,
  { weight, bias }: LinearNames,
  shape?: readonly [number, number],
): Value {
  const product = graph.matmul(input, parameters.transposed(graph, weight, shape));
  return bias !== undefined && parameters.has(bias) ? graph.add(product, parameters.tensor(graph, bias)) : product;
}

/** y = (x − mean) / √(variance + ε) · γ + β, over the last axis; β may be absent. */
export function layerNorm(graph: GraphBuilder, parameters: Parameters, input: Value, name: string, epsilon: number): Value {
  const weight = parameters.tensor(graph, `${name}.weight`);
  const bias = parameters.has(`${name}.bias`) ? parameters.tensor(graph, `${name}.bias`) : undefined;
  return graph.node('LayerNormalization', [input, weight, bias], { attributes: { axis: -1, epsilon: { float: epsilon } } });
}

/** y = x / √(mean(x²) + ε) · γ, over the last axis (Zhang and Sennrich 2019). */
export function rmsNorm(graph: GraphBuilder, style: LayerStyle, input: Value, weight: Value, epsilon: number): Value {
  if (style.opset >= 23) return graph.node('RMSNormalization', [input, weight], { attributes: { axis: -1, epsilon: { float: epsilon } } });
  const square = graph.node('ReduceMean', [graph.multiply(input, input), graph.int64s(-1)], { attributes: { keepdims: 1 } });
  return graph.multiply(graph.divide(input, graph.node('Sqrt', [graph.add(square, graph.float(epsilon))])), weight);
}

/** The activations that configurations name. */
export function activation(graph: GraphBuilder, style: LayerStyle, input: Value, name: string): Value {
  switch (name) {
    case 'gelu':
      return gelu(graph, style, input);
    case 'gelu_new':
    case 'gelu_pytorch_tanh':
    case 'gelu_fast':
      return geluTanh(graph, style, input);
    case 'relu':
      return graph.node('Relu', [input]);
    case 'tanh':
      return graph.node('Tanh', [input]);
    case 'sigmoid':
      return graph.node('Sigmoid', [input]);
    case 'silu':
    case 'swish':
      return graph.multiply(input, graph.node('Sigmoid', [input]));
    case 'identity':
      return input;
    default:
      throw new RankError(
        'UNSUPPORTED',
        `The activation ${shown(name)} is not exported. Known: gelu, gelu_new, relu, tanh, sigmoid, silu.`,
        { name },
      );
  }
}

/** x · Φ(x), with the error function (Hendrycks and Gimpel 2016). */
function gelu(graph: GraphBuilder, style: LayerStyle, input: Value): Value {
  if (style.opset >= 23) return graph.node('Gelu', [input]);
  const phi = graph.add(graph.node('Erf', [graph.divide(input, graph.float(Math.SQRT2))]), graph.float(1));
  return graph.multiply(graph.multiply(input, phi), graph.float(0.5));
}

/** x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). */
function geluTanh(graph: GraphBuilder, style: LayerStyle, input: Value): Value {
  if (style.opset >= 23) return graph.node('Gelu', [input], { attributes: { approximate: 'tanh' } });
  const cube = graph.multiply(graph.multiply(input, input), input);
  const inner = graph.multiply(graph.add(input, graph.multiply(cube, graph.float(0.044715))), graph.float(Math.sqrt(2 / Math.PI)));
  return graph.multiply(graph.multiply(input, graph.add(graph.node('Tanh', [inner]), graph.float(1))), graph.float(0.5));
}

/** The positions 0, 1, … of a batch of `[batch, tokens]`, as one row. */
export function positions(graph: GraphBuilder, inputIds: Value): Value {
  const length = graph.node('Squeeze', [graph.dimension(inputIds, 1), graph.int64s(0)]);
  return graph.node('Range', [graph.int64(0), length, graph.int64(1)]);
}

/**
 * What is added to attention scores, `[batch, 1, tokens, tokens]`: 0 for keys that are attended, {@link MASKED} for padding.
 * Spelled out over the queries because ONNX Runtime's `Attention` does not broadcast them.
 */
export function paddingBias(graph: GraphBuilder, attentionMask: Value): Value {
  const padding = graph.subtract(graph.float(1), graph.cast(graph.unsqueeze(attentionMask, 1, 2), 'float32'));
  const rows = graph.concat(0, graph.int64s(1, 1), graph.dimension(attentionMask, 1), graph.int64s(1));
  return graph.node('Expand', [graph.multiply(padding, graph.float(MASKED)), rows]);
}

/** Keys further away than `window` positions on either side are not attended: `[1, 1, tokens, tokens]`, to be added to scores. */
export function windowBias(graph: GraphBuilder, inputIds: Value, window: number): Value {
  const range = positions(graph, inputIds);
  const distance = graph.node('Abs', [graph.subtract(graph.unsqueeze(range, 1), graph.unsqueeze(range, 0))]);
  const outside = graph.cast(graph.node('Greater', [distance, graph.int64(window)]), 'float32');
  return graph.unsqueeze(graph.multiply(outside, graph.float(MASKED)), 0, 1);
}

export interface AttentionShape {
  readonly heads: number;
  readonly headDim: number;
  /** Fewer heads for keys and values, each shared by several queries (Ainslie et al. 2023). */
  readonly keyValueHeads?: number;
  readonly causal?: boolean;
}

/** softmax(Q Kᵀ / √d + bias) V for every head; all of `[batch, tokens, heads · headDim]`. */
export function attention(
  graph: GraphBuilder,
  style: LayerStyle,
  { query, key, value, bias }: { query: Value; key: Value; value: Value; bias: Value },
  { heads, headDim, keyValueHeads = heads, causal = false }: AttentionShape,
): Value {
  if (style.opset >= 23) {
    return graph.node('Attention', [query, key, value, bias], {
      attributes: { q_num_heads: heads, kv_num_heads: keyValueHeads, is_causal: causal ? 1 : undefined },
    });
  }
  const split = (part: Value, count: number, ...order: number[]): Value => {
    let four = graph.reshape(part, 0, 0, count, headDim);
    if (count < heads) {
      // Each head of the keys serves a group of neighbouring query heads.
      const group = heads / count;
      const five = graph.unsqueeze(four, 3);
      four = graph.reshape(graph.node('Expand', [five, graph.int64s(1, 1, 1, group, 1)]), 0, 0, heads, headDim);
    }
    return graph.transpose(four, ...order);
  };
  const scaled = graph.multiply(query, graph.float(1 / Math.sqrt(headDim)));
  let scores = graph.add(graph.matmul(split(scaled, heads, 0, 2, 1, 3), split(key, keyValueHeads, 0, 2, 3, 1)), bias);
  if (causal) scores = graph.add(scores, causalBias(graph, query));
  const weights = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  const context = graph.matmul(weights, split(value, keyValueHeads, 0, 2, 1, 3));
  return graph.reshape(graph.transpose(context, 0, 2, 1, 3), 0, 0, heads * headDim);
}

/** Keys that come after their query are not attended: `[tokens, tokens]`. */
function causalBias(graph: GraphBuilder, states: Value): Value {
  const length = graph.node('Squeeze', [graph.dimension(states, 1), graph.int64s(0)]);
  const range = graph.node('Range', [graph.int64(0), length, graph.int64(1)]);
  const after = graph.node('Greater', [graph.unsqueeze(range, 0), graph.unsqueeze(range, 1)]);
  return graph.multiply(graph.cast(after, 'float32'), graph.float(MASKED));
}

/** cos and sin of every position's angles, `[tokens, headDim / 2]`, in float32 as the reference computes them. */
export interface RotaryTables {
  readonly cos: Value;
  readonly sin: Value;
  /** `[batch, tokens]` */
  readonly positions: Value;
}

export function rotaryTables(graph: GraphBuilder, inputIds: Value, headDim: number, theta: number): RotaryTables {
  const frequencies = Float32Array.from({ length: headDim / 2 }, (_, i) => Math.fround(1 / Math.fround(theta ** ((2 * i) / headDim))));
  const range = positions(graph, inputIds);
  const angles = graph.multiply(
    graph.unsqueeze(graph.cast(range, 'float32'), 1),
    graph.floats(`rotary.${theta}`, [1, headDim / 2], frequencies),
  );
  return {
    cos: graph.node('Cos', [angles]),
    sin: graph.node('Sin', [angles]),
    positions: graph.node('Expand', [graph.unsqueeze(range, 0), graph.node('Shape', [inputIds])]),
  };
}

/**
 * Rotary position embedding (Su et al. 2021), the halves of a head rotated against each other:
 * (x₁, x₂) → (x₁ cos − x₂ sin, x₂ cos + x₁ sin). `[batch, tokens, heads · headDim]`.
 */
export function rotary(graph: GraphBuilder, style: LayerStyle, input: Value, heads: number, headDim: number, tables: RotaryTables): Value {
  if (style.opset >= 23) {
    return graph.node('RotaryEmbedding', [input, tables.cos, tables.sin, tables.positions], { attributes: { num_heads: heads } });
  }
  const four = graph.reshape(input, 0, 0, heads, headDim);
  const first = graph.slice(four, 3, 0, headDim / 2);
  const second = graph.slice(four, 3, headDim / 2, headDim);
  const cos = graph.unsqueeze(tables.cos, 1);
  const sin = graph.unsqueeze(tables.sin, 1);
  const rotated = graph.concat(
    3,
    graph.subtract(graph.multiply(first, cos), graph.multiply(second, sin)),
    graph.add(graph.multiply(second, cos), graph.multiply(first, sin)),
  );
  return graph.reshape(rotated, 0, 0, heads * headDim);
}
