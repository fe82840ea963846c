import { RankError, shown } from '@rank-rank/core';
import type { Configuration } from './configuration.ts';
import { type BuildEncoder, type EncoderInputs, withinPrefix } from './encoder.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import { activation, attention, type LayerStyle, layerNorm, linear, paddingBias, positions } from './layers.ts';
import type { Parameters } from './parameters.ts';

/** Where a checkpoint of a family keeps the parts of its layers. */
interface Names {
  readonly layer: (index: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
}

const bertNames: Names = {
  layer: (index) => `encoder.layer.${index}.`,
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

const distilBertNames: Names = {
  layer: (index) => `transformer.layer.${index}.`,
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attentionOutput: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  intermediate: 'ffn.lin1',
  output: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
};

/**
 * BERT (Devlin et al. 2019) and its family: DistilBERT (Sanh et al. 2019), RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al.
 * 2020), MiniLM (Wang et al. 2020). Embeddings of word, position and type are added and normalised; each layer normalises after it
 * adds: x ← LN(x + attention(x)), x ← LN(x + W₂ gelu(W₁ x)).
 */
export const bert: BuildEncoder = (graph, style, config, all) => {
  const type = config.text('model_type');
  const distil = type === 'distilbert';
  const names = distil ? distilBertNames : bertNames;
  const parameters = withinPrefix(
    all,
    ['', 'bert.', 'roberta.', 'distilbert.', 'model.', '0.auto_model.'],
    'embeddings.word_embeddings.weight',
  );
  const hidden = config.size('hidden_size', 'dim');
  const heads = config.size('num_attention_heads', 'n_heads');
  const layers = config.size('num_hidden_layers', 'n_layers');
  const intermediate = config.size('intermediate_size', 'hidden_dim');
  const act = config.text('hidden_act', config.text('activation', 'gelu'));
  const epsilon = config.number('layer_norm_eps', 1e-12);
  const relative = config.text('position_embedding_type', 'absolute');
  if (relative !== 'absolute') {
    throw new RankError('UNSUPPORTED', `${config.path}: positions of type ${shown(relative)} are not exported, only absolute ones.`);
  }
  if (hidden % heads !== 0) throw new RankError('PARSE', `${config.path}: ${heads} heads do not divide the hidden size ${hidden}.`);

  const inputs: EncoderInputs = {
    inputIds: graph.input('input_ids', 'int64', ['batch', 'tokens']),
    attentionMask: graph.input('attention_mask', 'int64', ['batch', 'tokens']),
  };
  let states = embeddings(graph, config, parameters, inputs, type);
  states = layerNorm(graph, parameters, states, 'embeddings.LayerNorm', epsilon);
  const bias = paddingBias(graph, inputs.attentionMask);
  const shape = { heads, headDim: hidden / heads };

  for (let i = 0; i < layers; i++) {
    const layer = parameters.within(names.layer(i));
    const { query, key, value } = project(graph, layer, states, names, hidden);
    const context = attention(graph, style, { query, key, value, bias }, shape);
    const attended = layerLinear(graph, layer, context, names.attentionOutput, [hidden, hidden]);
    states = layerNorm(graph, layer, graph.add(attended, states), names.attentionNorm, epsilon);
    states = feedForward(graph, style, layer, states, names, { hidden, intermediate, act, epsilon });
  }
  return {
    ...inputs,
    states,
    hidden,
    vocabulary: config.size('vocab_size'),
    wordEmbeddings: 'embeddings.word_embeddings.weight',
    parameters,
  };
};

function embeddings(graph: GraphBuilder, config: Configuration, parameters: Parameters, { inputIds }: EncoderInputs, type: string): Value {
  const words = graph.gather(parameters.tensor(graph, 'embeddings.word_embeddings.weight'), inputIds);
  const types = 'embeddings.token_type_embeddings.weight';
  const table = 'embeddings.position_embeddings.weight';
  if (type === 'distilbert') return graph.add(words, graph.gather(parameters.tensor(graph, table), positions(graph, inputIds)));
  if (type === 'bert') {
    const tokenTypes = graph.input('token_type_ids', 'int64', ['batch', 'tokens']);
    const typed = graph.add(words, graph.gather(parameters.tensor(graph, types), tokenTypes));
    return graph.add(typed, graph.gather(parameters.tensor(graph, table), positions(graph, inputIds)));
  }
  // RoBERTa counts positions from the padding id on, padding left out, and its texts are all of type 0.
  const dims = parameters.shape(table);
  const withType = parameters.computed(graph, `${table}+type`, dims, async () => {
    const [rows, first] = [Float32Array.from(await parameters.read(table)), await parameters.read(types)];
    for (let i = 0; i < rows.length; i++) rows[i] = rows[i]! + first[i % dims[1]!]!;
    return rows;
  });
  const pad = config.number('pad_token_id', 1);
  const real = graph.cast(graph.node('Not', [graph.node('Equal', [inputIds, graph.int64(pad)])]), 'int64');
  const counted = graph.multiply(graph.node('CumSum', [real, graph.int64(1)]), real);
  return graph.add(words, graph.gather(withType, graph.add(counted, graph.int64(pad))));
}

/** Queries, keys and values from one product. */
function project(
  graph: GraphBuilder,
  layer: Parameters,
  states: Value,
  names: Names,
  hidden: number,
): Record<'query' | 'key' | 'value', Value> {
  const parts = [names.query, names.key, names.value];
  const weight = layer.joined(
    graph,
    'attention.qkv.weight',
    parts.map((part) => `${part}.weight`),
    hidden,
  );
  const bias = layer.joinedBias(
    graph,
    'attention.qkv.bias',
    parts.map((part) => `${part}.bias`),
  );
  const [query, key, value] = graph.split(graph.add(graph.matmul(states, weight), bias), -1, 3) as [Value, Value, Value];
  return { query, key, value };
}

function feedForward(
  graph: GraphBuilder,
  style: LayerStyle,
  layer: Parameters,
  states: Value,
  names: Names,
  { hidden, intermediate, act, epsilon }: { hidden: number; intermediate: number; act: string; epsilon: number },
): Value {
  const wide = activation(graph, style, layerLinear(graph, layer, states, names.intermediate, [intermediate, hidden]), act);
  const narrow = layerLinear(graph, layer, wide, names.output, [hidden, intermediate]);
  return layerNorm(graph, layer, graph.add(narrow, states), names.outputNorm, epsilon);
}

function layerLinear(graph: GraphBuilder, layer: Parameters, input: Value, name: string, shape: [number, number]): Value {
  return linear(graph, layer, input, { weight: `${name}.weight`, bias: `${name}.bias` }, shape);
}
