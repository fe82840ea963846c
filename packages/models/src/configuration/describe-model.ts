import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { describeCrossEncoder, describeGenerative } from './describe-cross-encoder.ts';
import { describeDense, describeStatic } from './describe-dense.ts';
import { describeMulti, describeSparse } from './describe-sparse.ts';
import { describeOnnxColbert, describeTokens } from './describe-tokens.ts';
import type { ModelDescription, ModelKind } from './description.ts';
import { type FolderConfig, moduleClass, readFolderConfig } from './model-config.ts';

/**
 * Reads what a model folder is, and how its model was trained to be used, from its configuration files alone.
 *
 * `kind` reads it as something else than the folder says: a bare BERT as a dense encoder, say. Token vectors cannot be had of a
 * folder that has no projection to them, whatever is asked.
 *
 * @example const { kind, maxLength } = await describeModel('models/all-MiniLM-L6-v2'); // dense, 256
 */
export async function describeModel(folder: string, kind?: ModelKind): Promise<ModelDescription> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new RankError('NOT_FOUND', `${folder} is no folder.`, { folder });
  const files = await readFolderConfig(folder);
  switch (kind ?? kindOf(files)) {
    case 'dense':
      return describeDense(files);
    case 'tokens':
      return describeTokens(files).catch((error: unknown) => {
        if (existsSync(join(folder, 'vespa_colbert.onnx'))) return describeOnnxColbert(files);
        throw error;
      });
    case 'cross-encoder':
      return describeCrossEncoder(files);
    case 'generative':
      return describeGenerative(files);
    case 'sparse':
      return describeSparse(files);
    case 'multi':
      return describeMulti(files);
    case 'static':
      return describeStatic(files);
  }
}

const byModelType: Readonly<Record<string, ModelKind>> = {
  SentenceTransformer: 'dense',
  CrossEncoder: 'cross-encoder',
  SparseEncoder: 'sparse',
  ColBERT: 'tokens',
  MultiVectorEncoder: 'tokens',
};

function kindOf({ folder, config, hasConfig, sentenceTransformers, modules = [] }: FolderConfig): ModelKind {
  const has = (name: string): boolean => existsSync(join(folder, name));
  const classes = modules.map((module) => moduleClass(module));
  const architecture = config.architectures?.[0] ?? '';
  if (config.model_type === 'model2vec' || classes.includes('StaticEmbedding')) return 'static';
  if (has('colbert_linear.pt') && has('sparse_linear.pt')) return 'multi';
  if (classes.includes('LogitScore')) return 'generative';
  const declared = byModelType[sentenceTransformers?.model_type ?? ''];
  if (declared !== undefined && !(declared === 'dense' && classes.includes('SpladePooling'))) return declared;
  if (has('onnx_config.json') || has('artifact.metadata') || has('vespa_colbert.onnx') || architecture === 'HF_ColBERT') return 'tokens';
  if (classes.includes('SpladePooling') || classes.includes('SparseStaticEmbedding') || has('router_config.json') || has('idf.json'))
    return 'sparse';
  if (classes.includes('Pooling')) return 'dense';
  if (sentenceTransformers?.query_prefix !== undefined || modules.some(({ type }) => type.startsWith('pylate.'))) return 'tokens';
  if (architecture.endsWith('ForSequenceClassification')) return 'cross-encoder';
  if (architecture.endsWith('ForMaskedLM')) return 'sparse';
  if (architecture.endsWith('ForCausalLM')) return 'generative';
  if (hasConfig) return 'dense';
  // The first Model2Vec models had weights, a tokenizer, and whether to normalise.
  if (has('model.safetensors') && has('tokenizer.json')) return 'static';
  throw new RankError(
    'NOT_FOUND',
    `${folder} is no model folder: it has no config.json. Expected what a model's page offers for download: config.json, tokenizer.json, weights.`,
    { folder },
  );
}
