import type { Encoded } from '../encoder.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { positions } from '../layers.ts';
import type { PoolingMode } from '../layout.ts';

/**
 * The states of a text's tokens as one vector, padding left out; several modes stand side by side. `[batch, modes · hidden]`.
 * As Sentence Transformers pools: Reimers and Gurevych 2019; position-weighted means: Muennighoff 2022.
 */
export function pool(graph: GraphBuilder, { states, attentionMask, inputIds }: Encoded, modes: readonly PoolingMode[]): Value {
  const mask = graph.unsqueeze(graph.cast(attentionMask, 'float32'), 2);
  const weightedMean = (weights: Value): Value => {
    const total = graph.reduceSum(weights, 1, false);
    return graph.divide(graph.reduceSum(graph.multiply(states, weights), 1, false), graph.node('Max', [total, graph.float(1e-9)]));
  };
  const one = (mode: PoolingMode): Value => {
    switch (mode) {
      case 'cls':
        return firstToken(graph, states);
      case 'lasttoken':
        return lastToken(graph, states, attentionMask, inputIds);
      case 'max': {
        const real = graph.cast(graph.unsqueeze(attentionMask, 2), 'bool');
        return graph.reduceMax(graph.node('Where', [real, states, graph.float(-1e30)]), 1, false);
      }
      case 'mean':
        return weightedMean(mask);
      case 'weightedmean': {
        const counted = graph.node('CumSum', [mask, graph.int64(1)]);
        return weightedMean(graph.multiply(mask, counted));
      }
      case 'mean_sqrt_len_tokens': {
        const length = graph.node('Max', [graph.reduceSum(mask, 1, false), graph.float(1e-9)]);
        return graph.divide(graph.reduceSum(graph.multiply(states, mask), 1, false), graph.node('Sqrt', [length]));
      }
    }
  };
  const parts = modes.map(one);
  return parts.length === 1 ? parts[0]! : graph.concat(1, ...parts);
}

/** The state of the first position. `[batch, hidden]` */
export function firstToken(graph: GraphBuilder, states: Value): Value {
  return graph.gather(states, graph.int64(0), 1);
}

/** The state of the last token that is no padding, on whichever side the padding is. `[batch, hidden]` */
export function lastToken(graph: GraphBuilder, states: Value, attentionMask: Value, inputIds: Value): Value {
  const places = graph.multiply(attentionMask, graph.add(positions(graph, inputIds), graph.int64(1)));
  const last = graph.node('ArgMax', [places], { attributes: { axis: 1, keepdims: 1 } });
  return graph.node('GatherND', [states, last], { attributes: { batch_dims: 1 } });
}
