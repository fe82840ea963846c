import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { linear } from '../layers.ts';
import type { Parameters } from '../parameters.ts';
import { normalize } from './modules.ts';
import { firstToken } from './pooling.ts';

/**
 * The three heads of BGE-M3 (Chen et al. 2024), from one pass:
 *
 * | output | shape | |
 * | --- | --- | --- |
 * | `sentence_embedding` | `[batch, hidden]` | the first token, normalised |
 * | `token_weights` | `[batch, tokens]` | relu(w · x + b); a word's weight is the largest of its tokens', special tokens left out; 0 for padding |
 * | `token_embeddings` | `[batch, tokens − 1, dim]` | W x + b of every token after the first, normalised |
 */
export function bgeM3(
  graph: GraphBuilder,
  encoded: Encoded,
  sparse: Parameters,
  colbert: Parameters,
): { sentence: Value; weights: Value; tokens: Value; dim: number } {
  const layer = { weight: 'weight', bias: 'bias' };
  const raw = graph.node('Squeeze', [linear(graph, sparse, encoded.states, layer), graph.int64s(2)]);
  const weights = graph.multiply(graph.node('Relu', [raw]), graph.cast(encoded.attentionMask, 'float32'));
  const rest = graph.slice(encoded.states, 1, 1, Number.MAX_SAFE_INTEGER);
  return {
    sentence: normalize(graph, firstToken(graph, encoded.states)),
    weights,
    tokens: normalize(graph, linear(graph, colbert, rest, layer)),
    dim: colbert.shape('weight')[0]!,
  };
}
