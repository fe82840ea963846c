import { RankError } from '@rank-rank/core';
import type { Configuration } from '../configuration.ts';
import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { activation, type LayerStyle, layerNorm, linear } from '../layers.ts';
import type { PoolingMode } from '../layout.ts';
import type { Parameters } from '../parameters.ts';
import { firstToken, pool } from './pooling.ts';

/**
 * The logits of a cross-encoder, `[batch, labels]`: the head that transformers puts on each family for sequence classification.
 *
 * | family | head |
 * | --- | --- |
 * | BERT | classifier(tanh(pooler(first token))) |
 * | DistilBERT | classifier(relu(pre_classifier(first token))) |
 * | RoBERTa, XLM-RoBERTa | out_proj(tanh(dense(first token))) |
 * | ModernBERT | classifier(norm(gelu(dense(first token, or mean)))) |
 */
export function classify(
  graph: GraphBuilder,
  style: LayerStyle,
  config: Configuration,
  all: Parameters,
  encoded: Encoded,
): { logits: Value; labels: number } {
  const step = (input: Value, name: string, from: Parameters = all): Value =>
    linear(graph, from, input, { weight: `${name}.weight`, bias: `${name}.bias` });
  const first = (): Value => firstToken(graph, encoded.states);
  const last = (input: Value, name: string): { logits: Value; labels: number } => ({
    logits: step(input, name),
    labels: all.shape(`${name}.weight`)[0]!,
  });

  if (all.has('classifier.out_proj.weight')) {
    return last(graph.node('Tanh', [step(first(), 'classifier.dense')]), 'classifier.out_proj');
  }
  if (all.has('pre_classifier.weight')) return last(graph.node('Relu', [step(first(), 'pre_classifier')]), 'classifier');
  if (all.has('head.dense.weight')) {
    const mode = config.text('classifier_pooling', 'cls') as PoolingMode;
    const inner = activation(graph, style, step(pool(graph, encoded, [mode]), 'head.dense'), config.text('classifier_activation', 'gelu'));
    return last(layerNorm(graph, all, inner, 'head.norm', config.number('norm_eps', 1e-5)), 'classifier');
  }
  if (!all.has('classifier.weight') || !encoded.parameters.has('pooler.dense.weight')) {
    throw new RankError(
      'MODEL',
      `${config.path} says the model classifies, and its weights have no classifier: it would give random scores.`,
      {
        file: config.path,
      },
    );
  }
  return last(graph.node('Tanh', [step(first(), 'pooler.dense', encoded.parameters)]), 'classifier');
}
