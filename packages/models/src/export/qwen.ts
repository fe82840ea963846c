import { RankError, shown } from '@rank-rank/core';
import type { Configuration } from './configuration.ts';
import { type BuildEncoder, withinPrefix } from './encoder.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import { activation, attention, type LayerStyle, linear, paddingBias, rmsNorm, rotary, rotaryTables } from './layers.ts';
import type { Parameters } from './parameters.ts';

/**
 * Qwen 2 and 3 (Yang et al. 2024, 2025) read as encoders of a prompt: causal attention with shared keys and values, rotary positions,
 * root-mean-square normalisation before each part, W↓ (silu(W_gate x) · W↑ x). Qwen 3 normalises queries and keys per head.
 */
export const qwen: BuildEncoder = (graph, style, config, all) => {
  const parameters = withinPrefix(all, ['model.', ''], 'embed_tokens.weight');
  const hidden = config.size('hidden_size');
  const heads = config.size('num_attention_heads');
  const keyValueHeads = config.size('num_key_value_heads', 'num_attention_heads');
  const headDim = config.values['head_dim'] === undefined ? hidden / heads : config.size('head_dim');
  const intermediate = config.size('intermediate_size');
  const epsilon = config.number('rms_norm_eps', 1e-6);
  const act = config.text('hidden_act', 'silu');
  if (config.flag('use_sliding_window') && config.texts('layer_types').some((kind) => kind !== 'full_attention')) {
    throw new RankError('UNSUPPORTED', `${config.path}: sliding windows in ${shown(config.text('model_type'))} models are not exported.`);
  }

  const inputIds = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const attentionMask = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const bias = paddingBias(graph, attentionMask);
  const tables = rotaryTables(graph, inputIds, headDim, theta(config));
  let states: Value = graph.gather(parameters.tensor(graph, 'embed_tokens.weight'), inputIds);
  for (let i = 0; i < config.size('num_hidden_layers'); i++) {
    const layer = parameters.within(`layers.${i}.`);
    const normed = rmsNorm(graph, style, states, layer.tensor(graph, 'input_layernorm.weight'), epsilon);
    const part = (name: string, count: number): Value =>
      linear(graph, layer, normed, { weight: `self_attn.${name}.weight`, bias: `self_attn.${name}.bias` }, [count * headDim, hidden]);
    const turned = (name: string, norm: string, count: number): Value =>
      rotary(graph, style, headNorm(graph, style, layer, part(name, count), norm, count, headDim, epsilon), count, headDim, tables);
    const query = turned('q_proj', 'self_attn.q_norm.weight', heads);
    const key = turned('k_proj', 'self_attn.k_norm.weight', keyValueHeads);
    const value = part('v_proj', keyValueHeads);
    const context = attention(graph, style, { query, key, value, bias }, { heads, headDim, keyValueHeads, causal: true });
    states = graph.add(
      states,
      linear(graph, layer, context, { weight: 'self_attn.o_proj.weight', bias: 'self_attn.o_proj.bias' }, [hidden, heads * headDim]),
    );
    const inner = rmsNorm(graph, style, states, layer.tensor(graph, 'post_attention_layernorm.weight'), epsilon);
    const gate = activation(graph, style, linear(graph, layer, inner, { weight: 'mlp.gate_proj.weight' }, [intermediate, hidden]), act);
    const up = linear(graph, layer, inner, { weight: 'mlp.up_proj.weight' }, [intermediate, hidden]);
    states = graph.add(states, linear(graph, layer, graph.multiply(gate, up), { weight: 'mlp.down_proj.weight' }, [hidden, intermediate]));
  }
  states = rmsNorm(graph, style, states, parameters.tensor(graph, 'norm.weight'), epsilon);
  return {
    inputIds,
    attentionMask,
    states,
    hidden,
    vocabulary: config.size('vocab_size'),
    wordEmbeddings: 'embed_tokens.weight',
    parameters,
  };
};

function theta(config: Configuration): number {
  const scaling = config.values['rope_scaling'];
  const kind = config.inner('rope_parameters').text('rope_type', 'default');
  if ((scaling !== undefined && scaling !== null) || kind !== 'default') {
    throw new RankError('UNSUPPORTED', `${config.path}: scaled rotary positions are not exported.`);
  }
  return config.inner('rope_parameters').number('rope_theta', config.number('rope_theta', 10_000));
}

/** Normalises each head by itself where the model has a weight for it. */
function headNorm(
  graph: GraphBuilder,
  style: LayerStyle,
  layer: Parameters,
  input: Value,
  name: string,
  heads: number,
  headDim: number,
  epsilon: number,
): Value {
  if (!layer.has(name)) return input;
  const normed = rmsNorm(graph, style, graph.reshape(input, 0, 0, heads, headDim), layer.tensor(graph, name), epsilon);
  return graph.reshape(normed, 0, 0, heads * headDim);
}
