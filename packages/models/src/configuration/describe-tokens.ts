import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RankError } from '@rank-rank/core';
import { openWeights } from '../safetensors/weights.ts';
import type { LayerSource, QueryExpansion, TokensDescription } from './description.ts';
import { hasWeights } from './layers.ts';
import { type FolderConfig, hiddenSizeOf, maxLengthOf, moduleClass } from './model-config.ts';
import { readJson } from './read-json.ts';
import { denseLayers, readPrompts } from './sentence-modules.ts';

/** Python's `string.punctuation`: what ColBERT leaves out of documents unless it is told otherwise. */
const punctuation: readonly string[] = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'];

/** The ColBERT model of a folder, in any of the layouts in use. */
export async function describeTokens(files: FolderConfig): Promise<TokensDescription> {
  const { folder, config, sentenceTransformers, modules } = files;
  if (existsSync(join(folder, 'onnx_config.json'))) return describeNextPlaid(files);
  if (sentenceTransformers?.model_type === 'MultiVectorEncoder') return describeNative(files);
  if (config.architectures?.includes('HF_ColBERT') || existsSync(join(folder, 'artifact.metadata'))) return describeStanford(files);
  if (modules?.some((module) => moduleClass(module) === 'Dense') || sentenceTransformers?.model_type === 'ColBERT')
    return describePyLate(files);
  throw new RankError(
    'UNSUPPORTED',
    `${folder} is a bare ${config.model_type ?? 'model'}: it has no projection to token vectors (no linear.weight beside an artifact.metadata, no Dense module, no onnx_config.json). ` +
      'Its hidden states are not ColBERT vectors, and ranking by them fails quietly. Use a model that was trained for late interaction.',
    { folder },
  );
}

type Settings = Pick<TokensDescription, 'layout' | 'prompts' | 'lengths' | 'expansion' | 'skipList' | 'layers'> &
  Partial<Pick<TokensDescription, 'skipRoles' | 'similarity' | 'notes' | 'lowercase'>>;

function described(files: FolderConfig, settings: Settings): TokensDescription {
  const { config, folder } = files;
  return {
    kind: 'tokens',
    folder,
    modelType: config.model_type ?? 'unknown',
    maxLength: maxLengthOf({ ...files, transformer: {} }),
    hiddenSize: hiddenSizeOf(config),
    vocabularySize: config.vocab_size,
    notes: [],
    skipRoles: ['document'],
    similarity: 'maxsim',
    lowercase: files.transformer.do_lower_case ?? false,
    ...settings,
  };
}

interface ArtifactMetadata {
  readonly query_token_id?: string;
  readonly doc_token_id?: string;
  readonly query_maxlen?: number;
  readonly doc_maxlen?: number;
  readonly attend_to_mask_tokens?: boolean;
  readonly mask_punctuation?: boolean;
}

/** Stanford's: `linear.weight` among the model's own weights, settings in artifact.metadata. */
async function describeStanford(files: FolderConfig): Promise<TokensDescription> {
  const { folder } = files;
  const metadata = await readJson<ArtifactMetadata>(folder, 'artifact.metadata');
  return described(files, {
    layout: 'stanford',
    prompts: { query: `${metadata?.query_token_id ?? '[unused0]'} `, document: `${metadata?.doc_token_id ?? '[unused1]'} ` },
    lengths: { query: metadata?.query_maxlen ?? 32, document: metadata?.doc_maxlen ?? 180 },
    expansion: { length: metadata?.query_maxlen ?? 32, attend: metadata?.attend_to_mask_tokens ?? false, minimum: false, token: undefined },
    skipList: (metadata?.mask_punctuation ?? true) ? punctuation : [],
    layers: await stanfordLayers(folder),
    notes:
      metadata === undefined
        ? ['There is no artifact.metadata: markers [unused0] and [unused1], queries of 32 and documents of 180 tokens are assumed.']
        : [],
  });
}

/** Absent where the folder has an ONNX graph alone; the graph then has to contain the projection. */
async function stanfordLayers(folder: string): Promise<LayerSource[]> {
  if (!hasWeights(folder)) return [];
  const weights = await openWeights(folder);
  try {
    return weights.tensors.has('linear.weight') ? [{ folder, tensor: 'linear.weight' }] : [];
  } finally {
    await weights.close();
  }
}

/** PyLate's: modules.json with a Transformer and one or several Dense, settings beside the prompts. */
async function describePyLate(files: FolderConfig): Promise<TokensDescription> {
  const { folder, sentenceTransformers: settings, modules = [] } = files;
  const expands = settings?.do_query_expansion !== false;
  const length = settings?.query_length ?? 32;
  const prompts = readPrompts(settings);
  const withPrefix = (prefix: string | null | undefined, prompt: string): string => {
    const marker = prefix ?? '';
    return marker + (prompt.startsWith(marker) ? prompt.slice(marker.length) : prompt);
  };
  return described(files, {
    layout: 'pylate',
    prompts: {
      query: withPrefix(settings?.query_prefix, prompts.query),
      document: withPrefix(settings?.document_prefix, prompts.document),
    },
    lengths: { query: length, document: settings?.document_length ?? 180 },
    expansion: expands
      ? {
          length,
          attend: settings?.attend_to_expansion_tokens ?? settings?.attend_to_mask_tokens ?? false,
          minimum: false,
          token: undefined,
        }
      : undefined,
    skipList: settings?.skiplist_words ?? punctuation,
    layers: await denseLayers(folder, modules),
  });
}

interface MaskConfig {
  readonly skiplist_words?: readonly string[];
  readonly skiplist_tasks?: string | readonly string[];
}

/** Sentence Transformers' own since version 6: masking and normalisation are modules, markers are prompts. */
async function describeNative(files: FolderConfig): Promise<TokensDescription> {
  const { folder, sentenceTransformers, transformer, modules = [] } = files;
  const mask = modules.find((module) => moduleClass(module) === 'MultiVectorMask');
  const masking = mask === undefined ? undefined : await readJson<MaskConfig>(folder, join(mask.path, 'config.json'));
  const { query_expansion: expanded } = transformer;
  const longest = maxLengthOf(files);
  const expansion: QueryExpansion | undefined = expanded
    ? {
        length: expanded.length,
        attend: expanded.attend ?? false,
        minimum: expanded.strategy === 'min',
        token: expanded.token ?? undefined,
      }
    : undefined;
  return described(files, {
    layout: 'sentence-transformers',
    prompts: readPrompts(sentenceTransformers),
    lengths: {
      query: transformer.query_length ?? (expanded?.strategy === 'fixed' ? expanded.length : longest),
      document: transformer.document_length ?? longest,
    },
    expansion,
    skipList: masking?.skiplist_words ?? [],
    skipRoles: [masking?.skiplist_tasks ?? ['document']].flat().filter((role) => role === 'query' || role === 'document'),
    layers: await denseLayers(folder, modules),
    similarity: sentenceTransformers?.similarity_fn_name === 'meanmaxsim' ? 'meanMaxSim' : 'maxsim',
  });
}

interface NextPlaidConfig {
  readonly query_prefix?: string;
  readonly document_prefix?: string;
  readonly query_length?: number;
  readonly document_length?: number;
  readonly do_query_expansion?: boolean;
  readonly attend_to_expansion_tokens?: boolean;
  readonly skiplist_words?: readonly string[];
  readonly embedding_dim?: number;
  readonly do_lower_case?: boolean;
}

/** next-plaid's: a graph that contains projection and normalisation, settings in onnx_config.json. */
async function describeNextPlaid(files: FolderConfig): Promise<TokensDescription> {
  const config = (await readJson<NextPlaidConfig>(files.folder, 'onnx_config.json'))!;
  const length = config.query_length ?? 32;
  return described(files, {
    layout: 'next-plaid',
    prompts: { query: config.query_prefix ?? '[Q] ', document: config.document_prefix ?? '[D] ' },
    lengths: { query: length, document: config.document_length ?? 180 },
    expansion: config.do_query_expansion
      ? { length, attend: config.attend_to_expansion_tokens ?? false, minimum: false, token: undefined }
      : undefined,
    skipList: config.skiplist_words ?? punctuation,
    layers: [],
    lowercase: config.do_lower_case ?? false,
  });
}

/** Vespa's and fastembed's: a graph with an output `contextual` and nothing else said. Markers are the ids 1 and 2. */
export function describeOnnxColbert(files: FolderConfig): TokensDescription {
  return described(files, {
    layout: 'onnx',
    prompts: { query: '[unused0] ', document: '[unused1] ' },
    lengths: { query: 32, document: Math.min(512, maxLengthOf(files)) },
    expansion: { length: 32, attend: false, minimum: false, token: undefined },
    skipList: punctuation,
    layers: [],
    notes: ['The folder does not say how queries and documents are marked and cut: the settings of ColBERTv2 are assumed.'],
  });
}
