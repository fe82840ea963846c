import type { Configuration } from './configuration.ts';
import { type BuildEncoder, withinPrefix } from './encoder.ts';
import type { Value } from './graph-builder.ts';
import { activation, attention, layerNorm, linear, paddingBias, rotary, rotaryTables, windowBias } from './layers.ts';

/**
 * ModernBERT (Warner et al. 2024): rotary positions, no biases as a rule, normalisation before each part, a gated feed-forward layer
 * W₀ (gelu(a) · g) with (a, g) = Wᵢ x, and attention that is global in every third layer and local in the others.
 */
export const modernBert: BuildEncoder = (graph, style, config, all) => {
  const parameters = withinPrefix(all, ['', 'model.', '0.auto_model.'], 'embeddings.tok_embeddings.weight');
  const hidden = config.size('hidden_size');
  const heads = config.size('num_attention_heads');
  const headDim = hidden / heads;
  const layers = config.size('num_hidden_layers');
  const intermediate = config.size('intermediate_size');
  const epsilon = config.number('norm_eps', 1e-5);
  const act = config.text('hidden_activation', 'gelu');
  const kinds = layerKinds(config, layers);

  const inputIds = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const attentionMask = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const padding = paddingBias(graph, attentionMask);
  const kindsUsed = new Set(kinds);
  const wide = kindsUsed.has('full_attention') ? rotaryTables(graph, inputIds, headDim, theta(config, 'full_attention')) : undefined;
  const local = kindsUsed.has('sliding_attention') ? rotaryTables(graph, inputIds, headDim, theta(config, 'sliding_attention')) : undefined;
  // A window of w tokens reaches w / 2 to either side, its ends included.
  const localBias = local && graph.add(padding, windowBias(graph, inputIds, Math.floor(config.size('local_attention') / 2)));

  let states: Value = graph.gather(parameters.tensor(graph, 'embeddings.tok_embeddings.weight'), inputIds);
  states = layerNorm(graph, parameters, states, 'embeddings.norm', epsilon);
  for (let i = 0; i < layers; i++) {
    const layer = parameters.within(`layers.${i}.`);
    const tables = kinds[i] === 'full_attention' ? wide! : local!;
    // The first layer has nothing before its attention: the embeddings are normalised already.
    const normed = layer.has('attn_norm.weight') ? layerNorm(graph, layer, states, 'attn_norm', epsilon) : states;
    const projected = linear(graph, layer, normed, { weight: 'attn.Wqkv.weight', bias: 'attn.Wqkv.bias' }, [3 * hidden, hidden]);
    const [query, key, value] = graph.split(projected, -1, 3) as [Value, Value, Value];
    const context = attention(
      graph,
      style,
      {
        query: rotary(graph, style, query, heads, headDim, tables),
        key: rotary(graph, style, key, heads, headDim, tables),
        value,
        bias: kinds[i] === 'full_attention' ? padding : localBias!,
      },
      { heads, headDim },
    );
    states = graph.add(states, linear(graph, layer, context, { weight: 'attn.Wo.weight', bias: 'attn.Wo.bias' }, [hidden, hidden]));
    const inner = layerNorm(graph, layer, states, 'mlp_norm', epsilon);
    const [input, gate] = graph.split(
      linear(graph, layer, inner, { weight: 'mlp.Wi.weight', bias: 'mlp.Wi.bias' }, [2 * intermediate, hidden]),
      -1,
      2,
    ) as [Value, Value];
    const gated = graph.multiply(activation(graph, style, input, act), gate);
    states = graph.add(states, linear(graph, layer, gated, { weight: 'mlp.Wo.weight', bias: 'mlp.Wo.bias' }, [hidden, intermediate]));
  }
  states = layerNorm(graph, parameters, states, 'final_norm', epsilon);
  return {
    inputIds,
    attentionMask,
    states,
    hidden,
    vocabulary: config.size('vocab_size'),
    wordEmbeddings: 'embeddings.tok_embeddings.weight',
    parameters,
  };
};

type LayerKind = 'full_attention' | 'sliding_attention';

/** Newer configurations list the kind of each layer; older ones make every n-th global. */
function layerKinds(config: Configuration, layers: number): LayerKind[] {
  const listed = config.texts('layer_types');
  if (listed.length > 0) return listed as LayerKind[];
  const every = config.number('global_attn_every_n_layers', 3);
  return Array.from({ length: layers }, (_, i) => (i % every === 0 ? 'full_attention' : 'sliding_attention'));
}

function theta(config: Configuration, kind: LayerKind): number {
  const named = config.inner('rope_parameters').inner(kind).values['rope_theta'];
  if (typeof named === 'number') return named;
  return kind === 'full_attention' ? config.number('global_rope_theta', 160_000) : config.number('local_rope_theta', 10_000);
}
