import { readJson } from './read-json.ts';

/** The parts of a transformers config.json that are read here. */
export interface ModelConfig {
  readonly model_type?: string;
  readonly architectures?: readonly string[] | null;
  readonly hidden_size?: number;
  readonly dim?: number;
  readonly d_model?: number;
  readonly hidden_dim?: number;
  readonly vocab_size?: number;
  readonly max_position_embeddings?: number;
  readonly n_positions?: number;
  readonly num_labels?: number;
  readonly id2label?: Readonly<Record<string, string>>;
  readonly sentence_transformers?: { readonly activation_fn?: string };
  readonly sbert_ce_default_activation_function?: string | null;
  readonly normalize?: boolean;
  readonly seq_length?: number;
}

/** config_sentence_transformers.json, with what PyLate adds to it. */
export interface SentenceTransformersConfig {
  readonly model_type?: string;
  readonly prompts?: Readonly<Record<string, string>> | null;
  readonly default_prompt_name?: string | null;
  readonly similarity_fn_name?: string | null;
  readonly activation_fn?: string;
  readonly normalize?: boolean;
  readonly query_prefix?: string | null;
  readonly document_prefix?: string | null;
  readonly query_length?: number | null;
  readonly document_length?: number | null;
  readonly attend_to_expansion_tokens?: boolean | null;
  readonly attend_to_mask_tokens?: boolean | null;
  readonly do_query_expansion?: boolean | null;
  readonly skiplist_words?: readonly string[] | null;
}

/** sentence_bert_config.json, under any of the names it has had. */
export interface TransformerConfig {
  readonly max_seq_length?: number | null;
  readonly do_lower_case?: boolean;
  readonly query_length?: number | null;
  readonly document_length?: number | null;
  readonly query_expansion?: {
    readonly strategy: 'fixed' | 'min';
    readonly attend?: boolean;
    readonly token?: string | null;
    readonly length: number;
  } | null;
}

/** A line of modules.json. */
export interface ModuleEntry {
  readonly idx: number;
  readonly name: string;
  readonly path: string;
  readonly type: string;
}

/** What the configuration files of a folder say, read once. */
export interface FolderConfig {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly hasConfig: boolean;
  readonly sentenceTransformers: SentenceTransformersConfig | undefined;
  readonly transformer: TransformerConfig;
  readonly modules: readonly ModuleEntry[] | undefined;
  readonly modelMaxLength: number | undefined;
}

const transformerConfigs = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (name) => `sentence_${name}_config.json`,
);

export async function readFolderConfig(folder: string): Promise<FolderConfig> {
  const [config, sentenceTransformers, modules, tokenizer, ...transformers] = await Promise.all([
    readJson<ModelConfig>(folder, 'config.json'),
    readJson<SentenceTransformersConfig>(folder, 'config_sentence_transformers.json'),
    readJson<ModuleEntry[]>(folder, 'modules.json'),
    readJson<{ model_max_length?: number }>(folder, 'tokenizer_config.json'),
    ...transformerConfigs.map((name) => readJson<TransformerConfig>(folder, name)),
  ]);
  const limit = tokenizer?.model_max_length;
  return {
    folder,
    config: config ?? {},
    hasConfig: config !== undefined,
    sentenceTransformers,
    transformer: transformers.find((found) => found !== undefined) ?? {},
    modules,
    // A missing limit is written as a huge number.
    modelMaxLength: limit !== undefined && limit < 1e9 ? Math.floor(limit) : undefined,
  };
}

/** The last part of a module's class name: `Pooling`, `Dense`, whatever package it is in. */
export function moduleClass({ type }: ModuleEntry): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** Models whose positions begin after the padding id, so that two of them are never reached. */
const offsetPositions = new Set(['roberta', 'xlm-roberta', 'xlm-roberta-xl', 'camembert', 'mpnet', 'ibert', 'data2vec-text', 'longformer']);

/** The most tokens a model can take: its own positions, its tokenizer's limit, what Sentence Transformers was told. */
export function maxLengthOf({ config, transformer, modelMaxLength }: FolderConfig): number {
  const positions = config.max_position_embeddings ?? config.n_positions ?? Number.POSITIVE_INFINITY;
  const usable = positions > 0 ? positions - (offsetPositions.has(config.model_type ?? '') ? 2 : 0) : Number.POSITIVE_INFINITY;
  const limit = Math.min(usable, transformer.max_seq_length ?? modelMaxLength ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(limit) ? limit : 512;
}

export function hiddenSizeOf(config: ModelConfig): number | undefined {
  return config.hidden_size ?? config.dim ?? config.d_model;
}
