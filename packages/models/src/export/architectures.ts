import { RankError, shown } from '@rank-rank/core';
import { bert } from './bert.ts';
import type { Configuration } from './configuration.ts';
import type { BuildEncoder } from './encoder.ts';
import { modernBert } from './modernbert.ts';
import { qwen } from './qwen.ts';

/** The transformers that are exported, by the `model_type` of their config.json. */
export const encoders: Readonly<Record<string, BuildEncoder>> = {
  bert,
  camembert: bert,
  distilbert: bert,
  roberta: bert,
  'xlm-roberta': bert,
  modernbert: modernBert,
  qwen2: qwen,
  qwen3: qwen,
};

export function encoderFor(config: Configuration): BuildEncoder {
  const type = config.text('model_type');
  const build = encoders[type];
  if (build !== undefined) return build;
  throw new RankError(
    'UNSUPPORTED',
    `${config.path}: models of type ${shown(type)} are not exported. Exported: ${Object.keys(encoders).join(', ')}. If the model comes with an ONNX file, use that.`,
    { type },
  );
}
