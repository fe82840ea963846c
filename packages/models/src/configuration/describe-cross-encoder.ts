import { unknownName } from '@rank-rank/core';
import type { CrossEncoderDescription, GenerativeDescription, GenerativePrompt } from './description.ts';
import { type FolderConfig, hiddenSizeOf, maxLengthOf, moduleClass } from './model-config.ts';
import { readJson } from './read-json.ts';
import { readPrompts } from './sentence-modules.ts';

const activations: Readonly<Record<string, CrossEncoderDescription['activation']>> = {
  'torch.nn.modules.linear.Identity': 'identity',
  'torch.nn.modules.activation.Sigmoid': 'sigmoid',
  'torch.nn.modules.activation.Softmax': 'softmax',
};

/** A sequence classifier over pairs: its labels, and what its authors make of its logits. */
export function describeCrossEncoder(files: FolderConfig): CrossEncoderDescription {
  const { folder, config, sentenceTransformers } = files;
  const classifies = config.architectures?.some((name) => name.endsWith('ForSequenceClassification')) ?? false;
  const named = Object.entries(config.id2label ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
  // A folder that names no labels was saved with transformers' default of two, unless its architecture is no classifier.
  const labels = named.length > 0 ? named : Array.from({ length: config.num_labels ?? (classifies ? 2 : 1) }, (_, i) => `LABEL_${i}`);
  const name =
    config.sentence_transformers?.activation_fn ?? config.sbert_ce_default_activation_function ?? sentenceTransformers?.activation_fn;
  const known = name == null ? undefined : activations[name];
  if (name != null && known === undefined && name.startsWith('torch.'))
    throw unknownName(`${folder}: activation`, name, Object.keys(activations));
  return {
    kind: 'cross-encoder',
    folder,
    modelType: config.model_type ?? 'unknown',
    maxLength: maxLengthOf(files),
    hiddenSize: hiddenSizeOf(config),
    vocabularySize: config.vocab_size,
    notes: name != null && known === undefined ? [`The activation ${name} is not one that can be loaded; the default is used.`] : [],
    labels,
    activation: known ?? (labels.length === 1 ? 'sigmoid' : 'identity'),
    prompts: readPrompts(sentenceTransformers),
  };
}

/** The prompt that Qwen3-Reranker was trained with (Qwen team, "Qwen3 Embedding", 2025). */
export const qwen3Prompt: GenerativePrompt = {
  parts: [
    '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n',
    '<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}',
    '<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
  ],
  instruction: 'Given a web search query, retrieve relevant passages that answer the query',
  yes: 'yes',
  no: 'no',
};

/** The prompt of mxbai-rerank-v2, which answers 1 or 0 (Mixedbread, 2025). An instruction is given as `instruction: …\n`. */
export const mxbaiPrompt: GenerativePrompt = {
  parts: [
    '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\n',
    '{instruction}query: {query}',
    '\n',
    'document: {document}',
    '\n',
    'You are a search relevance expert who evaluates how well documents match search queries. For each query-document pair, carefully analyze the semantic relationship between them, then provide your binary relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:',
    '<|im_end|>\n<|im_start|>assistant\n',
  ],
  instruction: '',
  yes: '1',
  no: '0',
};

interface LogitScoreConfig {
  readonly true_token_id: number;
  readonly false_token_id?: number | null;
}

/** A causal language model that is asked whether a document is relevant. */
export async function describeGenerative(files: FolderConfig): Promise<GenerativeDescription> {
  const { folder, config, modules } = files;
  const module = modules?.find((entry) => moduleClass(entry) === 'LogitScore');
  const score = module === undefined ? undefined : await readJson<LogitScoreConfig>(`${folder}/${module.path}`, 'config.json');
  const family = config.model_type === 'qwen2' ? mxbaiPrompt : qwen3Prompt;
  return {
    kind: 'generative',
    folder,
    modelType: config.model_type ?? 'unknown',
    maxLength: Math.min(8192, config.max_position_embeddings ?? 8192),
    hiddenSize: hiddenSizeOf(config),
    vocabularySize: config.vocab_size,
    notes: [`The prompt of ${family === mxbaiPrompt ? 'mxbai-rerank-v2' : 'Qwen3-Reranker'} is used; set \`prompt\` for another.`],
    prompt: score === undefined ? family : { ...family, yes: score.true_token_id, no: score.false_token_id ?? undefined },
  };
}
