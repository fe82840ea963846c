import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import type { MultiDescription, SparseDescription } from './description.ts';
import { type FolderConfig, hiddenSizeOf, type ModuleEntry, maxLengthOf, moduleClass, readFolderConfig } from './model-config.ts';
import { readJson } from './read-json.ts';

interface SpladeConfig {
  readonly pooling_strategy?: 'max' | 'sum';
  readonly activation_function?: 'relu' | 'log1p_relu';
}

interface RouterConfig {
  readonly types: Readonly<Record<string, string>>;
  readonly structure: Readonly<Record<string, readonly string[]>>;
}

/** SPLADE, and its asymmetric kin whose queries are looked up in a table. */
export async function describeSparse(files: FolderConfig): Promise<SparseDescription> {
  const { folder, modules = [] } = files;
  const router = await readJson<RouterConfig>(folder, 'router_config.json');
  let document: FolderConfig = files;
  let pooling: string | undefined = modules.find((module) => moduleClass(module) === 'SpladePooling')?.path;
  let queryWeights: SparseDescription['queryWeights'];
  if (router !== undefined) {
    const module = (id: string): ModuleEntry => ({ idx: 0, name: id, path: id, type: router.types[id] ?? '' });
    const query = (router.structure['query'] ?? []).map((id) => module(id));
    const route = (router.structure['document'] ?? []).map((id) => module(id));
    const table = query.find((entry) => moduleClass(entry) === 'SparseStaticEmbedding');
    if (table !== undefined) queryWeights = weightsOf(join(folder, table.path));
    pooling = route.find((entry) => moduleClass(entry) === 'SpladePooling')?.path;
    const transformer = route.find((entry) => moduleClass(entry) === 'MLMTransformer' || moduleClass(entry) === 'Transformer');
    if (transformer !== undefined && existsSync(join(folder, transformer.path, 'config.json'))) {
      document = await readFolderConfig(join(folder, transformer.path));
    }
  }
  queryWeights ??= existsSync(join(folder, 'idf.json')) ? { file: join(folder, 'idf.json'), format: 'idf.json' } : undefined;
  const splade = pooling === undefined ? undefined : await readJson<SpladeConfig>(folder, join(pooling, 'config.json'));
  return {
    kind: 'sparse',
    folder: document.folder,
    modelType: document.config.model_type ?? 'unknown',
    maxLength: maxLengthOf(document),
    hiddenSize: hiddenSizeOf(document.config),
    vocabularySize: document.config.vocab_size,
    notes:
      splade === undefined && document.hasConfig
        ? ['The folder does not say how logits are pooled: the largest of each word, as in SPLADE v2 and later.']
        : [],
    pooling: splade?.pooling_strategy ?? 'max',
    logarithms: splade?.activation_function === 'log1p_relu' ? 2 : 1,
    queryWeights,
    documents: document.hasConfig,
  };
}

function weightsOf(folder: string): NonNullable<SparseDescription['queryWeights']> {
  const tensors = join(folder, 'model.safetensors');
  if (existsSync(tensors)) return { file: tensors, format: 'safetensors' };
  const table = join(folder, 'idf.json');
  if (existsSync(table)) return { file: table, format: 'idf.json' };
  throw new RankError('NOT_FOUND', `${folder} has no weights of query words: expected model.safetensors or idf.json.`, { folder });
}

/** BGE-M3: its two extra heads lie beside the model as PyTorch files. */
export function describeMulti(files: FolderConfig): MultiDescription {
  const { folder, config } = files;
  return {
    kind: 'multi',
    folder,
    modelType: config.model_type ?? 'xlm-roberta',
    maxLength: maxLengthOf(files),
    hiddenSize: hiddenSizeOf(config),
    vocabularySize: config.vocab_size,
    notes: [],
  };
}
