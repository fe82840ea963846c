import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { type PoolingMode, poolingModes } from '../run/pooling.ts';
import type { LayerSource, Prompts } from './description.ts';
import { hasWeights } from './layers.ts';
import { type FolderConfig, type ModuleEntry, moduleClass, type SentenceTransformersConfig } from './model-config.ts';
import { readJson } from './read-json.ts';

/** What Sentence Transformers calls a pooling in its older configurations, in the order in which it concatenates. */
const legacyModes: readonly (readonly [key: string, mode: PoolingMode])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
];

interface PoolingConfig {
  readonly pooling_mode?: string | readonly string[];
  readonly include_prompt?: boolean;
  readonly [key: string]: unknown;
}

export interface Pooling {
  readonly modes: readonly PoolingMode[];
  readonly poolsPrompt: boolean;
}

export async function readPooling(folder: string, path: string): Promise<Pooling> {
  const name = join(path, 'config.json');
  const config = await readJson<PoolingConfig>(folder, name);
  if (config === undefined) throw missing(folder, name, 'how the tokens are pooled');
  const named = config.pooling_mode;
  const modes = named !== undefined ? [named].flat() : legacyModes.filter(([key]) => config[key] === true).map(([, mode]) => mode);
  const unknown = modes.find((mode) => !poolingModes.includes(mode as PoolingMode));
  if (unknown !== undefined) {
    throw new RankError(
      'UNSUPPORTED',
      `${join(folder, name)}: the pooling ${unknown} is not known; known are ${poolingModes.join(', ')}.`,
      {
        file: join(folder, name),
      },
    );
  }
  return { modes: modes.length === 0 ? ['mean'] : (modes as PoolingMode[]), poolsPrompt: config.include_prompt ?? true };
}

interface DenseConfig {
  readonly activation_function?: string;
  readonly use_residual?: boolean;
  readonly module_input_name?: string;
}

/** The linear layers among a folder's modules, in their order. */
export async function denseLayers(folder: string, modules: readonly ModuleEntry[]): Promise<LayerSource[]> {
  const layers: LayerSource[] = [];
  for (const { path } of modules.filter((module) => moduleClass(module) === 'Dense')) {
    const config = await readJson<DenseConfig>(folder, join(path, 'config.json'));
    if (config === undefined) throw missing(folder, join(path, 'config.json'), 'a projection');
    if (!hasWeights(join(folder, path))) {
      throw new RankError(
        'NOT_FOUND',
        `${folder} lists a projection in modules.json, but ${join(folder, path)} has no weights: without it the model's vectors are not those it was trained to give. Get the complete folder.`,
        { folder, missing: join(path, 'model.safetensors') },
      );
    }
    layers.push({
      folder: join(folder, path),
      // What Sentence Transformers takes where the file does not say.
      activation: config.activation_function ?? 'torch.nn.modules.activation.Tanh',
      residual: config.use_residual ?? false,
    });
  }
  return layers;
}

/** The prompts by side: `document` has been called `passage` and `corpus` too. */
export function readPrompts(config: SentenceTransformersConfig | undefined): Prompts {
  const prompts = config?.prompts ?? {};
  const standard = config?.default_prompt_name ? (prompts[config.default_prompt_name] ?? '') : '';
  return {
    query: prompts['query'] ?? standard,
    document: prompts['document'] ?? prompts['passage'] ?? prompts['corpus'] ?? standard,
  };
}

/** Refuses a module that would be left out silently. */
export function checkModules({ folder, modules }: FolderConfig, known: readonly string[]): void {
  const foreign = modules?.find((module) => !known.includes(moduleClass(module)) && moduleClass(module) !== 'Dropout');
  if (foreign === undefined) return;
  throw new RankError(
    'UNSUPPORTED',
    `${folder}: modules.json has a module ${foreign.type}, which is not supported; its vectors would be wrong without it. Supported here: ${known.join(', ')}.`,
    { folder, module: foreign.type },
  );
}

function missing(folder: string, name: string, what: string): RankError {
  return new RankError('NOT_FOUND', `${join(folder, name)} is missing; it says ${what}. Get the complete model folder.`, {
    folder,
    missing: name,
  });
}
