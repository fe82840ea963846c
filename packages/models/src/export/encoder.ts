import type { Configuration } from './configuration.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import type { LayerStyle } from './layers.ts';
import type { Parameters } from './parameters.ts';

/** What a graph takes: `[batch, tokens]`, int64. */
export interface EncoderInputs {
  readonly inputIds: Value;
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: Value;
}

/** The states of a transformer's last layer, and what heads need to know of it. */
export interface Encoded extends EncoderInputs {
  /** `[batch, tokens, hidden]` */
  readonly states: Value;
  readonly hidden: number;
  readonly vocabulary: number;
  /** The word embeddings, which heads over the vocabulary often share: `[vocabulary, hidden]`. */
  readonly wordEmbeddings: string;
  /** The parameters of the transformer itself, behind whatever prefix its checkpoint has. */
  readonly parameters: Parameters;
}

export type BuildEncoder = (graph: GraphBuilder, style: LayerStyle, config: Configuration, parameters: Parameters) => Encoded;

/** The parameters within the prefix under which a checkpoint keeps a transformer: `bert.`, `model.`, or none. */
export function withinPrefix(parameters: Parameters, candidates: readonly string[], probe: string): Parameters {
  const prefix = candidates.find((candidate) => parameters.has(candidate + probe));
  return parameters.within(prefix ?? '');
}
