import { RankError } from '@rank-rank/core';
import type { Configuration } from '../configuration.ts';
import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { activation, type LayerStyle, layerNorm, linear } from '../layers.ts';
import type { Parameters } from '../parameters.ts';

/** Where each family keeps the head that predicts masked words. */
const heads = [
  {
    dense: 'cls.predictions.transform.dense',
    norm: 'cls.predictions.transform.LayerNorm',
    decoder: 'cls.predictions.decoder',
    bias: 'cls.predictions.bias',
  },
  { dense: 'vocab_transform', norm: 'vocab_layer_norm', decoder: 'vocab_projector', bias: 'vocab_projector.bias' },
  { dense: 'lm_head.dense', norm: 'lm_head.layer_norm', decoder: 'lm_head.decoder', bias: 'lm_head.bias' },
  { dense: 'head.dense', norm: 'head.norm', decoder: 'decoder', bias: 'decoder.bias' },
];

/** A logit for every word of the vocabulary at every position: decoder(norm(gelu(dense(x)))). `[batch, tokens, vocabulary]` */
export function wordLogits(
  graph: GraphBuilder,
  style: LayerStyle,
  config: Configuration,
  all: Parameters,
  encoded: Encoded,
  states: Value = encoded.states,
): Value {
  const head = heads.find(({ dense }) => all.has(`${dense}.weight`));
  if (head === undefined) {
    throw new RankError('MODEL', `${config.path}: the weights have no head that predicts words, which a sparse encoder needs.`, {
      file: config.path,
    });
  }
  const act = config.text('hidden_act', config.text('activation', config.text('hidden_activation', 'gelu')));
  const epsilon = config.number('layer_norm_eps', config.number('norm_eps', config.text('model_type') === 'modernbert' ? 1e-5 : 1e-12));
  const inner = activation(graph, style, linear(graph, all, states, { weight: `${head.dense}.weight`, bias: `${head.dense}.bias` }), act);
  const normed = layerNorm(graph, all, inner, head.norm, epsilon);
  // The decoder usually shares the word embeddings and is then not stored.
  const decoder = `${head.decoder}.weight`;
  const weight = all.has(decoder) ? all.transposed(graph, decoder) : encoded.parameters.transposed(graph, encoded.wordEmbeddings);
  const logits = graph.matmul(normed, weight);
  const bias = [head.bias, `${head.decoder}.bias`].find((name) => all.has(name));
  return bias === undefined ? logits : graph.add(logits, all.tensor(graph, bias));
}
