import type { PoolingMode } from '../run/pooling.ts';

/** What is put before a text, by the side it stands on. */
export interface Prompts {
  readonly query: string;
  readonly document: string;
}

/** Where the weights of a linear layer lie: a folder of its own, or a named tensor among the model's. */
export type LayerSource =
  | { readonly folder: string; readonly activation: string; readonly residual: boolean }
  | { readonly folder: string; readonly tensor: string };

interface Common {
  readonly folder: string;
  /** `bert`, `modernbert`, … as config.json says. */
  readonly modelType: string;
  /** The most tokens of an input. */
  readonly maxLength: number;
  readonly hiddenSize: number | undefined;
  /** Rows of the model's embedding table: a tokenizer that gives larger ids is not this model's. */
  readonly vocabularySize: number | undefined;
  /** What was assumed where the folder does not say, for people to read. */
  readonly notes: readonly string[];
}

/** One vector a text. */
export interface DenseDescription extends Common {
  readonly kind: 'dense';
  readonly pooling: readonly PoolingMode[];
  /** Whether the folder itself says so. */
  readonly poolingDeclared: boolean;
  /** Whether the tokens of a prompt are pooled with the others. */
  readonly poolsPrompt: boolean;
  readonly layers: readonly LayerSource[];
  readonly normalize: boolean;
  readonly prompts: Prompts;
  readonly lowercase: boolean;
  readonly similarity: 'cosine' | 'dot' | 'euclidean' | 'manhattan';
}

/** The places where ColBERT models are kept, by who wrote the folder. */
export type LateInteractionLayout = 'stanford' | 'pylate' | 'sentence-transformers' | 'next-plaid' | 'onnx';

/** Queries filled up with mask tokens, which are scored like others. */
export interface QueryExpansion {
  readonly length: number;
  /** Whether the model attends to the mask tokens. */
  readonly attend: boolean;
  /** Whether longer queries keep their length (`min`) or are cut (`fixed`). */
  readonly minimum: boolean;
  readonly token: string | undefined;
}

/** One vector a token. */
export interface TokensDescription extends Common {
  readonly kind: 'tokens';
  readonly layout: LateInteractionLayout;
  /** Markers and prompts: put after the first token where the vocabulary has them as one token, else before the text. */
  readonly prompts: Prompts;
  readonly lengths: { readonly query: number; readonly document: number };
  readonly expansion: QueryExpansion | undefined;
  /** Tokens that are not scored. */
  readonly skipList: readonly string[];
  readonly skipRoles: readonly ('query' | 'document')[];
  readonly layers: readonly LayerSource[];
  readonly lowercase: boolean;
  readonly similarity: 'maxsim' | 'meanMaxSim';
}

/** A score, or a score a label, for a pair of texts. */
export interface CrossEncoderDescription extends Common {
  readonly kind: 'cross-encoder';
  readonly labels: readonly string[];
  readonly activation: 'sigmoid' | 'identity' | 'softmax';
  readonly prompts: Prompts;
}

/** A decoder that answers yes or no. */
export interface GenerativeDescription extends Common {
  readonly kind: 'generative';
  readonly prompt: GenerativePrompt;
}

export interface GenerativePrompt {
  /**
   * The prompt's parts, each tokenised by itself, with `{query}`, `{document}` and `{instruction}` in them. Where the whole is too
   * long, the end of the part with the document is cut, so the document is to be the last of that part.
   */
  readonly parts: readonly string[];
  readonly instruction: string;
  /** The tokens, or their ids, whose logits are compared; without the second the first counts alone. */
  readonly yes: string | number;
  readonly no: string | number | undefined;
}

/** A weight a word of the vocabulary. */
export interface SparseDescription extends Common {
  readonly kind: 'sparse';
  readonly pooling: 'max' | 'sum';
  readonly logarithms: 1 | 2;
  /** Where the weights of query words lie in models whose queries need no inference. */
  readonly queryWeights: { readonly file: string; readonly format: 'idf.json' | 'safetensors' } | undefined;
  /** Whether the folder has a model for documents at all. */
  readonly documents: boolean;
}

/** BGE-M3: a vector, a vector a token, and a weight a word, from one pass. */
export interface MultiDescription extends Common {
  readonly kind: 'multi';
}

/** A table of vectors, one a token, averaged. */
export interface StaticDescription extends Common {
  readonly kind: 'static';
  readonly normalize: boolean;
  /** Model2Vec leaves unknown tokens out; Sentence Transformers averages them in. */
  readonly skipsUnknown: boolean;
}

export type ModelDescription =
  | DenseDescription
  | TokensDescription
  | CrossEncoderDescription
  | GenerativeDescription
  | SparseDescription
  | MultiDescription
  | StaticDescription;

export type ModelKind = ModelDescription['kind'];
