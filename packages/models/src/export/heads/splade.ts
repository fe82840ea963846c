import type { Configuration } from '../configuration.ts';
import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { LayerStyle } from '../layers.ts';
import type { Parameters } from '../parameters.ts';
import { wordLogits } from './masked-language-model.ts';
import { firstToken } from './pooling.ts';

/**
 * SPLADE's weight of a word for a text: the largest (or the sum), over its tokens, of log(1 + relu(logit)). `[batch, vocabulary]`
 * (Formal et al. 2021.) `log1p_relu` applies the logarithm twice (Geng et al. 2025).
 */
export function splade(
  graph: GraphBuilder,
  style: LayerStyle,
  config: Configuration,
  all: Parameters,
  encoded: Encoded,
  { strategy, activation }: { readonly strategy: 'max' | 'sum'; readonly activation: 'relu' | 'log1p_relu' },
): Value {
  const saturate = (value: Value): Value => {
    const log1p = (x: Value): Value => graph.node('Log', [graph.add(x, graph.float(1))]);
    const once = log1p(graph.node('Relu', [value]));
    return activation === 'log1p_relu' ? log1p(once) : once;
  };
  const real = graph.cast(graph.unsqueeze(encoded.attentionMask, 2), 'bool');
  if (strategy === 'sum') {
    const weights = saturate(wordLogits(graph, style, config, all, encoded));
    return graph.reduceSum(graph.node('Where', [real, weights, graph.float(0)]), 1, false);
  }
  // The saturation grows with the logit, so the largest logit is looked for first, in one pass over the vocabulary. Padding takes the
  // first token's state: it repeats logits that are there anyway, and no mask of the vocabulary's size is needed.
  const first = graph.unsqueeze(firstToken(graph, encoded.states), 1);
  const states = graph.node('Where', [real, encoded.states, first]);
  return saturate(graph.reduceMax(wordLogits(graph, style, config, all, encoded, states), 1, false));
}
