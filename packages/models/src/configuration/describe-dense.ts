import { join } from 'node:path';
import type { DenseDescription, StaticDescription } from './description.ts';
import { hasWeights } from './layers.ts';
import { type FolderConfig, hiddenSizeOf, maxLengthOf, moduleClass } from './model-config.ts';
import { checkModules, denseLayers, readPooling, readPrompts } from './sentence-modules.ts';

/** A Sentence Transformers folder (or a bare model, read as one), as it was trained to be used. */
export async function describeDense(files: FolderConfig): Promise<DenseDescription> {
  const { folder, config, modules = [], sentenceTransformers, transformer } = files;
  checkModules(files, ['Transformer', 'Pooling', 'Dense', 'Normalize']);
  const notes: string[] = [];
  const poolingModule = modules.find((module) => moduleClass(module) === 'Pooling');
  if (poolingModule === undefined) {
    notes.push(
      'The folder does not say how tokens are pooled: their mean is taken, as Sentence Transformers does. Set `pooling` if the model wants another.',
    );
  }
  const pooling = poolingModule ? await readPooling(folder, poolingModule.path) : { modes: ['mean' as const], poolsPrompt: true };
  const similarity = sentenceTransformers?.similarity_fn_name ?? 'cosine';
  return {
    kind: 'dense',
    folder,
    modelType: config.model_type ?? 'unknown',
    maxLength: maxLengthOf(files),
    hiddenSize: hiddenSizeOf(config),
    vocabularySize: config.vocab_size,
    notes,
    pooling: pooling.modes,
    poolingDeclared: poolingModule !== undefined,
    poolsPrompt: pooling.poolsPrompt,
    layers: await denseLayers(folder, modules),
    normalize: modules.some((module) => moduleClass(module) === 'Normalize'),
    prompts: readPrompts(sentenceTransformers),
    lowercase: transformer.do_lower_case ?? false,
    similarity: similarity === 'dot' || similarity === 'euclidean' || similarity === 'manhattan' ? similarity : 'cosine',
  };
}

/** A table of vectors: Model2Vec's, or Sentence Transformers' StaticEmbedding. */
export function describeStatic(files: FolderConfig): StaticDescription {
  const { folder, config, modules = [], sentenceTransformers } = files;
  const model2vec = config.model_type === 'model2vec';
  const nested = modules.find((module) => moduleClass(module) === 'StaticEmbedding')?.path ?? '';
  return {
    kind: 'static',
    folder: hasWeights(join(folder, nested)) ? join(folder, nested) : folder,
    modelType: model2vec ? 'model2vec' : 'static',
    maxLength: model2vec && config.seq_length !== undefined ? config.seq_length : Number.MAX_SAFE_INTEGER,
    hiddenSize: config.hidden_dim,
    vocabularySize: undefined,
    notes: [],
    normalize: config.normalize ?? sentenceTransformers?.normalize ?? modules.some((module) => moduleClass(module) === 'Normalize'),
    skipsUnknown: model2vec || modules.length === 0,
  };
}
