import type { ModelProto } from '../../onnx-proto/messages.ts';
import { GraphBuilder } from '../graph-builder.ts';
import type { Opset } from '../layers.ts';

/**
 * A graph that scores documents by late interaction: score(d) = Σᵢ maxⱼ qᵢ · dⱼ over the query's tokens i and the document's tokens j
 * (Khattab and Zaharia 2020).
 *
 * | input | shape | |
 * | --- | --- | --- |
 * | `query_tokens` | `[queryTokens, dim]` | of one query, normalised |
 * | `document_tokens` | `[documents, documentTokens, dim]` | padded to the longest |
 * | `document_mask` | `[documents, documentTokens]` | 1 for tokens, 0 for padding, which is never the largest |
 *
 * Output: `scores`, `[documents]`. A document without any token scores −10⁴ for each token of the query.
 */
export function maxSimGraph(dim: number, opset: Opset): ModelProto {
  const graph = new GraphBuilder();
  const query = graph.input('query_tokens', 'float32', ['queryTokens', dim]);
  const documents = graph.input('document_tokens', 'float32', ['documents', 'documentTokens', dim]);
  const mask = graph.input('document_mask', 'int64', ['documents', 'documentTokens']);
  const similarities = graph.matmul(documents, graph.transpose(query, 1, 0));
  const real = graph.cast(graph.unsqueeze(mask, 2), 'bool');
  const best = graph.reduceMax(graph.node('Where', [real, similarities, graph.float(-10_000)]), 1, false);
  graph.output('scores', graph.reduceSum(best, 1, false), 'float32', ['documents']);
  return graph.build({ name: 'maxsim', opset, metadata: { 'rank-rank.kind': 'maxsim' } });
}
